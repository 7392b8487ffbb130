"""Snapshots of a collection and the history that extends them.

A ``Snapshot`` is what the process knows of a collection at one position of its history; it never changes,
except that columns nobody has named yet are added when somebody does. ``History`` holds the newest one and
catches up with the file. A ``View`` joins a snapshot to a transaction that sees exactly its rows: what
filters and searches read.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from ..data_types import DataType
from ..schema import Field
from ..storage.catalog import Position
from ..storage.forks import GATE
from ..storage.reading import Moved, Reading
from ..storage.rows import PARTITION_COLUMN, Part, RowStore
from .arrays import JsonArrayBuilder, MemberBuilder, array_builder
from .builders import JsonPathBuilder, NumberBuilder, scalar_builder
from .column import ArrayColumn, BoolArray, JsonColumn, NumberColumn, StringColumn
from .geometries import GeometryBuilder, GeometryColumn
from .growable import Growable
from .masks import Mask
from .memory import MemoryBudget
from .tokens import TokenBuilder, TokenColumn
from .vectors import (
    AnyVectorBuilder,
    AnyVectorColumn,
    VectorColumn,
    bytes_of_one,
    vector_builder,
    vectors_of,
)

_VECTOR_CHUNK: Final = 1024
"""Vectors read from the file at a time, so that they are still in the processor's cache when their checksums are
verified and their norms taken: a tenth faster than four times as many."""

_PK_ROWS: Final = 20_000
_WARM_PAGES: Final = 8
_WARM_PK_ROWS: Final = 300_000
"""Primary keys of so many rows are read into memory, at once or after so many pages of hits, which then need no
statement: reading them takes a tenth of a second at most."""

_MASK_BYTES: Final = 4 << 20
"""What the flags of the masks that a snapshot remembers may take; what follows from them takes as much again."""

_RELOAD_DEAD_SHARE: Final = 0.5
"""Beyond this share of deleted slots a snapshot is read anew instead of extended."""

AnyColumn = (
    NumberColumn | StringColumn | JsonColumn | ArrayColumn | TokenColumn | GeometryColumn | AnyVectorColumn
)


class Form(Enum):
    """What is made of the stored values."""

    __hash__ = object.__hash__  # each is a single object; Enum's own is a call of Python for each look-up

    VALUES = "the values"
    ARRAYS = "the arrays among the values at a JSON path"
    TOKENS = "the tokens of texts"
    PLACED_TOKENS = "the tokens of texts and their positions"


class Key(NamedTuple):
    """Names a column; path None is the field itself, a path of an ARRAY a member of its structs,
    ``after`` the seq beyond which rows have a slot in it."""

    field: str
    path: tuple[str | int, ...] | None = None
    form: Form = Form.VALUES
    after: int = 0


class Origin:
    """What snapshots have in common that extend each other: slots that all of them have are the same rows."""

    __slots__ = ("__weakref__",)


class Builder(Protocol):
    """What every builder of ``builders.py`` offers the history."""

    def append(self, values: Sequence[Any], /) -> None: ...
    def view(self) -> AnyColumn: ...


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The rows at ``position``.

    ``seqs``: (n,) int64, ascending: the seq of each slot. ``alive``: (n,) bool, False for rows deleted since
    their slot was made; None when all live. ``columns`` and ``masks``, what filters that were asked found, gain
    entries; the rest never changes.
    """

    position: Position
    seqs: npt.NDArray[np.int64]
    alive: BoolArray | None
    origin: Origin
    columns: dict[Key, AnyColumn] = field(default_factory=dict)
    masks: dict[Hashable, Mask] = field(default_factory=dict)

    def first_slot(self, after: int) -> int:
        """The slot of the first row beyond seq ``after``."""
        return 0 if after == 0 else int(np.searchsorted(self.seqs, after, side="right"))

    @property
    def live_count(self) -> int:
        return len(self.seqs) if self.alive is None else int(np.count_nonzero(self.alive))


