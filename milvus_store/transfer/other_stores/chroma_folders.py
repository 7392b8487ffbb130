"""A folder of Chroma as records: its SQLite file and the indexes beside it, read without its package, which would
bring the folder up to date with its own version, and load what embeds texts.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from ...errors import DataNotMatchException
from ..sqlite_files import Connection, columns_of, damage_told, opened
from .chroma_log import read_log
from .hnsw_files import HnswFiles
from .store_records import KEY, TEXT, VECTOR, Record, StoreRecords, Unreadable, beside, chosen

SQLITE: Final = "chroma.sqlite3"
_DOCUMENT: Final = "chroma:document"
_OWN: Final = {_DOCUMENT: TEXT, "chroma:uri": "uri"}
_COLUMNS: Final = frozenset((KEY, VECTOR, *_OWN.values()))
_METRICS: Final = {"l2": "L2", "cosine": "COSINE", "ip": "IP"}


class ChromaRecords(StoreRecords):
    """
    Args:
        wanted: the name of a collection; needed where there is more than one.
    """

    def __init__(self, path: str, wanted: str | None = None) -> None:
        super().__init__(path)
        self._path = Path(path) / SQLITE
        self._sqlite = opened(self._path, replaces_damage=True)
        try:
            with damage_told(self._path, "Chroma"):
                self._open(wanted)
        except BaseException:
            self._sqlite.close()
            raise

    @property
    def count(self) -> int:
        with damage_told(self._path, "Chroma"):
            stored = "SELECT count(*) FROM embeddings WHERE segment_id = ?"
            (count,) = self._sqlite.execute(stored, (self._segment,)).fetchone()
            return int(count) - len(self._log.deleted) + len(self._log.added)

    def close(self) -> None:
        self._sqlite.close()

    def _open(self, wanted: str | None) -> None:
        collections = _collections(self._sqlite)
        collection = collections[chosen(self.label, list(collections), wanted)]
        self.metrics = {VECTOR: _metric(self._sqlite, collection)}
        found = self._sqlite.execute("SELECT scope, id FROM segments WHERE collection = ?", (collection,))
        segments = dict(found.fetchall())
        if "METADATA" not in segments or "VECTOR" not in segments:
            raise ValueError("a collection has no segments of metadata and vectors on this machine")
        self._segment = segments["METADATA"]
        self._index = HnswFiles(Path(self.label) / Path(segments["VECTOR"]).name)
        self._log = read_log(self._sqlite, collection, self._segment, segments["VECTOR"], self._index)

    def _chunks(self, after: int, rows: int) -> Iterator[Sequence[Record]]:
        with damage_told(self._path, "Chroma"):
            skipped = after
            cursor = self._sqlite.execute(
                "SELECT id, embedding_id FROM embeddings WHERE segment_id = ? ORDER BY id", (self._segment,)
            )
            while found := cursor.fetchmany(rows):
                there = [(number, one) for number, one in found if one not in self._log.deleted]
                skipped, kept = max(0, skipped - len(there)), there[skipped:]
                if kept:
                    metadata = self._metadata(kept)
                    changed = [
                        keys | self._log.updated.get(one, {})
                        for (_, one), keys in zip(kept, metadata, strict=True)
                    ]
                    yield self._records([one for _, one in kept], changed)
            added = list(self._log.added)[skipped:]
            for start in range(0, len(added), rows):
                ids = added[start : start + rows]
                yield self._records(ids, [self._log.added[one] for one in ids])

    def _metadata(self, kept: Sequence[tuple[int, str]]) -> list[dict[str, Any]]:
        """The stored metadata of records, which are given by number and id in the order of numbers."""
        first, last = kept[0][0], kept[-1][0]
        found: dict[int, dict[str, Any]] = {number: {} for number, _ in kept}
        query = "SELECT id, key, string_value, int_value, float_value, bool_value FROM {} WHERE id BETWEEN ? AND ?"
        for number, key, *values in self._sqlite.execute(query.format("embedding_metadata"), (first, last)):
            if number in found:
                found[number][key] = _value(*values)
        if columns_of(self._sqlite, "embedding_metadata_array"):
            lists = query.format("embedding_metadata_array") + " ORDER BY rowid"
            for number, key, *values in self._sqlite.execute(lists, (first, last)):
                if number in found:
                    found[number].setdefault(key, []).append(_value(*values))
        return list(found.values())

    def _records(self, ids: Sequence[str], metadata: Sequence[dict[str, Any]]) -> list[Record]:
        records: list[Record] = []
        for one, keys, vector in zip(ids, metadata, self._index.vectors(ids), strict=True):
            there = {key: value for key, value in keys.items() if value is not None}
            own = {column: there.pop(key) for key, column in _OWN.items() if key in there}
            record = beside({KEY: one, **own}, there, _COLUMNS)
            found = self._log.vectors.get(one, vector)
            if found is None:
                records.append(Unreadable("its vector is neither in the index nor in the log", record))
            else:
                records.append({**record, VECTOR: found})
        return records


def _collections(connection: Connection) -> dict[str, str]:
    """Name → id; the names of two databases that have the same one are told with those of the databases."""
    rows: list[tuple[str, str, str]]
    if columns_of(connection, "databases"):
        rows = connection.execute(
            "SELECT collections.name, databases.name, collections.id FROM collections "
            "LEFT JOIN databases ON databases.id = collections.database_id ORDER BY collections.name"
        ).fetchall()
    else:
        rows = connection.execute("SELECT name, '', id FROM collections ORDER BY name").fetchall()
    names = [name for name, _, _ in rows]
    return {
        name if names.count(name) == 1 else f"{database}/{name}": collection
        for name, database, collection in rows
    }


def _metric(connection: Connection, collection: str) -> str:
    """The metric of a collection, which versions keep in different places."""
    kept = [
        name for name in ("schema_str", "config_json_str") if name in columns_of(connection, "collections")
    ]
    spaces: list[Any] = []
    if kept:
        told = connection.execute(f"SELECT {', '.join(kept)} FROM collections WHERE id = ?", (collection,))
        spaces = [_space(json.loads(text)) for text in told.fetchone() if text]
    old = connection.execute(
        "SELECT str_value FROM collection_metadata WHERE collection_id = ? AND key = 'hnsw:space'",
        (collection,),
    ).fetchone()
    space = next((one for one in (*spaces, *(old or ())) if one is not None), "l2")
    if space not in _METRICS:
        raise DataNotMatchException(message=f"a collection of Chroma has the unknown metric {space!r}")
    return _METRICS[space]


def _space(config: Any) -> Any:
    """``space`` of the first part of a configuration that has it, the vectors' own before what else there is."""
    if not isinstance(config, Mapping):
        return None
    if isinstance(config.get("space"), str):
        return config["space"]
    parts = sorted(config.items(), key=lambda item: item[0] not in ("keys", "#embedding"))
    return next((found for _, part in parts if (found := _space(part)) is not None), None)


def _value(text: str | None, number: int | None, real: float | None, flag: int | None) -> Any:
    if flag is not None:
        return bool(flag)
    return next((value for value in (text, number, real) if value is not None), None)
