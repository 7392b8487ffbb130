"""How hard a search looks: what trades its time for its recall."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Effort:
    """``breadth``: inverted lists visited (nprobe) or graph nodes kept (ef); ``candidates``: rows taken from
    them; ``rerank_k``: those of the candidates that are left when finer codes have ranked them, None where
    there are no finer codes. The last ones are re-ranked by their vectors.
    """

    breadth: int
    candidates: int
    rerank_k: int | None = None
