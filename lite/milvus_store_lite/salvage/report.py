"""The report of a salvage: each lost row, and how many rows of each collection were saved.

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
class Losses:
    """Passes each lost row of one collection on to ``report`` at once, so that no list grows in memory."""

    collection: str
    report: Callable[[Lost], object]
    seqs: array[int] = field(default_factory=lambda: array("q"))

    def add(self, seq: int, pk: Any, field: str | None, why: str) -> None:
        self.seqs.append(seq)
        self.report(Lost(self.collection, seq, pk, field, why))


@dataclass(frozen=True, slots=True)
class Recovered:
    """The outcome of a collection. ``expected``: the rows that were written, None where that number is damaged
    too."""

    collection: str
    written: int
    expected: int | None
    listed: int
    """Rows that were reported as lost."""

    @property
    def lost(self) -> int:
        """Rows that are missing, reported or not."""
        if self.expected is None:
            return self.listed
        return max(self.expected - self.written, 0)


@dataclass(frozen=True, slots=True)
class Recovery:
    """The outcome. ``notes``: sentences about losses and changes besides rows."""

    source: str
    target: str
    collections: tuple[Recovered, ...]
    notes: tuple[str, ...]

    @property
    def written(self) -> int:
        return sum(collection.written for collection in self.collections)

    @property
    def lost(self) -> int:
        return sum(collection.lost for collection in self.collections)

    @property
    def is_complete(self) -> bool:
        """Whether the new file has everything that was written."""
        return (
            not self.lost
            and not self.notes
            and all(collection.listed == 0 for collection in self.collections)
        )
