"""A file of every format that was ever released opens, answers as it did, and takes writes.

``formats/format-<n>.db`` was written by the version that introduced format n (``formats/write.py``) and is never
written again. It holds the collection ``shop`` (ids 0 to 11 without 3 and 4; 5 was upserted last) with the alias
``store``, and the collection ``quick`` with auto ids "1" to "3", the last one in partition ``extra``.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from milvus_store import MilvusClient
from milvus_store_lite.checks import check_file
from milvus_store_lite.storage.migrations import FORMAT_VERSION

FILES = sorted((Path(__file__).parent / "formats").glob("format-*.db"))


def test_there_is_a_file_of_every_format() -> None:
    assert [file.stem for file in FILES] == [f"format-{n}" for n in range(1, FORMAT_VERSION + 1)]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_file_of_this_format_opens_answers_and_takes_writes(file: Path, path: Path) -> None:
    shutil.copyfile(file, path)
    with MilvusClient(path) as client:
        assert client.list_collections() == ["shop", "quick"]
        assert (
            client.describe_collection("store")["description"] == f"as {file.stem.replace('-', ' ')} wrote it"
        )
        rows = client.query("store", "id >= 0")
        assert [row["id"] for row in rows] == [0, 1, 2, 6, 7, 8, 9, 10, 11, 5]
        assert rows[3] == {
            "id": 6,
            "vector": [6.0, -6.0],
            "tenant": "t0",
            "price": None,
            "doc": {"n": 6},
            "color": "red",
        }
        assert client.search("shop", [[0.5, 0.5]], limit=2)[0].ids == [5, 0]
        assert [row["id"] for row in client.query("shop", 'tenant == "t1" and doc["n"] > 6')] == [7, 10]
        assert client.query("quick", "id != ''", ["id"], partition_names=["extra"]) == [{"id": "3"}]
        assert client.insert("quick", {"vector": [7, 8]})["ids"] == ["4"]
    with MilvusClient(path) as client:
        assert client.get_collection_stats("quick") == {"row_count": 4}
    assert check_file(path).problems == ()
