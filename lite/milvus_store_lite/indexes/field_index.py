"""The index of one vector field in this process: what is built, and when to build more."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import TYPE_CHECKING, Final, Protocol
from weakref import WeakKeyDictionary

import numpy as np

from ..columns.snapshot import Origin, Snapshot
from ..errors import DatabaseCorruptError, DatabaseLockedError, DatabaseWriteError
from ..process.children import PerProcess
from ..process.forks import GATE
from ..schema.fields import Field
from ..storage.catalog import CollectionRecord, IndexRecord
from ..storage.index_parts import DamagedIndex, IndexHead, StoredIndex
from ..storage.index_writing import Superseded, store
from ..storage.positions import Position
from ..storage.store import CollectionReader
from . import tuning
from .build import BuildSteps, IndexDropped, Unindexable, build, extend, prepared_vectors
from .built import BuiltIndex, Coverage
from .registry import index_types, similarity

if TYPE_CHECKING:
    import logging

    from .ann import AnnIndex

TAIL_ROWS: Final = 1_000
TAIL_SHARE: Final = 0.05
"""Rows beyond the index are scanned exactly; when they are more than both of these, they join the index."""

SCANNED: Final = 64
"""They also join it when scans of them have read so many times its bytes. Such scans have taken as long as
extending the index does, which copies it: so both together take no more than about twice the least possible."""

_PER_SCAN: Final = 2 << 20
"""Bytes that a scan reads in the time that it takes however few rows there are."""

SAVE_GROWTH: Final = 1.2
"""A built index is written to the file when it has grown by this factor: writing it whole each time costs a few
times its size in all. When a caller waits for the index, it is written however little it has grown."""

LIVE_SHARE: Final = 0.5
"""When a smaller share of the labels than this belongs to live rows, the index is built anew."""


class CollectionSession(Protocol):
    """The collection of an index in one transaction."""

    @property
    def reader(self) -> CollectionReader: ...

    @property
    def record(self) -> CollectionRecord: ...

    @property
    def position(self) -> Position: ...


WARM: Final = 8
"""After this many searches a process is expected to go on searching."""

Open = Callable[[], "AbstractContextManager[CollectionSession | None]"]
"""Begin a transaction in which the index still exists as it was defined; None if it does not."""


class FieldIndex:
    """The index ``record`` on vector field ``field`` of collection ``collection``."""

    def __init__(self, collection: int, field: Field, record: IndexRecord) -> None:
        self.collection = collection
        self.field = field
        self.record = record
        self.built: BuiltIndex | None = None
        self._least_rows = tuning.current().rows_to_build(index_types(field)[record.type])
        self._lock = PerProcess(threading.RLock)
        self._next_seq = self._least_rows or 0
        self._stored_seq: int | None = None
        self._stored_rows = 0
        self._is_stored_damaged = False
        self._searches = 0
        self._scanned = 0
        self._coverages: WeakKeyDictionary[Origin, tuple[BuiltIndex, Coverage]] = WeakKeyDictionary()

    @property
    def is_exact(self) -> bool:
        """Whether this index type is an exact scan, with nothing to build."""
        return self._least_rows is None

    def wants_work(self, position: Position) -> bool:
        """Whether enough rows have come to build, extend or load, as far as ``position`` tells."""
        if self.is_exact:
            return False
        return position.last_seq >= self._next_seq or self._is_outscanned(position.last_seq)

    def count_scanned(self, size: int) -> None:
        """Count a scan of rows that the index lacks, whose vectors have ``size`` bytes."""
        self._scanned += size + _PER_SCAN

    def _is_outscanned(self, last_seq: int) -> bool:
        """Whether scans of the rows up to ``last_seq`` that it lacks have taken as long as extending it would."""
        built = self.built
        return (
            built is not None
            and last_seq > built.through_seq
            and self._scanned >= SCANNED * built.ann.copied_bytes
        )

    def count_search(self) -> None:
        """Count a search that asks the index, for ``is_warm``."""
        self._searches += 1

    @property
    def is_warm(self) -> bool:
        """Whether there were so many searches that what speeds up the next ones pays."""
        return self._searches > WARM

    def pending(self, position: Position) -> int:
        """Rows that searches at ``position`` scan because the index lacks them; 0 where a scan is intended."""
        if self.built is None:
            return position.live if self.wants_work(position) else 0
        return max(0, min(position.live, position.last_seq - self.built.through_seq))

    def unstored(self, session: CollectionSession) -> int:
        """Rows that the index in the file lacks although it is due; does not load the index."""
        position = session.position
        if self._least_rows is None:
            return 0
        try:
            through_seq = session.reader.stored_index(self.record.name).through_seq()
        except DamagedIndex:
            through_seq = None
        if through_seq is None:
            return position.live if position.live >= self._least_rows else 0
        return max(0, min(position.live, position.last_seq - through_seq))

    def covering(self, snapshot: Snapshot) -> tuple[BuiltIndex, Coverage] | None:
        """The built index and how it covers ``snapshot``; None without one, or for an older snapshot."""
        built = self.built
        if built is None or not built.covers(snapshot.position):
            return None
        known = self._coverages.get(snapshot.origin)
        if known is None or known[0] is not built:
            known = built, built.coverage(snapshot.seqs)
            self._coverages[snapshot.origin] = known
        return known

    def load(self, session: CollectionSession) -> None:
        """Load the stored index if it covers more than the one in this process; does not wait for a build."""
        lock = self._lock.own
        try:
            if lock.acquire(blocking=False):
                self._load(session)
        finally:
            with suppress(RuntimeError):  # another thread has it
                lock.release()

    def improve(self, reading: Open, writing: Open | None, steps: BuildSteps, *, is_awaited: bool) -> None:
        """Load, build or extend the index, whatever is due, and store it if that pays.

        Args:
            writing: None for a file that may not be written; then nothing is stored.
            is_awaited: whether a caller waits for it. The caller has written all its rows then, so whatever is new
                is stored.

        Raises:
            BuildCancelled: ``steps`` cancelled the build.
        """
        with self._lock.own, GATE.long():
            try:
                with reading() as session:
                    if session is None:
                        return
                    self._load(session)
                    seen = session.position, session.record.name
                self._build(*seen, reading, steps)
            except IndexDropped:
                return
            if writing is not None and self._is_worth_storing(1 if is_awaited else SAVE_GROWTH):
                self._store(writing)

    def _load(self, session: CollectionSession) -> None:
        if self._is_stored_damaged:
            return
        known = -1 if self.built is None else self.built.through_seq
        try:
            through_seq = session.reader.stored_index(self.record.name).through_seq()
            if through_seq is None or through_seq <= known:
                return
            self._use(self._read(session))
        except MemoryError as reason:
            self._give_up(session.position, session.record.name, "read", reason)
        except DamagedIndex as error:
            self._is_stored_damaged = True
            warnings.warn(
                f"the stored index {self.record.name!r} of collection '{session.record.name}' is damaged "
                f"({error}): it is built anew from the rows",
                RuntimeWarning,
                stacklevel=2,
            )
            return

    def _read(self, session: CollectionSession) -> BuiltIndex:
        """The index that the file has."""
        from .soundness import check_finds_own

        assert self.record.metric is not None
        stored = session.reader.stored_index(self.record.name)
        found = stored.load_head()
        assert found is not None
        head, parts = found
        _check_rows(head, session.position, once=self.field.within is None)
        ann = self._family.read(
            stored.load_parts(parts),
            stored.parts_size(parts),
            len(head.seqs),
            self.field.vector_dim,
            similarity(self.record.metric),
            self.record.parameters,
            head.tuned,
        )
        check_finds_own(ann, prepared_vectors(ann, self.field, head.seqs, session.reader.vectors))
        self._stored_seq, self._stored_rows = head.through_seq, len(head.seqs)
        # Whoever built it may have seen every removal up to now.
        return BuiltIndex(ann, head.seqs, head.through_seq, session.position.last_change)

    @property
    def _family(self) -> type[AnnIndex]:
        from .families import family_of

        return family_of(self.record.type, self.field.vector_family)

    def _build(self, position: Position, collection: str, reading: Open, steps: BuildSteps) -> None:
        """Build or extend the index of ``collection``, which was at ``position``, if that is due."""
        assert self._least_rows is not None
        assert self.record.metric is not None
        rows, last_seq = position.live, position.last_seq
        built = self.built
        is_outscanned = self._is_outscanned(last_seq)
        self._scanned = 0  # whatever becomes of it: a next try has to pay again

        @contextmanager
        def reader() -> Iterator[CollectionReader | None]:
            with reading() as session:
                yield None if session is None else session.reader

        if rows < self._least_rows:
            self._next_seq = last_seq + self._least_rows - rows
            return
        is_outgrown = built is not None and (
            rows > built.ann.grows_until * built.rows / built.ann.rows or rows < LIVE_SHARE * built.rows
        )
        try:
            if built is None or is_outgrown:
                made = build(
                    self._family,
                    self.field,
                    similarity(self.record.metric),
                    self.record.parameters,
                    reader,
                    steps,
                )
                self._stored_rows = 0
            elif last_seq - built.through_seq >= _tail_limit(built) or is_outscanned:
                made = extend(built, self.field, reader, steps)
            else:
                self._next_seq = built.through_seq + _tail_limit(built)
                return
        except Unindexable as reason:
            logger().info(
                f"field '{self.field.name}' of collection '{collection}' is searched exactly: {reason}"
            )
            self._next_seq = last_seq + max(rows, self._least_rows)
            return
        except MemoryError as reason:
            self._give_up(position, collection, "built", reason)
            return
        self._use(made)

    def _give_up(self, position: Position, collection: str, what: str, reason: MemoryError) -> None:
        """Search without the index, which does not fit in memory, until there are many more rows."""
        self._next_seq = position.last_seq + max(position.live, self._least_rows or 0)
        warnings.warn(
            f"index {self.record.name!r} of collection '{collection}' cannot be {what}: there is "
            f"too little memory ({reason}). Rows that it lacks are searched exactly",
            RuntimeWarning,
            stacklevel=3,
        )

    def _use(self, built: BuiltIndex) -> None:
        self.built = built
        self._next_seq = built.through_seq + _tail_limit(built)

    def _is_worth_storing(self, growth: float) -> bool:
        built = self.built
        return (
            built is not None
            and built.through_seq != self._stored_seq
            and len(built.seqs) >= growth * self._stored_rows
        )

    def _store(self, writing: Open) -> None:
        built = self.built
        assert built is not None
        head = IndexHead(built.through_seq, built.seqs, built.ann.tuned)

        @contextmanager
        def part() -> Iterator[StoredIndex]:
            with writing() as session:
                if session is None or not self._is_wanted(session, head):
                    raise Superseded
                yield session.reader.stored_index(self.record.name)

        try:
            store(head, built.ann.write, part)
        except Superseded:
            pass  # what the file has, or gets, serves as well
        except (DatabaseLockedError, DatabaseWriteError, DatabaseCorruptError) as error:
            # Nothing is lost: the next process builds it again.
            logger().info(f"index {self.record.name!r} was built and could not be stored: {error}")
            return
        self._stored_seq, self._stored_rows = head.through_seq, len(head.seqs)
        self._is_stored_damaged = False

    def _is_wanted(self, session: CollectionSession, head: IndexHead) -> bool:
        """Whether the index in the file is missing, damaged, or covers less than ``head``."""
        if self._is_stored_damaged:
            return True
        try:
            known = session.reader.stored_index(self.record.name).through_seq()
        except DamagedIndex:
            return True
        return known is None or known < head.through_seq


def logger() -> logging.Logger:
    """Where the background work on indexes is logged."""
    import logging  # a tenth of what importing the package takes

    return logging.getLogger("milvus_store")


def _check_rows(head: IndexHead, position: Position, *, once: bool) -> None:
    """Check that the rows of ``head`` ascend, and end where it says that they end.

    ``once``: whether each row has one label only.

    Raises:
        DamagedIndex: they do not.
    """
    seqs = head.seqs
    if head.through_seq > position.last_seq:
        raise DamagedIndex(
            f"it covers rows up to seq {head.through_seq}, beyond last_seq {position.last_seq}"
        )
    if len(seqs) == 0 or seqs[0] < 1 or seqs[-1] > head.through_seq or (np.diff(seqs) < once).any():
        raise DamagedIndex("its rows are not in ascending order")


def _tail_limit(built: BuiltIndex) -> int:
    return max(TAIL_ROWS, int(TAIL_SHARE * built.rows))
