"""Compares the evaluation with the oracle on many cases: ``python -m tests.filters.agreement 20000 [seed]``.

A case is one expression over the rows of one schema, read in one time zone: a quarter over the schema that has a
field of every type, the others over random schemas. Prints what differs, how much was compared, and the seed that
draws the same cases again.
"""

from __future__ import annotations

import itertools
import sys
import time
import warnings
from collections import Counter
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from milvus_store_lite import filters as tree
from milvus_store_lite.filters import compile_filter
from milvus_store_lite.schema.clock import zone_called
from milvus_store_lite.schema.model import Schema

from .draws import conditions_of, tables_of
from .oracle import Oracle
from .random_schemas import schemas
from .rows import MemoryRows
from .schemas import DYNAMIC
from .unparse import unparse
from .values import ZONES

_CASES_PER_SCHEMA = 60
_KINDS = {"iso ": "with times", "phrase_match": "with phrases", "$[": "with conditions on structs"}
"""What is counted apart, by what its expressions contain."""


def main(cases: int, start: int) -> None:
    compared: Counter[str] = Counter()
    started = time.monotonic()
    warnings.filterwarnings("ignore", "Generating overly large repr")
    numbers = itertools.count(start)
    compare(DYNAMIC, cases // 4, next(numbers), compared)

    @seed(start)
    @_thorough(max(1, cases * 3 // 4 // _CASES_PER_SCHEMA))
    @given(schemas)
    def compare_any(schema: Schema) -> None:
        compare(schema, _CASES_PER_SCHEMA, next(numbers), compared)

    compare_any()
    counts = ", ".join(f"{count:,} {name}" for name, count in compared.items())
    print(f"{counts}: 0 differences, seed {start}, {time.monotonic() - started:.0f} s")


def compare(schema: Schema, cases: int, number: int, compared: Counter[str]) -> None:
    """Raise for the simplest case found, of ``cases`` by the seed ``number``, in which the two differ."""

    @seed(number)
    @_thorough(cases)
    @given(tables_of(schema), conditions_of(schema), st.sampled_from(ZONES))
    def agree(table: list[dict[str, Any]], expression: tree.Expression, zone: str) -> None:
        text = unparse(expression)
        compiled = compile_filter(text, schema, zone=zone_called(zone, "zone"))
        mask = compiled.mask(MemoryRows(table)).tolist()
        assert mask == [Oracle(schema, zone=zone).matches(expression, row) for row in table], text
        compared.update({"cases": 1, "rows": len(table), "matches": sum(mask)})
        compared.update({kind: 1 for name, kind in _KINDS.items() if name in text.lower()})

    agree()
    compared["schemas"] += 1


def _thorough(examples: int) -> settings:
    return settings(
        deadline=None,
        max_examples=examples,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
        database=None,
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else time.time_ns() % 10**9)
