"""A snapshot joined to a transaction that sees exactly its rows: what filters and searches read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final, TypeVar
from weakref import ref

import numpy as np
import numpy.typing as npt

from ..codec import dense
from ..schema.data_types import DataType
from ..schema.fields import Field
from ..storage.integrity.row_checksums import PARTITION_COLUMN
from ..storage.row_reader import ROWS_AT_ONCE
from ..storage.store import CollectionReader
from .arrays import JsonArrayBuilder, MemberBuilder, StructsBuilder, array_builder
from .builders import JsonNumberBuilder, JsonPathBuilder, NumberBuilder, scalar_builder
from .column import ArrayColumn, BoolArray, JsonColumn, NumberColumn, StringColumn
from .dense_vectors import DenseColumn
from .filling import Builder, blobs_of
from .gathered import Gathered, gathered
from .geometries import GeometryBuilder, GeometryColumn
from .masks import Mask
from .snapshot import AnyColumn, Form, Key, Snapshot, key_of
from .snapshot_cache import SnapshotCache
from .tokens import TokenBuilder, TokenColumn
from .vectors import AnyVectorColumn, bytes_of_vector, vector_builder, vectors_of

Made = TypeVar("Made")

_PK_ROWS: Final = 20_000
_WARM_PAGES: Final = 8
_WARM_PK_ROWS: Final = 300_000
"""Primary keys of so many rows are read into memory, at once or, after so many pages of hits, beside the calls:
pages need no statement then. Reading 20,000 keys takes some ten milliseconds."""

_MASK_BYTES: Final = 4 << 20
"""Bytes that the flags of a snapshot's cached masks may take; values derived from them take as much again."""

_MASKS: Final = 256
"""Masks that a snapshot caches at most, however few its rows; a collection keeps as many bound scopes."""


