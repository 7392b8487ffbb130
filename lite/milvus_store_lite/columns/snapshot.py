"""A snapshot: the rows of a collection at one position, as a process knows them, and the names of columns.

A ``Snapshot`` never changes, except that a column is added at its first use.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from typing import NamedTuple
from weakref import ref

import numpy as np
import numpy.typing as npt

from ..storage.positions import Position
from .column import ArrayColumn, BoolArray, JsonColumn, NumberColumn, StringColumn
from .gathered import Kept
from .geometries import GeometryColumn
from .masks import Mask
from .tokens import TokenColumn
from .vectors import AnyVectorColumn

AnyColumn = (
    NumberColumn | StringColumn | JsonColumn | ArrayColumn | TokenColumn | GeometryColumn | AnyVectorColumn
)


class Form(Enum):
    """The form of a column."""

    __hash__ = object.__hash__  # each is a single object; Enum's own is a call of Python for each look-up

    VALUES = "the values"
    NUMBERS = "the values at a JSON path, texts of numbers as numbers"
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


@lru_cache(maxsize=1024)
def key_of(field: str) -> Key:
    """The key of the values of ``field``, which each search asks for: to make it takes four times as long."""
    return Key(field)


MaskKey = tuple[ref[object] | None, str | None]
"""Names a mask: whose it is, None for no one's, and what for."""


class Origin:
    """What snapshots have in common that extend each other: slots that all of them have are the same rows."""

    __slots__ = ("__weakref__",)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The rows at ``position``.

    ``seqs``: (n,) int64, ascending: the seq of each slot. ``alive``: (n,) bool, False for rows deleted since
    their slot was made; None when all live. ``columns`` and ``masks``, the results of filters, gain entries,
    ``gathered`` has copies of the vectors that masks leave, and ``living`` by field which rows live how long; the
    rest never changes.
    """

    position: Position
    seqs: npt.NDArray[np.int64]
    alive: BoolArray | None
    origin: Origin
    columns: dict[Key, AnyColumn] = field(default_factory=dict)
    masks: dict[MaskKey, Mask] = field(default_factory=dict)
    gathered: Kept = field(default_factory=dict)
    living: dict[str, object] = field(default_factory=dict)

    def first_slot(self, after: int) -> int:
        """The slot of the first row beyond seq ``after``."""
        return 0 if after == 0 else int(np.searchsorted(self.seqs, after, side="right"))

    @property
    def live_count(self) -> int:
        return len(self.seqs) if self.alive is None else int(np.count_nonzero(self.alive))
