"""Compares the evaluation with the oracle on many cases: ``python -m tests.filters.agreement 20000``.

A case is one expression over the rows of one schema. Prints what differs, and how much was compared.
"""

from __future__ import annotations

import sys
import time
import warnings

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from milvus_store_lite.clock import zone_called
from milvus_store_lite.filters import compile_filter
from milvus_store_lite.schema import Schema

from .draws import conditions_of, tables_of
from .oracle import Oracle
from .random_schemas import schemas
from .rows import MemoryRows
from .unparse import unparse
from .values import ZONES

_CASES_PER_SCHEMA = 10
_KINDS = {"iso ": "with times", "phrase_match": "with phrases", "$[": "with structs"}
"""What is counted apart, by what its expressions contain."""


def main(cases: int) -> None:
    compared = {"schemas": 0, "cases": 0, "rows": 0, "matches": 0, **dict.fromkeys(_KINDS.values(), 0)}
    started = time.monotonic()

    @settings(
        deadline=None,
        max_examples=max(1, cases // _CASES_PER_SCHEMA),
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
        database=None,
    )
    @given(schemas, st.data())
    def compare(schema: Schema, data: st.DataObject) -> None:
        compared["schemas"] += 1
        for _ in range(_CASES_PER_SCHEMA):
            table = data.draw(tables_of(schema))
            text = unparse(expression := data.draw(conditions_of(schema)))
            zone = data.draw(st.sampled_from(ZONES))
            compiled = compile_filter(text, schema, zone=zone_called(zone, "zone"))
            mask = compiled.mask(MemoryRows(table)).tolist()
            assert mask == [Oracle(schema, zone=zone).matches(expression, row) for row in table], text
            for kind in {kind for name, kind in _KINDS.items() if name in text.lower()}:
                compared[kind] += 1
            compared["cases"] += 1
            compared["rows"] += len(table)
            compared["matches"] += sum(mask)

    warnings.filterwarnings("ignore", "Generating overly large repr")
    compare()
    counts = ", ".join(f"{count:,} {name}" for name, count in compared.items())
    print(f"{counts}: 0 differences, {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main(int(sys.argv[1]))
