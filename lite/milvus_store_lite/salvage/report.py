"""What a salvage says: each row that could not be saved, and how many of each collection were.

Plain data; it knows nothing of how rows are read or written.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Lost:
    """A row that is not in the new file, and why. ``pk`` is None where the key itself is lost, and ``field`` where
    the whole row is."""

    collection: str
    seq: int
    pk: Any
    field: str | None
    why: str

    def __str__(self) -> str:
        field = "" if self.field is None else f", field {self.field!r}"
        key = f"row {self.seq}" if self.pk is None else f"pk {self.pk!r:.80} (row {self.seq})"
        return f"{self.collection}, {key}{field}: {self.why}"


@dataclass
class Ledger:
    """What is lost of one collection: passed on to ``report`` at once, so that no list of it grows in memory."""

    collection: str
    report: Callable[[Lost], object]
    seqs: array[int] = field(default_factory=lambda: array("q"))

    def lost(self, seq: int, pk: Any, field: str | None, why: str) -> None:
        self.seqs.append(seq)
        self.report(Lost(self.collection, seq, pk, field, why))


@dataclass(frozen=True, slots=True)
class Recovered:
    """How a collection fared. ``expected``: the rows that were written, None where that number is damaged too."""

    collection: str
    written: int
    expected: int | None
    listed: int
    """Rows that were named as lost."""

    @property
    def lost(self) -> int:
        """Rows that are missing, whether or not something is left to name them by."""
        if self.expected is None:
            return self.listed
        return max(self.expected - self.written, 0)


@dataclass(frozen=True, slots=True)
class Recovery:
    """The outcome. ``notes``: what was lost or changed besides rows, in sentences."""

    source: str
    target: str
    collections: tuple[Recovered, ...]
    notes: tuple[str, ...]

    @property
    def written(self) -> int:
        return sum(one.written for one in self.collections)

    @property
    def lost(self) -> int:
        return sum(one.lost for one in self.collections)

    @property
    def is_complete(self) -> bool:
        """Whether the new file has all that was written."""
        return not self.lost and not self.notes and all(one.listed == 0 for one in self.collections)
