"""How hard a search looks: what trades its time for its recall."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Effort:
    """``breadth``: inverted lists visited (nprobe) or graph nodes kept (ef); ``candidates``: rows re-ranked."""

    breadth: int
    candidates: int
