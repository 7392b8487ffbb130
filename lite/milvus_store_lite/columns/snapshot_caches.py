"""The snapshots of one collection: of all its rows, and of the subsets that the values of a field make.

A request that its filter confines to a few tenants, values of the partition key, is answered from a snapshot of
just their rows, read through the key's SQL index: what it costs depends on the tenants, not on the collection.
Other fields with an SQL index do the same as long as nothing has needed all rows; after that a mask over what is
in memory is as fast.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from typing import Final

from ..process.children import PerProcess
from ..schema.data_types import DataType
from ..schema.fields import Field
from ..schema.model import Schema
from ..storage.row_reader import RowSubset
from ..storage.store import CollectionReader
from .loading import Loading
from .memory import MemoryBudget
from .snapshot_cache import SnapshotCache
from .vectors import bytes_of_vector

MAX_SUBSET_VALUES: Final = 16
"""A filter that names more tenants than this is answered from all rows."""

MAX_SUBSET_ROWS: Final = 50_000
"""A subset with more rows than this gains nothing: a mask over all rows is as fast as a copy of those."""

MAX_BYTES_IN_SUBSETS: Final = 320 << 20
"""Bytes held in subsets, about; beyond it the subset that was not asked for longest is forgotten. 200,000 rows of
384 dimensions are as much."""

SUBSET_BYTES: Final = 32 << 10
"""What a subset weighs beside its rows, so that subsets are at most 10,000, however small they are: the garbage
collection looks at 40 objects of each, which took it 0.12 s for 10,000."""

_MEASURED_BYTES: Final = 8_192
"""What a subset takes in memory beside its columns: 6 KB were measured."""

_SCALARS_BYTES: Final = 64
_SPARSE_BYTES: Final = 1_024
"""What the scalars of a row weigh, and a vector whose length is not known: 64 values and their indices."""

_USUAL_LIST: Final = 100
"""Vectors that a list weighs as, or as many as it may have: those of the words of a passage."""

_MAX_KNOWN_LARGE: Final = 1_000
"""Subsets known to be too large; beyond it all of them are counted anew."""


class SnapshotCaches:
    """All rows of a collection, and the subsets last asked for.

    Args:
        load_later: has a column read beside the calls.
    """

    def __init__(self, memory: MemoryBudget, load_later: Callable[[Loading], None], schema: Schema) -> None:
        self.whole = SnapshotCache(memory, load_later)
        self._bytes_of_row = _SCALARS_BYTES + sum(
            bytes_of_vector(field) or _usual_bytes(field) for field in schema.vectors
        )
        self._memory = memory
        self._load_later = load_later
        self._lock = PerProcess(threading.Lock)
        self._subsets: OrderedDict[RowSubset, SnapshotCache] = OrderedDict()
        self._too_large: set[RowSubset] = set()
        # What each subset weighed when it was last asked for, and all of them together: a sum over the subsets
        # would let a search take longer the more tenants there are.
        self._weights: dict[RowSubset, int] = {}
        self._weight = 0

    def of_subsets(
        self, reader: CollectionReader, tenants: RowSubset | None, subsets: Sequence[RowSubset]
    ) -> SnapshotCache:
        """The snapshot cache for a request that is confined to some rows.

        Args:
            tenants: those with these values of the partition key, None for all.
            subsets: those in each of these, of fields that may have an SQL index.
        """
        if tenants is not None:
            return self._of_subset(reader, tenants)
        if not subsets or self.whole.is_read:
            return self.whole
        lookups = reader.lookups
        indexed = [subset for subset in subsets if lookups.has_index(subset.field)]
        if len(indexed) > 1:
            indexed.sort(key=lambda subset: lookups.count(subset, MAX_SUBSET_ROWS + 1))
        return self._of_subset(reader, indexed[0]) if indexed else self.whole

    def _of_subset(self, reader: CollectionReader, subset: RowSubset) -> SnapshotCache:
        if len(subset.values) > MAX_SUBSET_VALUES:
            return self.whole
        with self._lock.own:
            cache = self._subsets.get(subset)
            if cache is not None:
                self._subsets.move_to_end(subset)
                self._weigh(subset, cache.slots)
        if cache is None:
            return self._new_subset(reader, subset)
        if cache.slots > 2 * MAX_SUBSET_ROWS:
            with self._lock.own:
                self._drop(subset)
                self._note_too_large(subset)
            return self.whole
        self._memory.touch(self, subset)
        return cache

    def release(self) -> None:
        """Drop every column: no call will use this collection again."""
        with self._lock.own:
            for subset in list(self._subsets):
                self._drop(subset)
            self._memory.release(self)
            self._memory.release(self.whole)

    def forget(self, key: Hashable) -> None:
        """Drop a subset, since memory is short; calls that read it now keep it until they return."""
        assert isinstance(key, RowSubset), "only subsets are charged for"
        with self._lock.own:
            self._drop(key)

    def _new_subset(self, reader: CollectionReader, subset: RowSubset) -> SnapshotCache:
        if subset in self._too_large:
            return self.whole
        rows = reader.lookups.count(subset, MAX_SUBSET_ROWS + 1)
        if rows > MAX_SUBSET_ROWS:
            with self._lock.own:
                self._note_too_large(subset)
            return self.whole
        with self._lock.own:
            cache = self._subsets.setdefault(subset, SnapshotCache(self._memory, self._load_later, subset))
            self._weigh(subset, rows)
        # Without the lock: it may drop another subset.
        self._memory.charge(self, subset, _MEASURED_BYTES)
        return cache

    def _note_too_large(self, subset: RowSubset) -> None:
        if len(self._too_large) >= _MAX_KNOWN_LARGE:
            self._too_large.clear()
        self._too_large.add(subset)

    def _weigh(self, subset: RowSubset, rows: int) -> None:
        """Note how many rows ``subset`` has; drop other subsets if there are too many bytes in all."""
        weight = rows * self._bytes_of_row + SUBSET_BYTES
        try:
            self._weight += weight - self._weights.get(subset, 0)
            self._weights[subset] = weight
            while self._weight > MAX_BYTES_IN_SUBSETS and len(self._subsets) > 1:
                self._drop(next(iter(self._subsets)))
        except BaseException:
            self._weigh_anew()
            raise

    def _drop(self, subset: RowSubset) -> None:
        try:
            cache = self._subsets.pop(subset, None)
            if cache is not None:
                self._weight -= self._weights.pop(subset, 0)
                self._memory.release(cache)
        except BaseException:
            self._weigh_anew()
            raise

    def _weigh_anew(self) -> None:
        """After an exception at any step: compute the weights and their sum again from the subsets."""
        self._weights = {subset: self._weights.get(subset, SUBSET_BYTES) for subset in self._subsets}
        self._weight = sum(self._weights.values())


def _usual_bytes(field: Field) -> int:
    """What a vector of ``field`` weighs whose length is not known."""
    if field.within is None:
        return _SPARSE_BYTES
    bits = 1 if field.dtype is DataType.BINARY_VECTOR else 32
    return field.vector_dim * bits // 8 * min(_USUAL_LIST, field.max_capacity or _USUAL_LIST)