class View:
    """A snapshot and a transaction that sees exactly its rows. Lives as long as the transaction."""

    __slots__ = ("_cache", "reader", "snapshot")

    def __init__(self, snapshot: Snapshot, reader: CollectionReader, cache: SnapshotCache) -> None:
        self.snapshot = snapshot
        self.reader = reader
        self._cache = cache

    @classmethod
    def of(cls, cache: SnapshotCache, reader: CollectionReader) -> View:
        """The view of ``cache`` as ``reader`` sees the collection.

        Raises:
            SnapshotMoved: another thread has caught up further than this transaction sees.
        """
        return cls(cache.at(reader), reader, cache)

    @property
    def count(self) -> int:
        """Slots, live or not."""
        return len(self.snapshot.seqs)

    def column(self, field: Field) -> NumberColumn | StringColumn:
        loaded = self._column(Key(field.name), lambda: scalar_builder(field))
        assert isinstance(loaded, (NumberColumn, StringColumn))
        return loaded

    def array(self, field: Field, member: Field | None = None) -> ArrayColumn:
        if member is None:
            loaded = self._column(Key(field.name), lambda: array_builder(field))
        else:
            make = StructsBuilder if member.dtype.is_vector else partial(MemberBuilder, member)
            loaded = self._column(Key(field.name, (member.name,)), make)
        assert isinstance(loaded, ArrayColumn)
        return loaded

    def geometries(self, field: Field) -> GeometryColumn:
        loaded = self._column(Key(field.name), GeometryBuilder)
        assert isinstance(loaded, GeometryColumn)
        return loaded

    def tokens(self, field: Field, *, positions: bool) -> TokenColumn:
        form = Form.PLACED_TOKENS if positions else Form.TOKENS
        loaded = self._column(Key(field.name, None, form), lambda: TokenBuilder(field, positions=positions))
        assert isinstance(loaded, TokenColumn)
        return loaded

    def json_path(self, field_name: str, path: tuple[str | int, ...]) -> JsonColumn:
        loaded = self._column(Key(field_name, path), lambda: JsonPathBuilder(path))
        assert isinstance(loaded, JsonColumn)
        return loaded

    def json_numbers(self, field_name: str, path: tuple[str | int, ...]) -> JsonColumn:
        loaded = self._column(Key(field_name, path, Form.NUMBERS), lambda: JsonNumberBuilder(path))
        assert isinstance(loaded, JsonColumn)
        return loaded

    def json_array(self, field_name: str, path: tuple[str | int, ...]) -> ArrayColumn:
        loaded = self._column(Key(field_name, path, Form.ARRAYS), lambda: JsonArrayBuilder(path))
        assert isinstance(loaded, ArrayColumn)
        return loaded

    def partitions(self) -> NumberColumn:
        """The partition id of each slot."""
        loaded = self._column(Key(PARTITION_COLUMN), lambda: NumberBuilder(DataType.INT64))
        assert isinstance(loaded, NumberColumn)
        return loaded

    def alive(self) -> Mask | None:
        """The slots of rows that live; None when all do."""
        flags = self.snapshot.alive
        return None if flags is None else self.cached_mask(None, lambda _: flags)

    def cached_mask(
        self, owner: object | None, make: Callable[[View], BoolArray], use: str | None = None
    ) -> Mask:
        """``make`` of the view, (n,) bool: the same in this snapshot whenever ``owner`` asks for it for ``use``.

        The snapshot forgets it with its owner, None for no one's.
        """
        masks = self.snapshot.masks
        key = None if owner is None else ref(owner), use
        mask = masks.get(key)
        if mask is None:
            mask = Mask(make(self))
            if self._cache.memory.limit is None and self.count <= _MASK_BYTES:
                # Else each of many tenants would keep the masks of all who ever asked for it.
                for known in list(masks):
                    if known[0] is not None and known[0]() is None:
                        masks.pop(known, None)
                if len(masks) >= _MASKS or (len(masks) + 1) * self.count > _MASK_BYTES:
                    masks.clear()
                masks[key] = mask
        return mask

    def resident_pks(self, primary: Field, slots: npt.NDArray[np.int64]) -> list[Any] | None:
        """Primary keys of live ``slots`` from memory, where a column of them is small; None where it is not."""
        column = self.resident(primary)
        if column is None:
            self._cache.pages += 1
            column = self._made_resident(primary)
        return column.values[slots].tolist() if type(column) is NumberColumn else None

    def resident_numbers(self, field: Field, slots: npt.NDArray[np.int64]) -> list[Any] | None:
        """Values of a numeric field like ``resident_pks``, None for null."""
        column = self.resident(field)
        if column is None:
            column = self._made_resident(field)
        if type(column) is not NumberColumn:
            return None
        values = column.values[slots].tolist()
        if column.valid is None:
            return values  # type: ignore[no-any-return]
        return [
            value if valid else None
            for value, valid in zip(values, column.valid[slots].tolist(), strict=True)
        ]

    def _made_resident(self, field: Field) -> AnyColumn | None:
        cache, size = self._cache, 8 * self.count
        # A column that memory does not allow would be read again at every page.
        if not field.dtype.is_number or not cache.memory.allows(size):
            return None
        if self.count <= _PK_ROWS:
            return self.column(field)
        if cache.pages > _WARM_PAGES and self.count <= _WARM_PK_ROWS:
            cache.load_beside(key_of(field.name), lambda: NumberBuilder(field.dtype), size)
        return None

    def resident(self, field: Field) -> AnyColumn | None:
        """The values of every slot if they are in memory already."""
        key = key_of(field.name)
        column = self.snapshot.columns.get(key)
        if column is not None:
            self._cache.memory.touch(self._cache, key)
        return column

    def vectors(self, field: Field, after: int = 0) -> AnyVectorColumn:
        """The vectors of every slot beyond seq ``after``, made resident; ``can_hold`` says whether memory
        allows it."""
        whole = self.resident_vectors(field) if after else None
        if whole is not None:
            return whole.between(self.snapshot.first_slot(after), self.count)
        loaded = self._column(Key(field.name, after=after), lambda: vector_builder(field))
        assert isinstance(loaded, AnyVectorColumn)
        return loaded

    def load_vectors_beside(self, field: Field) -> None:
        """Have the vectors of every slot read into memory beside the calls, if memory allows it."""
        self._cache.load_beside(key_of(field.name), lambda: vector_builder(field), self.bytes_of(field))

    @property
    def is_whole(self) -> bool:
        """Whether the snapshot is of the whole collection, not of some tenants."""
        return self._cache.subset is None

    def holds(self, field: Field, after: int = 0) -> bool:
        """Whether the vectors of the rows beyond seq ``after`` are resident already."""
        if after and self.resident_vectors(field) is not None:
            return True
        return Key(field.name, after=after) in self.snapshot.columns

    def can_hold(self, field: Field, after: int = 0) -> bool:
        """Whether memory allows the vectors of the rows beyond seq ``after`` to be resident."""
        memory = self._cache.memory
        return memory.limit is None or memory.allows(self.bytes_of(field, after))

    def bytes_of(self, field: Field, after: int = 0) -> int:
        """Bytes that the vectors of the rows beyond seq ``after`` take in memory."""
        each = bytes_of_vector(field)
        if each is None:
            return self.reader.vectors.bytes_of(field.name, self._cache.subset)
        return each * (self.count - self.snapshot.first_slot(after))

    def forget(self, field: Field) -> None:
        """Drop the resident vectors."""
        self._cache.forget(Key(field.name))

    def resident_vectors(self, field: Field) -> DenseColumn | None:
        """The dense vectors of every slot, where they are resident already."""
        resident = self.resident(field)
        return resident if isinstance(resident, DenseColumn) else None

    def gathered(self, field: Field, rows: Mask, metric: str) -> Gathered | None:
        """A copy of the resident dense vectors of ``rows`` alone; None where there is no whole one."""
        column = self.resident_vectors(field)
        # Each of many tenants would have copies of its own.
        if column is None or not self.is_whole:
            return None
        return gathered(self.snapshot.gathered, rows, field.name, column, metric)

    def dense_at(
        self, field: Field, slots: npt.NDArray[np.int64]
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float64]]:
        """The dense vectors of live ``slots``, (m, dim) float32, and their lengths, (m,), read from the file."""

        def matrix(blobs: list[bytes | None]) -> npt.NDArray[np.float32]:
            return dense.from_blobs(field, blobs)  # type: ignore[arg-type]  # a null raises TypeError

        values = self._stored_at(field, slots, matrix)
        return values, np.sqrt(np.einsum("ij,ij->i", values, values, dtype=np.float64))

    def vectors_at(self, field: Field, slots: npt.NDArray[np.int64]) -> AnyVectorColumn:
        """The vectors of live ``slots``, read from the file."""
        return self._stored_at(field, slots, lambda blobs: vectors_of(field, blobs))

    def _stored_at(
        self, field: Field, slots: npt.NDArray[np.int64], make: Callable[[list[bytes | None]], Made]
    ) -> Made:
        """The result of ``make`` for the stored vectors of live ``slots``."""
        seqs = self.snapshot.seqs[slots].tolist()
        found = self.reader.vectors.fetch(seqs, field.name)
        try:
            return make([found[seq] for seq in seqs])
        except (KeyError, ValueError, TypeError) as error:
            raise self.reader.layout.corrupt(f"vectors of field '{field.name}'", error) from error

    def vector_chunks(
        self, field: Field, after: int = 0
    ) -> Iterator[tuple[npt.NDArray[np.int64], AnyVectorColumn]]:
        """Live slots of rows beyond seq ``after`` and their vectors, some thousand at a time, from the file."""
        snapshot = self.snapshot
        slots = np.arange(self.count) if snapshot.alive is None else np.flatnonzero(snapshot.alive)
        slots = slots[np.searchsorted(slots, snapshot.first_slot(after)) :]
        start = 0
        try:
            for chunk in self.reader.vectors.chunks(field.name, after, ROWS_AT_ONCE, self._cache.subset):
                part = slots[start : start + len(chunk[0])]
                yield part, vectors_of(field, blobs_of(chunk, snapshot.seqs[part]))
                start += len(chunk[0])
            if start != len(slots):
                raise ValueError(f"{len(slots)} rows have {start} vectors")
        except (ValueError, TypeError) as error:
            raise self.reader.layout.corrupt(f"vectors of field '{field.name}'", error) from error

    def _column(self, key: Key, make: Callable[[], Builder]) -> AnyColumn:
        loaded = self.snapshot.columns.get(key)
        if loaded is None:
            return self._cache.load(key, make, self.snapshot, self.reader)
        self._cache.memory.touch(self._cache, key)
        return loaded
