"""What a file holds, read in every way there is; and whether the file itself is sound."""

from __future__ import annotations

import sqlite3
import warnings
from contextlib import closing
from pathlib import Path

from milvus_store import MilvusClient
from milvus_store_lite.checks import check_file

from .model import State, row

_EVERYTHING = 16_384


def contents(client: MilvusClient) -> State:
    """Every row of every collection; query, search, get and the count must tell the same story."""
    return {name: _rows(client, name) for name in client.list_collections()}


def _rows(client: MilvusClient, collection: str) -> dict[int, int]:
    found = client.query(collection, limit=_EVERYTHING, output_fields=["*"])
    stamps = {one["id"]: one["stamp"] for one in found}
    assert len(stamps) == len(found) < _EVERYTHING, "a key comes twice"
    for one in found:
        assert one == row(one["id"], one["stamp"])
    assert client.get_collection_stats(collection) == {"row_count": len(found)}
    if found:
        query = found[0]["vector"]
        (hits,) = client.search(collection, [query], limit=_EVERYTHING, output_fields=["stamp"])
        assert {hit["id"]: hit["stamp"] for hit in hits} == stamps
        assert hits[0]["distance"] == 0
        some = list(stamps)[:5]
        assert [one["id"] for one in client.get(collection, ids=some)] == some
    return stamps


def indexed_rows(path: Path) -> int:
    """How many rows the stored indexes of the file at ``path`` know, all together."""
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("SELECT total(rows) FROM built_indexes").fetchone()[0])


def reopened(path: Path) -> State:
    """What a new client finds in the file at ``path``; the file is sound, and one file, when it is closed.

    A stored index that is damaged or half is a warning, and that an error.
    """
    with warnings.catch_warnings(), MilvusClient(path) as client:
        warnings.simplefilter("error")
        state = contents(client)
    files = [one.name for one in path.parent.iterdir() if one.name.startswith(path.name)]
    assert files == [path.name], "a closed database is one file"
    assert path.read_bytes()[18:20] == b"\2\2", "the file has a write-ahead log again when it is opened"
    assert check_file(path).problems == ()
    return state
