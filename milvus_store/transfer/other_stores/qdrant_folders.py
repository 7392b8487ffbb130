"""A folder of qdrant-client's local mode as records: a JSON file with the collections, and for each an SQLite file
with pickled points. They are read without the package, which would unpickle whatever is there, and all at once.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from milvus_store_lite import DataType

from ...errors import DataNotMatchException
from ..sqlite_files import damage_told, opened
from .pickles import Inert, plain, unpickled
from .store_records import KEY, VECTOR, Record, StoreRecords, Unreadable, beside, chosen, field_names

CONFIG: Final = "meta.json"
_PACKAGES: Final = ("qdrant_client",)
_CLASSES: Final = ("PointStruct", "SparseVector")
_METRICS: Final = {"Cosine": "COSINE", "Euclid": "L2", "Dot": "IP"}


class QdrantRecords(StoreRecords):
    """
    Args:
        wanted: the name of a collection; needed where there is more than one.
    """

    def __init__(self, path: str, wanted: str | None = None) -> None:
        super().__init__(path)
        collections = _collections(Path(path) / CONFIG)
        name = chosen(path, list(collections), wanted)
        with damage_told(Path(path) / CONFIG, "Qdrant"):
            dense, sparse = _vectors(collections[name])
        self._fields = field_names([*dense, *sparse])
        self.metrics = {self._fields[one]: metric for one, metric in dense.items() if metric is not None}
        self._types = {self._fields[one]: DataType.SPARSE_FLOAT_VECTOR for one in sparse}
        self._types |= dict.fromkeys(self.metrics, DataType.FLOAT_VECTOR)
        self._columns = frozenset((KEY, *self._fields.values()))
        self._path = Path(path) / "collection" / name / "storage.sqlite"
        self._sqlite = opened(self._path, replaces_damage=True)
        try:
            with damage_told(self._path, "Qdrant"):
                self._ids_are_texts = self._has_texts_for_ids()
        except BaseException:
            self._sqlite.close()
            raise

    @property
    def count(self) -> int:
        with damage_told(self._path, "Qdrant"):
            return int(self._sqlite.execute("SELECT count(*) FROM points").fetchone()[0])

    def types(self) -> Mapping[str, DataType]:
        return self._types

    def close(self) -> None:
        self._sqlite.close()

    def _has_texts_for_ids(self) -> bool:
        """Whether there is a UUID among the ids: then numbers become texts, for a key has one type."""
        found = self._sqlite.execute("SELECT id FROM points")
        return any(isinstance(_decoded(told, str(self._path)), str) for (told,) in found)

    def _chunks(self, after: int, rows: int) -> Iterator[Sequence[Record]]:
        with damage_told(self._path, "Qdrant"):
            cursor = self._sqlite.execute(
                "SELECT rowid, point FROM points ORDER BY rowid LIMIT -1 OFFSET ?", (after,)
            )
            while found := cursor.fetchmany(rows):
                yield [self._record(number, pickled) for number, pickled in found]

    def _record(self, number: int, pickled: Any) -> Record:
        try:
            return self._read(unpickled(bytes(pickled), f"point {number}", _PACKAGES, _CLASSES))
        except (DataNotMatchException, ValueError, TypeError) as error:
            return Unreadable(f"cannot be read: {error}", None)

    def _read(self, point: Any) -> dict[str, Any]:
        if not isinstance(point, Inert) or not {"id", "vector"} <= set(point.attributes):
            raise ValueError("it is no point")
        key = plain(point.attributes["id"])
        vectors = point.attributes["vector"]
        vectors = vectors if isinstance(vectors, dict) else {VECTOR: vectors}
        columns = {KEY: str(key) if self._ids_are_texts else key}
        for name, vector in vectors.items():
            if name not in self._fields:
                raise ValueError(f"it has a vector {name!r}, which its collection does not have")
            columns[self._fields[name]] = _sparse(vector) if isinstance(vector, Inert) else vector
        payload = plain(point.attributes.get("payload") or {})
        if not isinstance(payload, dict):
            raise ValueError("its payload is no object")
        return beside(columns, payload, self._columns)


def _collections(path: Path) -> Mapping[str, Any]:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        collections = told["collections"]
        names = [name for name in collections if Path(name).name == name]
        return {name: dict(collections[name]) for name in names}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataNotMatchException(message=f"{path} is not that of a folder of Qdrant: {error!r}") from None


def _vectors(collection: Mapping[str, Any]) -> tuple[dict[str, str | None], list[str]]:
    """The dense vectors with their metrics, None for several vectors in one; and the sparse ones."""
    told = collection.get("vectors") or {}
    if "size" in told and "distance" in told:
        told = {VECTOR: told}
    dense = {
        name: None
        if one.get("multivector_config")
        else _METRICS.get(one["distance"], str(one["distance"]).upper())
        for name, one in told.items()
    }
    return dense, list(collection.get("sparse_vectors") or {})


def _sparse(vector: Inert) -> dict[int, float]:
    told = vector.attributes
    return dict(zip(told["indices"], told["values"], strict=True))


def _decoded(told: Any, label: str) -> Any:
    """The id of a point, from the text that stands for it."""
    try:
        return unpickled(base64.b64decode(told, validate=True), label, (), ())
    except (binascii.Error, DataNotMatchException):
        return told  # some other form, which only the point itself has to be read in
