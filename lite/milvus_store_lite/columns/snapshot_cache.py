"""The newest snapshot of a collection, which catches up with the file, and the builders of its columns."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from contextlib import closing
from typing import Final

import numpy as np
import numpy.typing as npt

from ..process.children import PerProcess
from ..storage.reading import SnapshotMoved
from ..storage.row_reader import ROWS_AT_ONCE, RowSubset
from ..storage.store import CollectionReader
from .column import BoolArray
from .filling import Builder, fill, spread
from .growable import Growable
from .loading import Loading
from .memory import MemoryBudget
from .snapshot import AnyColumn, Key, Origin, Snapshot
from .vector_form import VectorBuilder
from .vectors import bytes_of_vector

_LAST_SLOTS: Final = 128
"""When only so many slots are missing of a column that is loaded beside the calls, they are read with the lock
held."""

_RELOAD_DEAD_SHARE: Final = 0.5
"""Beyond this share of deleted slots a snapshot is read anew instead of extended."""

_FEW_LOOKS: Final = 1_000
_LOOKS_PER_ROW: Final = 20
"""A subset is read anew when finding what changed in it means to look at more rows of others than this and so many
for each of its own. To look at a removal takes 0.5 µs, to read a row of 64 dimensions 10 µs."""


class SnapshotCache:
    """The newest snapshot of one collection, or of a subset of its rows, and the builders of its columns."""

    def __init__(
        self,
        memory: MemoryBudget,
        load_later: Callable[[Loading], None],
        subset: RowSubset | None = None,
    ) -> None:
        self.memory = memory
        self.subset = subset
        self.pages = 0
        self._load_later = load_later
        self._loadings: dict[Key, Loading] = {}
        self._lock = PerProcess(threading.RLock)
        self._current: Snapshot | None = None
        self._seqs: Growable[np.int64] = Growable(np.int64)
        self._builders: dict[Key, Builder] = {}

    @property
    def slots(self) -> int:
        """Rows held now, deleted ones included."""
        return len(self._seqs)

    @property
    def is_read(self) -> bool:
        """Whether a snapshot has been read: later calls only have to catch up."""
        return self._current is not None

    def at(self, reader: CollectionReader) -> Snapshot:
        """The snapshot of the collection as ``reader`` sees it.

        Raises:
            SnapshotMoved: another thread has caught up further than this transaction sees.
        """
        snapshot = self._current
        if snapshot is None or snapshot.position != reader.position:
            reader.begin()
            with self._lock.own:
                snapshot = self._catch_up(reader)
        return snapshot

    def _catch_up(self, reader: CollectionReader) -> Snapshot:
        current, position = self._current, reader.position
        if current is not None and current.position == position:
            return current
        if current is not None and current.position.is_beyond(position):
            raise SnapshotMoved
        # If an exception stops the builders half-way, the next reader starts from the file again.
        self._current = None
        self._current = (current and self._extend(reader, current)) or self._read_anew(reader)
        return self._current

    def _read_anew(self, reader: CollectionReader) -> Snapshot:
        self._seqs = Growable(np.int64)
        self._builders = {}
        self.memory.release(self)
        self._seqs.append(reader.seqs.live() if self.subset is None else reader.lookups.seqs_of(self.subset))
        return self._counted(reader, Snapshot(reader.position, self._seqs.view(), None, Origin()))

    def _extend(self, reader: CollectionReader, current: Snapshot) -> Snapshot | None:
        """``current`` plus the later writes; None if so many rows were deleted that reading anew is better."""
        known = current.position
        if self.subset is not None:
            looks = reader.lookups.looks_at(self.subset, known)
            if looks > _FEW_LOOKS + _LOOKS_PER_ROW * len(current.seqs):
                return None
        removed = reader.seqs.removed(known)
        if removed is None:
            return None  # the feed no longer reaches back to what this snapshot knows
        if self.subset is None:
            added = reader.seqs.added(known, removed)
        else:
            added = reader.lookups.added_to(self.subset, known, removed)
        alive = current.alive
        if len(removed):
            alive = _without(current.seqs, alive, removed)
        slots = len(current.seqs) + len(added)
        if alive is not None:
            alive = np.concatenate([alive, np.ones(len(added), dtype=np.bool_)])
            if np.count_nonzero(alive) < _RELOAD_DEAD_SHARE * slots:
                return None
        # Another collection may make this one forget a column at any moment.
        builders = list(self._builders.items())
        if len(added):
            self._seqs.append(added)
            for key, builder in builders:
                self._read_into(builder, key, reader, known.last_seq, self._seqs.view()[-len(added) :])
        columns = {key: builder.view() for key, builder in builders}
        for key, column in columns.items():
            self.memory.charge(self, key, column.size)
        snapshot = Snapshot(reader.position, self._seqs.view(), alive, current.origin, columns)
        return self._counted(reader, snapshot)

    def _counted(self, reader: CollectionReader, snapshot: Snapshot) -> Snapshot:
        """``snapshot``, which has as many rows as it should."""
        if self.subset is not None:
            reader.lookups.refuse_other_count(self.subset, snapshot.live_count)
        return snapshot

    def forget(self, key: Hashable) -> None:
        """Drop a column; calls that read it now keep it until they return."""
        loading = self._loadings.get(key)  # type: ignore[call-overload]
        if loading is not None:
            loading.drop()
        self._builders.pop(key, None)  # type: ignore[call-overload]  # a key of another kind is not there
        current = self._current
        if current is not None:
            current.columns.pop(key, None)  # type: ignore[call-overload]
            current.gathered.clear()

    def _forget_ends(self, field: str) -> None:
        """Drop the columns of ``field`` that begin behind an index.

        It has been extended, or the whole column is in memory: no search asks for them any longer, and they would
        grow for good.
        """
        for key in [key for key in list(self._builders) if key.field == field and key.after]:
            self.forget(key)

    def load(
        self, key: Key, make: Callable[[], Builder], snapshot: Snapshot, reader: CollectionReader
    ) -> AnyColumn:
        """Read a column at its first use; ``reader`` sees exactly the snapshot's live rows."""
        reader.begin()
        with self._lock.own:
            if key in snapshot.columns:
                return snapshot.columns[key]
            builder = make()
            after = key.after
            if after:
                self._forget_ends(key.field)
            first = snapshot.first_slot(after)
            alive = None if snapshot.alive is None else snapshot.alive[first:]
            self._read_into(builder, key, reader, after, snapshot.seqs[first:], alive, is_all=after == 0)
            return self._kept(key, builder, snapshot)

    def load_beside(self, key: Key, make: Callable[[], Builder], size: int) -> None:
        """Have a column of ``size`` bytes read beside the calls, which go on without it; this returns at once."""
        known = self._loadings.get(key)
        if known is not None:
            if not known.may_be_replaced:
                return
            known.drop()
            self._loadings.pop(key, None)
        slack = self.memory.slack(size)
        if not self.memory.allows(size + int(slack * size)):
            return
        loading = Loading(key, make, size, slack, self.subset, self.read_on)
        if self._loadings.setdefault(key, loading) is loading:
            self.memory.charge(self, key, size + int(slack * size))
            self._load_later(loading)

    def read_on(self, loading: Loading, reader: CollectionReader, is_over: Callable[[], bool]) -> bool:
        """Read more of a column beside the calls.

        Args:
            is_over: asked after each slice whether to end this turn.

        Returns:
            Whether something is left to do.

        Raises:
            SnapshotMoved: another thread has caught up further than this transaction sees.
        """
        key = loading.key
        with self._lock.own:
            snapshot = self.at(reader)
            if loading.is_dropped or key in snapshot.columns:
                self._end(loading)
                return False
            if loading.left(snapshot) <= _LAST_SLOTS:
                for _ in loading.slices(snapshot, reader):
                    pass
                self._kept(key, loading.builder, snapshot)
                self._forget_ends(key.field)
                self._end(loading)
                return False
        with closing(loading.slices(snapshot, reader)) as slices:
            for _ in slices:
                if loading.is_dropped or is_over():
                    break
        return True

    def _end(self, loading: Loading) -> None:
        """Forget a loading, unless it is known by having been dropped."""
        if self._loadings.get(loading.key) is loading and not loading.is_dropped:
            del self._loadings[loading.key]

    def _kept(self, key: Key, builder: Builder, snapshot: Snapshot) -> AnyColumn:
        """The column that ``builder`` has, which ``snapshot`` gains unless it is old or memory is short."""
        column = builder.view()
        if snapshot is self._current and self.memory.allows(column.size):
            self.memory.charge(self, key, column.size)
            self._builders[key] = builder
            snapshot.columns[key] = column
        return column

    def _read_into(
        self,
        builder: Builder,
        key: Key,
        reader: CollectionReader,
        after: int,
        seqs: npt.NDArray[np.int64],
        alive: BoolArray | None = None,
        *,
        is_all: bool = False,
    ) -> None:
        """Append the values of the slots ``seqs``, the rows beyond ``after``; None where one is not alive.

        Args:
            is_all: whether the slots are all that the cache has.

        Raises:
            DatabaseCorruptError: the file does not hold one good value for each of the rows.
        """
        if isinstance(builder, VectorBuilder) and after == 0:
            builder.reserve(self._with_room(key, reader, len(seqs)))
        if is_all and self.subset is None and key.field == reader.schema.primary.name:
            live = seqs if alive is None else seqs[alive]
            try:
                values = reader.rows.all_pks(live, reader.position.key_sum)
                builder.append(
                    spread(values, np.flatnonzero(alive), len(seqs)) if alive is not None else values
                )
            except (KeyError, ValueError, TypeError, ArithmeticError) as error:
                raise reader.layout.corrupt(f"values of field '{key.field}'", error) from error
            return
        for _ in fill(builder, key, reader, after, seqs, alive, self.subset, ROWS_AT_ONCE):
            pass

    def _with_room(self, key: Key, reader: CollectionReader, count: int) -> int:
        """For how many vectors to take memory where there are ``count``."""
        field = reader.schema.find(key.field)
        each = None if field is None or self.subset is not None else bytes_of_vector(field)
        if each is None:
            return count
        room = count + int(self.memory.slack(each * count) * count)
        return room if self.memory.allows(each * room) else count


def _without(
    seqs: npt.NDArray[np.int64], alive: BoolArray | None, removed: npt.NDArray[np.int64]
) -> BoolArray:
    """``alive`` with the slots of ``removed`` cleared; rows that never had a slot are skipped."""
    alive = np.ones(len(seqs), dtype=np.bool_) if alive is None else alive.copy()
    slots = np.searchsorted(seqs, removed)
    slots = slots[slots < len(seqs)]
    known = slots[np.isin(seqs[slots], removed)]
    alive[known] = False
    return alive