class History:
    """The newest snapshot of one collection, or of one part of it, and the builders of its columns."""

    def __init__(self, rows: RowStore, memory: MemoryBudget, part: Part | None = None) -> None:
        self.rows = rows
        self.memory = memory
        self.part = part
        self.pages = 0
        GATE.add_locks(self)
        self._current: Snapshot | None = None
        self._seqs: Growable[np.int64] = Growable(np.int64)
        self._builders: dict[Key, Builder] = {}

    def renew_locks(self) -> None:
        self._lock = threading.RLock()

    @property
    def slots(self) -> int:
        """Rows held now, deleted ones included."""
        return len(self._seqs)

    @property
    def is_read(self) -> bool:
        """Whether anything has been asked of it: what follows only has to catch up."""
        return self._current is not None

    def view(self, reading: Reading, position: Position) -> View:
        """The view at ``position``, which is where ``reading`` sees the collection.

        Raises:
            Moved: another thread has caught up further than this transaction sees.
        """
        snapshot = self._current
        if snapshot is None or snapshot.position != position:
            with self._lock:
                snapshot = self._catch_up(reading.connection, position)
        return View(snapshot, reading, self)

    def _catch_up(self, connection: sqlite3.Connection, position: Position) -> Snapshot:
        current = self._current
        if current is not None and current.position == position:
            return current
        if current is not None and current.position.is_beyond(position):
            raise Moved
        # Whatever interrupts the builders half-way, the next reader starts from the file again.
        self._current = None
        self._current = (current and self._extend(connection, current, position)) or self._read_anew(
            connection, position
        )
        return self._current

    def _read_anew(self, connection: sqlite3.Connection, position: Position) -> Snapshot:
        self._seqs = Growable(np.int64)
        self._builders = {}
        self.memory.release(self)
        self._seqs.append(self._seqs_beyond(connection, 0))
        if self.part is None and len(self._seqs) != position.live:
            fault = ValueError(f"{position.live} rows were written, {len(self._seqs)} were found")
            raise self.rows.corrupt("the numbers of its rows", fault)
        return Snapshot(position, self._seqs.view(), None, Origin())

    def _extend(
        self, connection: sqlite3.Connection, current: Snapshot, position: Position
    ) -> Snapshot | None:
        """``current`` plus what happened since; None when so much was deleted that reading anew is better."""
        known = current.position
        added = np.empty(0, dtype=np.int64)
        if position.last_seq > known.last_seq:
            added = self._seqs_beyond(connection, known.last_seq)
        alive = current.alive
        if position.last_change > known.last_change:
            removed = self.rows.removed_seqs(connection, known.last_change)
            if len(removed) < position.last_change - known.last_change:
                return None  # the feed no longer reaches back to what this snapshot knows
            alive = _without(current.seqs, alive, np.array(removed, dtype=np.int64))
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
                self._read_into(builder, key, connection, known.last_seq, self._seqs.view()[-len(added) :])
        columns = {key: builder.view() for key, builder in builders}
        for key, column in columns.items():
            self.memory.charge(self, key, column.size)
        return Snapshot(position, self._seqs.view(), alive, current.origin, columns)

    def _seqs_beyond(self, connection: sqlite3.Connection, after: int) -> npt.NDArray[np.int64]:
        """Seqs of the live rows beyond ``after``, ascending."""
        try:
            return np.array(self.rows.all_seqs(connection, after, self.part), dtype=np.int64)
        except (ValueError, TypeError, ArithmeticError) as error:
            raise self.rows.corrupt("the numbers of its rows", error) from error

    def forget(self, key: Hashable) -> None:
        """Let a column go; whoever reads it now keeps it until done."""
        self._builders.pop(key, None)  # type: ignore[call-overload]  # a key of another kind is not there
        current = self._current
        if current is not None:
            current.columns.pop(key, None)  # type: ignore[call-overload]

    def load(
        self, key: Key, make: Callable[[], Builder], snapshot: Snapshot, connection: sqlite3.Connection
    ) -> AnyColumn:
        """Read a column that nobody named before; ``connection`` sees exactly the snapshot's live rows."""
        with self._lock:
            if key in snapshot.columns:
                return snapshot.columns[key]
            builder = make()
            after = key.after
            first = snapshot.first_slot(after)
            alive = None if snapshot.alive is None else snapshot.alive[first:]
            self._read_into(builder, key, connection, after, snapshot.seqs[first:], alive, snapshot.position)
            column = builder.view()
            if snapshot is self._current and self.memory.allows(column.size):
                snapshot.columns[key] = column
                self._builders[key] = builder
                self.memory.charge(self, key, column.size)
            return column

    def _read_into(
        self,
        builder: Builder,
        key: Key,
        connection: sqlite3.Connection,
        after: int,
        seqs: npt.NDArray[np.int64],
        alive: BoolArray | None = None,
        position: Position | None = None,
    ) -> None:
        """Append the values of the slots ``seqs``, the rows beyond ``after``; None where one is not alive.

        Args:
            position: where the collection stands if the slots are all it has.

        Raises:
            DatabaseCorruptError: the file does not hold one good value for each of the rows.
        """
        name = key.field
        live = seqs if alive is None else seqs[alive]
        try:
            if isinstance(builder, AnyVectorBuilder):
                self._read_vectors(builder, name, connection, after, live, alive)
            else:
                if position and self.part is None and name == self.rows.schema.primary.name:
                    values = self.rows.all_pks(connection, live, position.key_sum)
                else:
                    values = self.rows.scalar_values(connection, name, live, after, self.part)
                builder.append(_spread(values, alive))
        except (KeyError, ValueError, TypeError, ArithmeticError) as error:
            raise self.rows.corrupt(f"values of field '{name}'", error) from error

    def _read_vectors(
        self,
        builder: AnyVectorBuilder,
        name: str,
        connection: sqlite3.Connection,
        after: int,
        live: npt.NDArray[np.int64],
        alive: BoolArray | None,
    ) -> None:
        """The vectors of the rows ``live``, each checked to be that row's."""
        chunks = self.rows.vector_blobs(connection, name, after, _VECTOR_CHUNK, self.part)
        if alive is not None:
            found = [pair for chunk in chunks for pair in zip(*chunk, strict=True)]
            blobs = _blobs(([seq for seq, _ in found], [blob for _, blob in found]), live)
            builder.append(_spread(blobs, alive))
            return
        if after == 0:
            builder.reserve(len(live))
        start = 0
        for chunk in chunks:
            count = len(chunk[0])
            builder.append(_blobs(chunk, live[start : start + count]))
            start += count
        if start != len(live):
            raise ValueError(f"{len(live)} rows have {start} vectors")


