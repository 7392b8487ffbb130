"""Thresholds by which a few hundred rows are worth an index, and worth a search by it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from milvus_store_lite.indexes import registry
from milvus_store_lite.search import plan

LEAST_ROWS = 500


def lower(
    set_item: Callable[..., None] = dict.__setitem__, set_attribute: Callable[..., None] = setattr
) -> None:
    """Let every index be built from ``LEAST_ROWS`` rows on. Takes monkeypatch's methods, or none to stay so."""
    for name, kind in registry.DENSE_INDEXES.items():
        if kind.least_rows is not None:
            set_item(registry.DENSE_INDEXES, name, dataclasses.replace(kind, least_rows=LEAST_ROWS))
    set_attribute(plan, "_FEW_RESIDENT", 20)
    set_attribute(plan, "_FEW_STORED", 20)
