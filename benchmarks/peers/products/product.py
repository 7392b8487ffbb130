"""What every embedded vector database of the comparison is asked to do, behind the same few calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Any, ClassVar, Final

from ... import data

Row = dict[str, Any]

LIMIT: Final = 10
NAME: Final = "bench"
PAYLOAD: Final = ("bucket", "tenant", "color")

LINKS: Final = 16
CONSTRUCTION: Final = 200
EF: Final = 64
EFS: Final = (16, 32, 64, 128, 256)
"""Every HNSW graph has the same M, efConstruction and ef: with these all find 0.99 of the ten nearest among
100,000 x 384, and zvec's own defaults (50, 500, 300) would cost it four fifths of its speed."""


class Sharing(Enum):
    """How many processes may have one database open."""

    ALONE = "one process at a time"
    READERS = "many processes that read, or one that writes"
    ALL = "many processes that read and write"


class Product:
    """One database in ``folder``; rows as ``data.filtered_rows`` makes them, nearest by cosine.

    Each is set up as its own documentation shows, and imports what it needs when it is opened.
    """

    title: ClassVar[str]
    """Its name in tables and plots."""
    needs: ClassVar[Mapping[str, str]]
    """Modules that must be importable, each with the package that brings it."""
    settings: ClassVar[str]
    """What was chosen where there is a choice: index, its parameters, and what is durable when."""
    sharing: ClassVar[Sharing]
    efforts: ClassVar[Sequence[int]] = ()
    """Values of ``effort`` that trade speed for recall, if one number does."""
    effort: int = 0
    """What the next searches use, of ``efforts``."""

    def __init__(self, folder: Path, read_only: bool) -> None:
        """
        Args:
            folder: an empty one, or one in which this product wrote before.
            read_only: nothing will be written through this object.
        """
        raise NotImplementedError

    def create(self, dim: int) -> None:
        """Make the collection."""
        raise NotImplementedError

    def insert(self, rows: list[Row]) -> None:
        """Add rows; they are on disk on return as far as this product does that."""
        raise NotImplementedError

    def index(self) -> None:
        """Build what searches go by, if it was not built with the inserts."""

    def search(self, query: data.Floats, filter: data.Filter | None) -> list[int]:
        """The ids of the ``LIMIT`` rows nearest to ``query``; from any thread."""
        raise NotImplementedError

    def close(self) -> None: ...


def payload(row: Row) -> Row:
    """What a row has beside its id and its vector."""
    return {name: row[name] for name in PAYLOAD}
