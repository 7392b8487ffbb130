"""Random filters over random rows: the vectorised evaluation agrees with the row-by-row oracle."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from milvus_store_lite import filters as tree
from milvus_store_lite import times
from milvus_store_lite.data_types import INTEGER_RANGES, DataType
from milvus_store_lite.filters import FilterError, compile_filter, parse

from .oracle import Oracle, like
from .rows import MemoryRows
from .schemas import DYNAMIC
from .unparse import unparse

INT_FIELDS = ("id", "tiny", "small", "middle", "big")
NUMBER_FIELDS = (*INT_FIELDS, "single", "double")
STRING_FIELDS = ("name", "tenant")
KEYS = ("a", "b", "ключ")
INSTANTS = (
    "2024-02-29T23:59:59.999999Z",
    "2025-01-31T12:00:00+08:00",
    "1969-12-31T00:00:00Z",
    "2025-03-31T00:00:00.5-11:30",
)
REGEXES = ("a", "^a", "b?$", "[ab]{2}", "%|_", "é+", "a.b", "^$")
SPANS = ("P1D", "P1M", "P1Y2M3DT4H5S", "P12M", "PT36H")


def near(*values: int) -> st.SearchStrategy[int]:
    return st.builds(int.__add__, st.sampled_from(values), st.integers(-2, 2))


def ints_of(dtype: DataType) -> st.SearchStrategy[int]:
    low, high = INTEGER_RANGES[dtype]
    edges = near(0, low, high, 2**53, -(2**53)).filter(lambda value: low <= value <= high)
    return edges | st.integers(max(low, -9), min(high, 9))


words = st.text(alphabet="ab%_\\\"'\n\r\té\U0001f600\u0000", max_size=4) | st.sampled_from(["", "a", "ab"])
doubles = (
    st.floats(allow_nan=False)
    | st.sampled_from([0.5, 1.0, 1.5, -2.5, 2.0**53, 2.0**63, -(2.0**63), 1e300])
    | st.integers(-9, 9).map(float)
)
singles = (st.floats(width=32, allow_nan=False) | st.sampled_from([0.1, 1.1, 2.5])).map(
    lambda value: float(np.float32(value))
)
constants_int = near(0, 2**7, -(2**31), 2**53, 2**63, -(2**63), 2**64, 10**400) | st.integers(-9, 9)
constants_number = constants_int | doubles.filter(math.isfinite) | st.sampled_from([0.1, 1.1])
json_values = st.recursive(
    st.none() | st.booleans() | ints_of(DataType.INT64) | doubles | words,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=3),
    max_leaves=6,
)
documents = st.dictionaries(st.sampled_from(KEYS), json_values, max_size=3)


def nullable(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


rows = st.lists(
    st.fixed_dictionaries(
        {
            "id": ints_of(DataType.INT64),
            "flag": nullable(st.booleans()),
            "tiny": nullable(ints_of(DataType.INT8)),
            "small": nullable(ints_of(DataType.INT16)),
            "middle": nullable(ints_of(DataType.INT32)),
            "big": nullable(ints_of(DataType.INT64)),
            "single": nullable(singles),
            "double": nullable(doubles),
            "name": nullable(words),
            "tenant": words,
            "meta": nullable(documents),
            "tags": nullable(st.lists(words, max_size=3)),
            "ranks": nullable(st.lists(ints_of(DataType.INT32), max_size=3)),
            "shares": st.lists(singles, max_size=3),
            "flags": nullable(st.lists(st.booleans(), max_size=3)),
            "moment": nullable(st.integers(-(2**53), 2**53) | st.sampled_from(INSTANTS).map(times.instant)),
            "$meta": documents,
        }
    ),
    max_size=6,
)

names = st.sampled_from
steps = st.lists(st.sampled_from(KEYS) | st.integers(0, 1), min_size=1, max_size=2).map(tuple)
paths = (
    st.builds(tree.Path, st.sampled_from(["meta", "$meta"]), steps)
    | st.builds(tree.Path, st.sampled_from(["a", "b"]), steps)
    | st.builds(tree.Name, st.sampled_from(["a", "b"]))
)
elements = st.builds(
    tree.Path, st.sampled_from(["ranks", "shares"]), st.integers(0, 2).map(lambda place: (place,))
)
arrays = st.builds(tree.Name, st.sampled_from(["tags", "ranks", "shares", "flags"])) | paths
lengths = st.builds(tree.Call, st.just("array_length"), st.tuples(arrays))
numbers_plain = st.builds(tree.Name, names(NUMBER_FIELDS)) | paths | elements
divisors = st.builds(tree.Literal, constants_number.filter(bool)) | numbers_plain
numbers = st.recursive(
    numbers_plain,
    lambda inner: st.one_of(
        st.builds(tree.Unary, st.sampled_from(["+", "-"]), inner),
        st.builds(
            tree.Arithmetic,
            st.sampled_from(["+", "-", "*"]),
            inner | st.builds(tree.Literal, constants_number),
            inner,
        ),
        st.builds(tree.Arithmetic, st.sampled_from(["/", "%"]), inner, divisors),
    ),
    max_leaves=4,
)
number_literals = st.builds(tree.Literal, constants_number)
bit_operands = st.builds(tree.Name, names(INT_FIELDS)) | paths
bits = st.recursive(
    bit_operands,
    lambda inner: st.one_of(
        st.builds(tree.Unary, st.just("~"), inner),
        st.builds(
            tree.Arithmetic,
            st.sampled_from(["&", "|", "^"]),
            inner | st.builds(tree.Literal, constants_int),
            inner,
        ),
        st.builds(
            tree.Arithmetic,
            st.sampled_from(["<<", ">>"]),
            inner,
            bit_operands | st.builds(tree.Literal, st.integers(0, 63)),
        ),
    ),
    max_leaves=3,
)
string_names = (
    st.builds(tree.Name, names(STRING_FIELDS))
    | paths
    | st.builds(tree.Path, st.just("tags"), st.integers(0, 2).map(lambda place: (place,)))
)
string_literals = st.builds(tree.Literal, words)
flags = st.builds(tree.Name, st.just("flag")) | paths
flag_literals = st.builds(tree.Literal, st.booleans())
orders = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
equality = st.sampled_from(["==", "!="])
patterns = st.text(alphabet="ab%_é\n", max_size=5)


def lists(items: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.builds(tree.ListOf.of, st.lists(items.map(lambda item: item.value), max_size=4))


def array_of(items: st.SearchStrategy[Any], *fields: str) -> st.SearchStrategy[Any]:
    """Conditions on arrays whose elements could be among ``items``, plain values."""
    named = st.builds(tree.Name, st.sampled_from(fields)) | paths
    listed = st.builds(tree.ListOf.of, st.lists(items, max_size=3))
    kinds = st.sampled_from(["array", "json"])
    one = st.builds(
        lambda kind, array, value: tree.Call(f"{kind}_contains", (array, tree.Literal(value))),
        kinds,
        named,
        items,
    )
    several = st.builds(
        lambda kind, suffix, array, values: tree.Call(f"{kind}_contains_{suffix}", (array, values)),
        kinds,
        st.sampled_from(["all", "any"]),
        named,
        listed,
    )
    return one | several | st.builds(tree.Compare, equality, named, listed)


def counted(condition: st.SearchStrategy[Any], *fields: str) -> st.SearchStrategy[Any]:
    """Conditions on how many elements satisfy ``condition``."""
    named = st.builds(tree.Name, st.sampled_from(fields))
    simple = st.builds(
        lambda function, array, element: tree.Call(function, (array, element)),
        st.sampled_from(["element_filter", "match_any", "match_all"]),
        named,
        condition,
    )
    thresholds = st.integers(0, 3).map(lambda least: (("threshold", tree.Literal(least)),))
    bounded = st.builds(
        lambda function, array, element, options: tree.Call(function, (array, element), options),
        st.sampled_from(["match_least", "match_most", "match_exact"]),
        named,
        condition,
        thresholds,
    )
    return simple | bounded


json_lists = st.recursive(
    st.lists(st.integers(-3, 3) | words | st.booleans() | st.sampled_from([1.0, 2.5]), max_size=3),
    lambda inner: st.lists(inner | st.integers(0, 2), max_size=2),
    max_leaves=4,
)


def as_list(values: list[Any]) -> tree.ListOf:
    """As the parser reads it: plain values only if there are no others."""
    if not any(isinstance(one, list) for one in values):
        return tree.ListOf.of(values)
    return tree.ListOf(tuple(as_list(one) if isinstance(one, list) else tree.Literal(one) for one in values))


element = st.just(tree.Element())
numbers_of_element = st.builds(tree.Compare, orders, element, number_literals) | st.builds(
    tree.In, element, lists(number_literals), st.booleans()
)
strings_of_element = st.builds(tree.Compare, orders, element, string_literals) | st.builds(
    tree.Like, element, st.builds(tree.Literal, patterns)
)
moments = st.builds(tree.Name, st.just("moment"))
instants = st.builds(tree.Instant, st.sampled_from(INSTANTS))
array_leaves = st.one_of(
    array_of(constants_number, "ranks", "shares"),
    array_of(words, "tags"),
    array_of(st.booleans(), "flags"),
    st.builds(lambda path, values: tree.Call("json_contains", (path, as_list(values))), paths, json_lists),
    st.builds(lambda op, path, values: tree.Compare(op, path, as_list(values)), equality, paths, json_lists),
    st.builds(tree.Compare, orders, lengths, st.builds(tree.Literal, st.integers(-1, 4))),
    counted(st.builds(tree.Not, numbers_of_element) | numbers_of_element, "ranks"),
    counted(strings_of_element, "tags"),
)
later_leaves = st.one_of(
    st.builds(tree.Compare, orders, bits, number_literals | bits),
    st.builds(tree.Exists, paths),
    st.builds(tree.Regex, string_names, st.builds(tree.Literal, st.sampled_from(REGEXES)), st.booleans()),
    st.builds(tree.Compare, orders, moments, instants),
    st.builds(
        tree.Compare,
        orders,
        st.builds(
            tree.Arithmetic,
            st.sampled_from(["+", "-"]),
            moments,
            st.builds(tree.Interval, st.sampled_from(SPANS)),
        ),
        instants,
    ),
    st.builds(tree.IsNull, st.builds(tree.Name, names(["tags", "moment"])) | elements, st.booleans()),
)
leaves = st.one_of(
    array_leaves,
    later_leaves,
    st.builds(tree.Compare, orders, numbers, number_literals | numbers),
    st.builds(tree.Compare, orders, number_literals, numbers),
    st.builds(tree.Compare, orders, string_names, string_literals | string_names),
    st.builds(tree.Compare, orders, string_literals, string_names),
    st.builds(tree.Compare, equality, flags, flag_literals | flags),
    st.builds(
        tree.Range,
        number_literals,
        st.sampled_from(["<", "<="]),
        numbers_plain,
        st.sampled_from(["<", "<="]),
        number_literals,
    ),
    st.builds(tree.In, numbers, lists(number_literals), st.booleans()),
    st.builds(tree.In, string_names, lists(string_literals), st.booleans()),
    st.builds(tree.In, flags, lists(flag_literals), st.booleans()),
    st.builds(tree.In, paths, lists(number_literals | string_literals | flag_literals), st.booleans()),
    st.builds(tree.Like, string_names, st.builds(tree.Literal, patterns)),
    st.builds(
        tree.IsNull, st.builds(tree.Name, names([*NUMBER_FIELDS, "name", "flag", "meta"])), st.booleans()
    ),
    st.builds(tree.IsNull, paths, st.booleans()),
    flags,
    flag_literals,
)
conditions = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(tree.Not, inner),
        st.builds(tree.And, st.lists(inner, min_size=2, max_size=3).map(tuple)),
        st.builds(tree.Or, st.lists(inner, min_size=2, max_size=3).map(tuple)),
    ),
    max_leaves=4,
)
thorough = settings(
    deadline=None, max_examples=800, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def expected(expression: tree.Expression, table: list[dict[str, Any]]) -> list[bool]:
    return [Oracle(DYNAMIC).matches(expression, row) for row in table]


@thorough
@given(conditions, rows)
def test_a_mask_says_what_the_oracle_says_row_by_row(
    expression: tree.Expression, table: list[dict[str, Any]]
) -> None:
    mask = compile_filter(expression, DYNAMIC).mask(MemoryRows(table))
    assert mask.dtype == np.bool_
    assert mask.tolist() == expected(expression, table)


@settings(deadline=None, max_examples=400, suppress_health_check=[HealthCheck.too_slow])
@given(conditions, rows)
def test_the_text_of_a_tree_means_the_same_as_the_tree(
    expression: tree.Expression, table: list[dict[str, Any]]
) -> None:
    text = unparse(expression)
    assert parse(text) == expression
    assert compile_filter(text, DYNAMIC).mask(MemoryRows(table)).tolist() == expected(expression, table)


@settings(deadline=None, max_examples=500)
@given(conditions, rows, st.sampled_from(["id", "tenant", "big"]))
def test_every_matching_row_has_one_of_the_required_values(
    expression: tree.Expression, table: list[dict[str, Any]], field: str
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
