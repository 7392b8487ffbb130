"""The result of a check: problems, each with its place, and the report that gathers them.

Plain data; it knows nothing of how a problem is found.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault. ``place``: the file, a catalog table, a collection or one of its fields."""

    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of a check of the file at ``path``: what it holds, and what is wrong with it."""

    path: str
    collections: int
    rows: int
    problems: tuple[Problem, ...]

    @property
    def is_sound(self) -> bool:
        return not self.problems
