"""Thresholds by which a few hundred rows are worth an index, and worth a search by it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

from milvus_store_lite.indexes import tuning

LOW: Final = tuning.Tuning(
    least_rows=500,
    few_resident=20,
    few_stored=20,
    few_refined=20,
    few_coded=200,
    score_microseconds=1e6,
    rank_microseconds=1e6,
)


def lower(**others: int) -> None:
    """Let few rows be worth an index in this process, by ``LOW`` with these ``others``."""
    tuning.use(replace(LOW, **others))


@contextmanager
def lowered(**others: int) -> Iterator[None]:
    """The same inside the block only."""
    before = tuning.use(replace(LOW, **others))
    try:
        yield
    finally:
        tuning.use(before)
