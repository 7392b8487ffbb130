"""Calls that write and read vectors by id."""

from __future__ import annotations

import os
import secrets
import threading
from functools import partial
from typing import Any, Final

import numpy as np

from milvus_store import MilvusClient
from milvus_store.threads import PerProcess

from .checks import Vectors, check_ids, check_name, check_params, check_tag, check_vectors
from .connection import Connection, loaded
from .errors import ParamError
from .futures import InsertFuture
from .layout import DEFAULT_PARTITION, Layout
from .status import OK_MESSAGE, Refused, Status, errors_as_status

_READ_AT_ONCE: Final = 1000


class EntityCalls(Connection):
    def insert(
        self,
        collection_name: str,
        records: Any,
        ids: list[int] | None = None,
        partition_tag: str | None = None,
        params: dict[str, Any] | None = None,
        timeout: float | None = None,
        **kwargs: Any,
    ) -> Any:
        """Add vectors, all or none; when the call returns they are on disk and every search finds them.

        Args:
            records: lists of numbers, a (n, dimension) array, or ``bytes`` for bit vectors.
            ids: one for each vector; generated if not given. A vector replaces an existing one with its id.
            partition_tag: the partition to write to.
            _async, _callback: return an ``InsertFuture`` at once.

        Returns:
            ``(Status, ids)``

        Raises:
            ParamError: an argument has the wrong type, or there is not one id for each vector.
        """
        if kwargs.pop("insert_param", None) is not None:
            raise ParamError("insert_param is illegal: it is a message of the 0.9 protocol; give records")
        name, vectors = check_name(collection_name), check_vectors(records)
        checked_ids = None if ids is None else check_ids(ids)
        if checked_ids is not None and len(checked_ids) != len(vectors):
            raise ParamError(
                f"ids is illegal: expected one for each of {len(vectors)} records, got {len(checked_ids)}"
            )
        tag = None if partition_tag is None else check_tag(partition_tag)
        check_params(params)
        return self._deliver(
            InsertFuture,
            kwargs,
            partial(self._insert, self._within(timeout), name, vectors, checked_ids, tag),
        )

    @errors_as_status([])
    def _insert(
        self, client: MilvusClient, name: str, vectors: Vectors, ids: list[int] | None, tag: str | None
    ) -> tuple[Status, list[int]]:
        layout = Layout.of(client, name)
        check_shape(layout, vectors)
        replaces, ids = ids is not None, new_ids(len(vectors)) if ids is None else ids
        write = client.upsert if replaces else client.insert
        keys, fields = ids, (layout.id_field, layout.vector_field)
        rows = [dict(zip(fields, row, strict=True)) for row in zip(keys, vectors, strict=True)]
        write(name, rows, partition_name=tag or "")
        if self._is_server and replaces:
            _delete_elsewhere(client, layout, ids, tag or DEFAULT_PARTITION)
        return Status(message="Add vectors successfully!"), ids

    @errors_as_status([])
    def get_entity_by_id(
        self, collection_name: str, ids: list[int], timeout: float | None = None
    ) -> tuple[Status, list[list[float] | bytes]]:
        """The vectors of these ids: a list of float for each, or ``bytes``; ``[]`` for an unknown id."""
        name, wanted, client = check_name(collection_name), check_ids(ids), self._within(timeout)
        layout = Layout.of(client, name)
        found: dict[int, list[float] | bytes] = {}
        for start in range(0, len(wanted), _READ_AT_ONCE):
            part = wanted[start : start + _READ_AT_ONCE]
            rows = loaded(client, name, partial(client.get, name, part, output_fields=[layout.vector_field]))
            found |= {row[layout.id_field]: _plain(row[layout.vector_field]) for row in rows}
        return Status(message="Obtain vector successfully"), [found.get(id_, []) for id_ in wanted]

    @errors_as_status()
    def delete_entity_by_id(
        self, collection_name: str, id_array: list[int], timeout: float | None = None
    ) -> Status:
        """Remove vectors by id; unknown ids are ignored."""
        name, ids, client = check_name(collection_name), check_ids(id_array), self._within(timeout)
        loaded(client, name, partial(client.delete, name, ids=ids))
        return Status(message=OK_MESSAGE)

    @errors_as_status([])
    def list_id_in_segment(
        self, collection_name: str, segment_name: str, timeout: float | None = None
    ) -> tuple[Status, list[int]]:
        """The ids in a segment, which ``get_collection_stats`` names."""
        name, segment = check_name(collection_name), check_name(segment_name, "segment_name")
        client = self._within(timeout)
        layout = Layout.of(client, name)
        if segment not in client.list_partitions(name):
            raise Refused(Status.UNEXPECTED_ERROR, f"Collection {name} has no segment {segment!r}")
        rows = loaded(
            client,
            name,
            partial(
                client.query,
                name,
                layout.every_row,
                output_fields=[layout.id_field],
                partition_names=[segment],
            ),
        )
        return Status(), [row[layout.id_field] for row in rows]


def _delete_elsewhere(client: MilvusClient, layout: Layout, ids: list[int], tag: str) -> None:
    """Delete ids that were written to partition ``tag`` from all others: Milvus replaces within a partition
    only."""
    for other in client.list_partitions(layout.name):
        if other == tag:
            continue
        for start in range(0, len(ids), _READ_AT_ONCE):
            wanted = f"{layout.id_field} in {ids[start : start + _READ_AT_ONCE]}"
            ask = partial(client.query, layout.name, wanted, [layout.id_field], partition_names=[other])
            found = [row[layout.id_field] for row in loaded(client, layout.name, ask)]
            if found:
                client.delete(layout.name, ids=found, partition_name=other)


def check_shape(layout: Layout, vectors: Vectors) -> None:
    """Raise Refused if vectors do not fit the collection."""
    if isinstance(vectors, list) != layout.is_binary:
        raise Refused(
            Status.ILLEGAL_ROWRECORD,
            f"Collection {layout.name} holds {'bytes' if layout.is_binary else 'lists of numbers'}, "
            f"got {'bytes' if isinstance(vectors, list) else 'lists of numbers'}",
        )
    given = len(vectors[0]) * 8 if isinstance(vectors, list) else vectors.shape[1]
    if given != layout.dimension:
        raise Refused(
            Status.ILLEGAL_DIMENSION,
            f"The vector dimension must be equal to the collection dimension, {layout.dimension}: got {given}",
        )


def _plain(vector: Any) -> list[float] | bytes:
    """A vector as the legacy client gave it: a server's bits come in a list."""
    if isinstance(vector, (bytes, bytearray)):
        return bytes(vector)
    if len(vector) == 1 and isinstance(vector[0], (bytes, bytearray)):
        return bytes(vector[0])
    floats: list[float] = np.asarray(vector, dtype=np.float64).tolist()
    return floats


class _IdSource:
    """Ids in a row from a random start below 2**62, one start for each process.

    The ids of two processes that make n each collide with a probability of about n / 2**61, so they need no lock.
    """

    def __init__(self) -> None:
        self._lock = PerProcess(threading.Lock)
        self._process: int | None = None
        self._next = 0

    def take(self, count: int) -> list[int]:
        with self._lock.own:
            if self._process != os.getpid():  # first use, or a forked child
                self._process, self._next = os.getpid(), secrets.randbits(62)
            start = self._next
            self._next += count
            return list(range(start, start + count))


new_ids = _IdSource().take
