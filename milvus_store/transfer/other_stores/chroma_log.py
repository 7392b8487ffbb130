"""Chroma writes each change to a log, and from there to the metadata in SQLite and to the vectors in an index,
which may lag behind. What they lack is taken from the log, of which Chroma holds that much in memory, too.
"""

from __future__ import annotations

import json
from collections.abc import Container
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from ..sqlite_files import Connection
from .hnsw_files import HnswFiles

_ADD, _UPDATE, _UPSERT, _DELETE = range(4)
_NUMBER_TYPES: Final = {"INT32": "<i4", "FLOAT32": "<f4"}


@dataclass(slots=True)
class Log:
    """What stored metadata and the index lack.

    ``deleted``: ids of stored records that are no more, some of which may be ``added`` anew. ``added`` and
    ``updated``: id → keys with values, None for keys that were removed. ``vectors``: id → (dim,) float32, None
    where the record is no more.
    """

    deleted: set[str] = field(default_factory=set)
    added: dict[str, dict[str, Any]] = field(default_factory=dict)
    updated: dict[str, dict[str, Any]] = field(default_factory=dict)
    vectors: dict[str, np.ndarray[Any, Any] | None] = field(default_factory=dict)

    def change_metadata(self, operation: int, one: str, keys: dict[str, Any], *, is_stored: bool) -> None:
        stays = is_stored and one not in self.deleted
        is_there = stays or one in self.added
        if operation == _DELETE:
            self.added.pop(one, None)
            self.updated.pop(one, None)
            if stays:
                self.deleted.add(one)
        elif _counts(operation, is_there=is_there):
            changes = self.updated if stays else self.added
            changes[one] = changes.get(one, {}) | keys

    def change_vector(
        self, operation: int, one: str, vector: np.ndarray[Any, Any] | None, index: Container[str]
    ) -> None:
        is_there = self.vectors[one] is not None if one in self.vectors else one in index
        if operation == _DELETE:
            self.vectors[one] = None
        elif vector is not None and _counts(operation, is_there=is_there):
            self.vectors[one] = vector


def read_log(connection: Connection, collection: str, metadata: str, vectors: str, index: HnswFiles) -> Log:
    """
    Args:
        metadata, vectors: the ids of the collection's segments.
    """
    metadata_has = _reached(connection, metadata) or 0
    index_has = _reached(connection, vectors) or index.latest or 0
    found = connection.execute(
        "SELECT seq_id, operation, id, vector, encoding, metadata FROM embeddings_queue "
        "WHERE seq_id > ? AND substr(topic, -length(?)) = ? ORDER BY seq_id",
        (min(metadata_has, index_has), collection, collection),
    )
    log = Log()
    stored = "SELECT 1 FROM embeddings WHERE segment_id = ? AND embedding_id = ?"
    for number, operation, one, blob, encoding, text in found:
        if number > metadata_has:
            is_stored = connection.execute(stored, (metadata, one)).fetchone() is not None
            log.change_metadata(operation, one, dict(json.loads(text or "{}")), is_stored=is_stored)
        if number > index_has:
            vector = blob and np.frombuffer(blob, _NUMBER_TYPES[encoding]).astype(np.float32)
            log.change_vector(operation, one, vector, index)
    return log


def _counts(operation: int, *, is_there: bool) -> bool:
    """Whether a change changes anything: records that are there are not added, others are not updated."""
    return operation == _UPSERT or (operation == _UPDATE) == is_there


def _reached(connection: Connection, segment: str) -> int | None:
    """The number of the last change that a segment has; older versions store it as bytes."""
    found = connection.execute("SELECT seq_id FROM max_seq_id WHERE segment_id = ?", (segment,)).fetchone()
    if found is None:
        return None
    return int.from_bytes(found[0], "big") if isinstance(found[0], bytes) else int(found[0])
