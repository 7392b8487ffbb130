"""Random filters over random rows of random schemas: the vectorised evaluation agrees with the row-by-row oracle.

For a longer run: ``python -m tests.filters.agreement 20000``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from milvus_store_lite import filters as tree
from milvus_store_lite.filters import FilterError, compile_filter, parse
from milvus_store_lite.schema.clock import zone_called
from milvus_store_lite.schema.data_types import DataType
from milvus_store_lite.schema.model import Schema

from .draws import conditions_of, tables_of
from .oracle import Oracle
from .oracle_values import like
from .random_schemas import schemas
from .rows import MemoryRows
from .schemas import DYNAMIC
from .unparse import unparse
from .values import ZONES, constants_number, ints_of, nullable, words

# What is drawn from depends on the schema, and is too long to be shown whole.
pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")

conditions, rows = conditions_of(DYNAMIC), tables_of(DYNAMIC)
Table = list[dict[str, Any]]

slowly = [HealthCheck.too_slow, HealthCheck.data_too_large]


def expected(
    expression: tree.Expression, table: Table, schema: Schema = DYNAMIC, zone: str = "UTC"
) -> list[bool]:
    return [Oracle(schema, zone=zone).matches(expression, row) for row in table]


@settings(deadline=None, max_examples=300, suppress_health_check=slowly)
@given(conditions, rows, st.sampled_from(ZONES))
def test_a_mask_says_what_the_oracle_says_row_by_row(
    expression: tree.Expression, table: Table, zone: str
) -> None:
    mask = compile_filter(expression, DYNAMIC, zone=zone_called(zone, "zone")).mask(MemoryRows(table))
    assert mask.dtype == np.bool_
    assert mask.tolist() == expected(expression, table, zone=zone)


@settings(deadline=None, max_examples=100, suppress_health_check=slowly)
@given(schemas, st.data())
def test_it_does_so_for_any_schema(schema: Schema, data: st.DataObject) -> None:
    table = data.draw(tables_of(schema))
    for expression in data.draw(st.lists(conditions_of(schema), min_size=1, max_size=3)):
        mask = compile_filter(unparse(expression), schema).mask(MemoryRows(table))
        assert mask.tolist() == expected(expression, table, schema)


@settings(deadline=None, max_examples=150, suppress_health_check=slowly)
@given(conditions, rows)
def test_the_text_of_a_tree_means_the_same_as_the_tree(expression: tree.Expression, table: Table) -> None:
    text = unparse(expression)
    assert parse(text) == expression
    assert compile_filter(text, DYNAMIC).mask(MemoryRows(table)).tolist() == expected(expression, table)


@settings(deadline=None, max_examples=150, suppress_health_check=slowly)
@given(conditions, rows, st.sampled_from(["id", "tenant", "big"]))
def test_every_matching_row_has_one_of_the_required_values(
    expression: tree.Expression, table: Table, field: str
) -> None:
    compiled = compile_filter(expression, DYNAMIC)
    required = compiled.required_values(field)
    for row, matches in zip(table, compiled.mask(MemoryRows(table)), strict=True):
        assert not matches or required is None or row[field] in required


@settings(deadline=None, max_examples=300)
@given(words, st.text(alphabet="ab%_é\n\t\U0001f600", max_size=8))
def test_like_agrees_with_a_regular_expression(word: str, pattern: str) -> None:
    row = {"name": word}
    mask = compile_filter("name like {p}", DYNAMIC, {"p": pattern}).mask(MemoryRows([row]))
    assert mask.tolist() == [like(word, pattern)]


@settings(deadline=None, max_examples=150)
@given(
    st.lists(nullable(ints_of(DataType.INT64) | st.integers(-50, 50)), max_size=8),
    st.lists(constants_number | st.integers(-50, 50), min_size=17, max_size=40),
    st.booleans(),
)
def test_a_long_list_agrees_with_the_oracle(
    values: list[int | None], choices: list[int | float], negated: bool
) -> None:
    table = [{"big": value, "tiny": None if value is None else value % 100} for value in values]
    for field in ("big", "tiny"):
        expression = tree.In(tree.Name(field), tree.ListOf.of(choices), negated)
        mask = compile_filter(expression, DYNAMIC).mask(MemoryRows(table))
        assert mask.tolist() == expected(expression, table)


PIECES = r"""=~ !~ << >> iso interval tags ranks[0] moment array_contains( match_any( threshold= $ $[x] a[x] )
random_sample(0.5) text_match(text, a id name and or not in like is null == != < <= > >= + - * / % ** ( ) [ ] ,
'x' "y" r'z' 1 0x 089 1e5 .5 {t} $meta $ & | ^ ~ = ! true True AND Is \ ' " json_contains( exists 0b1
meta['a'] st_within(place, 'POINT'PT1H' u8'x' [1, [2]] [1,2,"""
pieces = st.sampled_from([*PIECES.split(), "\n", "\u00a0"])


@settings(deadline=None, max_examples=600)
@given(st.lists(pieces, max_size=12).map(" ".join) | st.text(max_size=20))
def test_any_text_either_compiles_or_is_a_filter_error(text: str) -> None:
    column = None
    try:
        compile_filter(text, DYNAMIC, {"t": 1})
    except FilterError as error:
        column = error.column
    assert column is None or 1 <= column <= len(text) + 1
