"""Thresholds by which a few hundred rows are worth an index, and worth a search by it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from milvus_store_lite.indexes import registry
from milvus_store_lite.search import plan


def lower(
    set_item: Callable[..., None] = dict.__setitem__,
    set_attribute: Callable[..., None] = setattr,
    least_rows: int = 500,
) -> None:
    """Let every index be built from ``least_rows`` rows on. Takes monkeypatch's methods; without, it stays so."""
    for name, kind in registry.DENSE_INDEXES.items():
        if kind.least_rows is not None:
            set_item(registry.DENSE_INDEXES, name, dataclasses.replace(kind, least_rows=least_rows))
    set_attribute(plan, "_FEW_RESIDENT", 20)
    set_attribute(plan, "_FEW_STORED", 20)
    set_attribute(plan, "_FEW_REFINED", 20)
    set_attribute(plan, "_FEW_CODED", 200)
    set_attribute(plan, "_SCORE_MICROSECONDS", 1e6)
    set_attribute(plan, "_RANK_MICROSECONDS", 1e6)