class View:
    """A snapshot and a transaction that sees exactly its rows. Lives as long as the transaction."""

    def __init__(self, snapshot: Snapshot, reading: Reading, history: History) -> None:
        self.snapshot = snapshot
        self._reading = reading
        self._history = history

    @property
    def connection(self) -> sqlite3.Connection:
        return self._reading.connection

    @property
    def count(self) -> int:
        """Slots, live or not."""
        return len(self.snapshot.seqs)

    def column(self, one: Field) -> NumberColumn | StringColumn:
        loaded = self._column(Key(one.name), lambda: scalar_builder(one))
        assert isinstance(loaded, (NumberColumn, StringColumn))
        return loaded

    def array(self, one: Field, member: Field | None = None) -> ArrayColumn:
        if member is None:
            loaded = self._column(Key(one.name), lambda: array_builder(one))
        else:
            loaded = self._column(Key(one.name, (member.name,)), lambda: MemberBuilder(member))
        assert isinstance(loaded, ArrayColumn)
        return loaded

    def geometries(self, one: Field) -> GeometryColumn:
        loaded = self._column(Key(one.name), GeometryBuilder)
        assert isinstance(loaded, GeometryColumn)
        return loaded

    def tokens(self, one: Field, *, positions: bool) -> TokenColumn:
        form = Form.PLACED_TOKENS if positions else Form.TOKENS
        loaded = self._column(Key(one.name, None, form), lambda: TokenBuilder(one, positions=positions))
        assert isinstance(loaded, TokenColumn)
        return loaded

    def json_path(self, field_name: str, path: tuple[str | int, ...]) -> JsonColumn:
        loaded = self._column(Key(field_name, path), lambda: JsonPathBuilder(path))
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
        return None if flags is None else self.remembered_mask(None, lambda _: flags)

    def remembered_mask(self, choice: Hashable, make: Callable[[View], BoolArray]) -> Mask:
        """``make`` of the view, (n,) bool, which is the same whenever ``choice`` asks for it in this snapshot."""
        masks = self.snapshot.masks
        mask = masks.get(choice)
        if mask is None:
            mask = Mask(make(self))
            if self._history.memory.limit is None and self.count <= _MASK_BYTES:
                if (len(masks) + 1) * self.count > _MASK_BYTES:
                    masks.clear()
                masks[choice] = mask
        return mask

    def resident_pks(self, primary: Field, slots: npt.NDArray[np.int64]) -> list[Any] | None:
        """Primary keys of live ``slots`` from memory, where a column of them is small; None where it is not."""
        column = self.resident(primary)
        if column is None:
            column = self._pks_made_resident(primary)
        return column.values[slots].tolist() if type(column) is NumberColumn else None

    def _pks_made_resident(self, primary: Field) -> AnyColumn | None:
        history = self._history
        history.pages += 1
        most = _PK_ROWS if history.pages <= _WARM_PAGES else _WARM_PK_ROWS
        # A column that memory does not allow would be read again at every page.
        if (
            primary.dtype is not DataType.INT64
            or self.count > most
            or not history.memory.allows(8 * self.count)
        ):
            return None
        return self.column(primary)

    def resident(self, one: Field) -> AnyColumn | None:
        """The values of every slot if they are in memory already."""
        key = Key(one.name)
        column = self.snapshot.columns.get(key)
        if column is not None:
            self._history.memory.touch(self._history, key)
        return column

    def vectors(self, one: Field, after: int = 0) -> AnyVectorColumn:
        """The vectors of every slot beyond seq ``after``, made resident; ``can_hold`` says whether memory
        allows it."""
        loaded = self._column(Key(one.name, after=after), lambda: vector_builder(one))
        assert isinstance(loaded, AnyVectorColumn)
        return loaded

    @property
    def is_whole(self) -> bool:
        """Whether the snapshot is of the whole collection, not of some tenants."""
        return self._history.part is None

    def holds(self, one: Field, after: int = 0) -> bool:
        """Whether the vectors of the rows beyond seq ``after`` are resident already."""
        return Key(one.name, after=after) in self.snapshot.columns

    def can_hold(self, one: Field, after: int = 0) -> bool:
        """Whether memory allows the vectors of the rows beyond seq ``after`` to be resident."""
        memory = self._history.memory
        return memory.limit is None or memory.allows(self.bytes_of(one, after))

    def bytes_of(self, one: Field, after: int = 0) -> int:
        """What the vectors of the rows beyond seq ``after`` take in memory."""
        if one.dtype is DataType.SPARSE_FLOAT_VECTOR:
            return self._history.rows.vector_bytes(self.connection, one.name, self._history.part)
        return bytes_of_one(one) * (self.count - self.snapshot.first_slot(after))

    def forget(self, one: Field) -> None:
        """Let the resident vectors go."""
        self._history.forget(Key(one.name))

    def resident_vectors(self, one: Field) -> VectorColumn | None:
        """The dense vectors of every slot, where they are resident already."""
        resident = self.resident(one)
        return resident if isinstance(resident, VectorColumn) else None

    def dense_at(self, one: Field, slots: npt.NDArray[np.int64]) -> VectorColumn:
        """The dense vectors of live ``slots``, read from the file."""
        found = self.vectors_at(one, slots)
        assert isinstance(found, VectorColumn)
        return found

    def vectors_at(self, one: Field, slots: npt.NDArray[np.int64]) -> AnyVectorColumn:
        """The vectors of live ``slots``, read from the file."""
        rows, seqs = self._history.rows, self.snapshot.seqs[slots].tolist()
        found = rows.fetch_vectors(self.connection, seqs, one.name)
        try:
            return vectors_of(one, [found[seq] for seq in seqs])
        except (KeyError, ValueError, TypeError) as error:
            raise rows.corrupt(f"vectors of field '{one.name}'", error) from error

    def vector_chunks(
        self, one: Field, after: int = 0
    ) -> Iterator[tuple[npt.NDArray[np.int64], AnyVectorColumn]]:
        """Live slots of rows beyond seq ``after`` and their vectors, some thousand at a time, from the file."""
        snapshot, history = self.snapshot, self._history
        slots = np.arange(self.count) if snapshot.alive is None else np.flatnonzero(snapshot.alive)
        slots = slots[np.searchsorted(slots, snapshot.first_slot(after)) :]
        start = 0
        try:
            for chunk in history.rows.vector_blobs(
                self.connection, one.name, after, _VECTOR_CHUNK, history.part
            ):
                part = slots[start : start + len(chunk[0])]
                yield part, vectors_of(one, _blobs(chunk, snapshot.seqs[part]))
                start += len(chunk[0])
            if start != len(slots):
                raise ValueError(f"{len(slots)} rows have {start} vectors")
        except (ValueError, TypeError) as error:
            raise history.rows.corrupt(f"vectors of field '{one.name}'", error) from error

    def _column(self, key: Key, make: Callable[[], Builder]) -> AnyColumn:
        loaded = self.snapshot.columns.get(key)
        if loaded is None:
            return self._history.load(key, make, self.snapshot, self.connection)
        self._history.memory.touch(self._history, key)
        return loaded


def _blobs(found: tuple[list[int], list[bytes | None]], seqs: npt.NDArray[np.int64]) -> list[bytes | None]:
    """The vectors of ``found``, (seqs, vectors), which must be those of the rows ``seqs``."""
    if found[0] != seqs.tolist():
        raise ValueError("a row has no vector, or a vector has no row")
    return found[1]


def _without(
    seqs: npt.NDArray[np.int64], alive: BoolArray | None, removed: npt.NDArray[np.int64]
) -> BoolArray:
    """``alive`` with the slots of ``removed`` cleared; rows that never had a slot are passed over."""
    alive = np.ones(len(seqs), dtype=np.bool_) if alive is None else alive.copy()
    slots = np.searchsorted(seqs, removed)
    slots = slots[slots < len(seqs)]
    known = slots[np.isin(seqs[slots], removed)]
    alive[known] = False
    return alive


def _spread(values: list[Any], alive: BoolArray | None) -> list[Any]:
    """``values`` of the live slots, with None at the dead ones."""
    if alive is None:
        return values
    spread: list[Any] = [None] * len(alive)
    for slot, value in zip(np.flatnonzero(alive).tolist(), values, strict=True):
        spread[slot] = value
    return spread
