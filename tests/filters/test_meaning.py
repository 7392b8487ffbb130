"""What filters match: nulls, JSON documents, exact numbers, templates, and what the planner may ask."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import numpy as np
import pytest

from milvus_store_lite.filters import And, Compare, In, ListOf, Literal, Name, Or, compile_filter, parse
from milvus_store_lite.schema import times

from .rows import MemoryRows
from .schemas import DYNAMIC, FIELDS, STRICT

EMPTY: dict[str, Any] = {field.name: None for field in FIELDS} | {
    "tenant": "t",
    "id": 0,
    "shares": [],
    "$meta": {},
}


def matching(text: str, rows: list[dict[str, Any]], params: dict[str, Any] | None = None) -> list[int]:
    """The positions of the ``rows`` that match; fields they leave out are null."""
    table = MemoryRows([EMPTY | row for row in rows])
    mask = compile_filter(text, DYNAMIC, params).mask(table)
    assert mask.shape == (len(rows),)
    return np.flatnonzero(mask).tolist()


NULLS = [{"big": 1, "name": "a"}, {"big": 2, "name": "b"}, {}]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("big == 1", [0]),
        ("big != 1", [1]),
        ("not (big == 1)", [1]),
        ("not (big != 1)", [0]),
        ("big in []", []),
        ("big not in []", [0, 1]),
        ("name not in ['a']", [1]),
        ("not (name like 'a')", [1]),
        ("big + 1 != 2", [1]),
        ("big is null", [2]),
        ("not (big is not null)", [2]),
        ("big == 1 or big is null", [0, 2]),
        ("not (big == 1 and name == 'z')", [0, 1]),
        ("not (big == 1 and id == 9)", [0, 1, 2]),
        ("big == 1 or id == 0", [0, 1, 2]),
        ("true", [0, 1, 2]),
        ("1 > 2 or not true", []),
    ],
)
def test_a_null_makes_a_condition_unknown_and_unknown_never_matches(text: str, found: list[int]) -> None:
    assert matching(text, NULLS) == found


DOCUMENTS: list[dict[str, Any]] = [
    {"meta": {"a": 1}},
    {"meta": {"a": "1"}},
    {"meta": {"a": None}},
    {"meta": {}},
    {"meta": None},
    {"meta": {"a": True}},
    {"meta": {"a": [1]}},
    {"meta": {"a": 1.0}},
]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("meta['a'] == 1", [0, 7]),
        ("meta['a'] != 1", [1, 2, 3, 5, 6]),
        ("not (meta['a'] == 1)", [1, 2, 3, 5, 6]),
        ("meta['a'] in [1, '1', true]", [0, 1, 5, 7]),
        ("meta['a'] not in [1]", [1, 2, 3, 5, 6]),
        ("meta['a'] in []", []),
        ("meta['a'] like '%'", [1]),
        ("meta['a'] == true", [5]),
        ("meta['a']", [5]),
        ("meta['a'] >= 0", [0, 7]),
        ("meta['a'] + 1 == 2", [0, 7]),
        ("meta['a'] + 1 != 2", [1, 2, 3, 5, 6]),
        ("meta['a'] is null", [2, 3, 4]),
        ("meta['a'] is not null", [0, 1, 5, 6, 7]),
        ("meta is null", [4]),
        ("meta['a'][0] == 1", [6]),
        ("meta['a'] == meta['a']", [0, 1, 5, 7]),
    ],
)
def test_a_json_path_is_two_valued_unless_the_document_is_null(text: str, found: list[int]) -> None:
    assert matching(text, DOCUMENTS) == found


def test_a_dynamic_key_is_found_by_its_name_or_through_meta() -> None:
    rows = [{"$meta": {"color": "red", "size": {"w": 2}, "big": 7}}, {"$meta": {}}]
    assert matching("color == 'red'", rows) == [0]
    assert matching("$meta['color'] != 'red'", rows) == [1]
    assert matching("size['w'] > 1", rows) == [0]
    assert matching("color is null", rows) == [1]
    assert matching("$meta['big'] == 7", rows) == [0]


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ("big == 9007199254740993", {"big": 2**53 + 1}),
        ("big != 9007199254740992", {"big": 2**53 + 1}),
        ("big > 9007199254740992.0", {"big": 2**53 + 1}),
        ("big < 99999999999999999999", {"big": 2**63 - 1}),
        ("big > -1e300", {"big": -(2**63)}),
        ("double < 9007199254740993", {"double": 2.0**53}),
        ("double not in [9007199254740993]", {"double": 2.0**53}),
        ("double > 9223372036854775807", {"double": 2.0**63}),
        ("double > big", {"double": 2.0**63, "big": 2**63 - 1}),
        ("big < double", {"big": 2**53, "double": 2.0**53 + 2}),
        ("big != double", {"big": 2**53 + 1, "double": 2.0**53}),
        ("tiny < 1.5 and tiny >= 0.5 and tiny == 1.0", {"tiny": 1}),
        ("tiny < 128 and tiny > -129 and tiny != 128", {"tiny": 127}),
        ("single == 1.1 and single in [1.1] and 1.1 <= single <= 1.1", {"single": np.float32(1.1)}),
        ("-single == -1.1", {"single": np.float32(1.1)}),
        ("single != double", {"single": np.float32(1.1), "double": 1.1}),
        ("big + 1 == 9223372036854775808", {"big": 2**63 - 1}),
        ("big * big == 85070591730234615847396907784232501249", {"big": 2**63 - 1}),
        ("-big == 9223372036854775808", {"big": -(2**63)}),
        ("big / -1 == 9223372036854775808 and big % -1 == 0", {"big": -(2**63)}),
        ("big / 2 == -3 and big % 2 == -1", {"big": -7}),
        ("big / 2.0 == -3.5", {"big": -7}),
        ("double % 2 == -1.5", {"double": -3.5}),
        ("big ** 2 == 9 and big ** -1 < 0.4 and 2 ** big == 8", {"big": 3}),
        ("2 ** 3 ** 2 == 64 and -2 ** 2 == -4", {}),
        ("10 / tiny == 5 and 7 - 2 * tiny == 3", {"tiny": 2}),
    ],
)
def test_numbers_compare_and_calculate_exactly(text: str, row: dict[str, Any]) -> None:
    assert matching(text, [row]) == [0]


def test_a_zero_divisor_in_a_row_makes_that_row_unknown() -> None:
    rows = [{"tiny": 0}, {"tiny": 2}]
    for text in ("10 / tiny == 5", "not (10 / tiny == 6)", "10.0 / tiny == 5", "10 % tiny == 0"):
        assert matching(text, rows) == [1]


def test_strings_compare_by_code_point_across_columns() -> None:
    rows = [{"name": "a", "tenant": "b"}, {"name": "z", "tenant": "a"}, {"name": "é", "tenant": "é"}, {}]
    assert matching("name < tenant", rows) == [0]
    assert matching("name == tenant", rows) == [2]
    assert matching("name != tenant", rows) == [0, 1]
    assert matching("name > 'z'", rows) == [2]
    assert matching("'a' < name", rows) == [1, 2]
    assert matching("name in ['z', 'é', 'nobody']", rows) == [1, 2]


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("abc", [0]),
        ("a%", [0, 1, 2]),
        ("%c", [0, 1]),
        ("%b%", [0, 4]),
        ("a_c", [0, 1]),
        ("a%c", [0, 1]),
        ("___", [0, 1]),
        ("%", [0, 1, 2, 3, 4]),
        ("%%b%%", [0, 4]),
        (r"100\%", [3]),
        ("A%", []),
    ],
)
def test_like_is_over_the_whole_string(pattern: str, found: list[int]) -> None:
    rows = [{"name": name} for name in ("abc", "axc", "a\nd!", "100%", "100b")]
    assert matching(f"name like '{pattern}'", rows) == found


def test_like_takes_line_ends_as_characters() -> None:
    assert matching("name like 'a_b%'", [{"name": "a\nb\n"}]) == [0]


def test_a_template_is_never_parsed() -> None:
    evil = "' or 1 == 1 or name == '"
    rows = [{"name": evil}, {"name": "other"}]
    assert matching("name == {x}", rows, {"x": evil}) == [0]
    assert matching("name in {x}", rows, {"x": [evil, "{y}"]}) == [0]


@pytest.mark.parametrize("values", [[1, 2], (1, 2), {1, 2}, np.array([1, 2]), [np.int8(1), np.float32(2)]])
def test_a_template_takes_any_list_of_numbers(values: Any) -> None:
    assert matching("big in {values}", [{"big": 1}, {"big": 3}], {"values": values, "unused": None}) == [0]


def test_a_template_may_be_a_condition_or_a_pattern() -> None:
    assert matching("{all} or name like {p}", [{"name": "ab"}], {"all": np.False_, "p": "a%"}) == [0]


def test_a_long_list_finds_what_a_short_one_finds() -> None:
    rows = [{"name": str(number), "big": number} for number in range(100)] + [{}]
    wanted = list(range(10, 60))
    assert matching("big in {v}", rows, {"v": wanted}) == wanted
    assert matching("name in {v}", rows, {"v": list(map(str, wanted))}) == wanted
    assert matching("name not in {v} and big < 60", rows, {"v": list(map(str, wanted))}) == list(range(10))


def test_no_rows_give_an_empty_mask() -> None:
    for text in (
        "big == 1",
        "big * 2 / id > 1",
        "name like '%a_'",
        "name < tenant",
        "meta['a'] in [1]",
        "true",
    ):
        assert matching(text, []) == []


def test_a_tree_is_combined_with_a_users_text() -> None:
    tree = And((Compare("==", Name("tenant"), Literal("x' or true")), parse("big > 1 or true")))
    mask = compile_filter(tree, STRICT).mask(MemoryRows([EMPTY | {"tenant": "x' or true"}, EMPTY]))
    assert mask.tolist() == [True, False]
    assert compile_filter(And(()), STRICT).mask(MemoryRows([EMPTY])).tolist() == [True]
    assert compile_filter(Or(()), STRICT).mask(MemoryRows([EMPTY])).tolist() == [False]


def test_a_tree_may_hold_numpy_scalars() -> None:
    tree = Or((Compare("==", Name("big"), Literal(np.int64(5))), In(Name("id"), ListOf.of(np.array([7])))))
    assert compile_filter(tree, STRICT).mask(MemoryRows([EMPTY | {"big": 5}, EMPTY])).tolist() == [
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("text", "required"),
    [
        ("tenant == 'a'", {"a"}),
        ("'a' == tenant and big > 1", {"a"}),
        ("tenant in ['a', 'b'] and tenant in ['b', 'c']", {"b"}),
        ("tenant == 'a' and tenant == 'b'", set()),
        ("tenant == 'a' or tenant in ['b']", {"a", "b"}),
        ("(tenant == 'a' and big == 1) and flag", {"a"}),
        ("tenant == 'a' or big == 1", None),
        ("not (tenant == 'a')", None),
        ("tenant != 'a'", None),
        ("tenant like 'a'", None),
        ("tenant in []", set()),
        ("false", set()),
        ("true", None),
    ],
)
def test_the_planner_learns_which_values_a_field_must_have(text: str, required: set[str] | None) -> None:
    assert compile_filter(text, DYNAMIC).required_values("tenant") == required


def test_required_values_are_what_the_field_stores() -> None:
    required = compile_filter("id in [1.0, 1.5, 2, 99999999999999999999]", DYNAMIC).required_values("id")
    assert required == {1, 2}
    assert {type(value) for value in required} == {int}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("(big & 6) == 2", [0]),
        ("(big | 1) == 3", [0]),
        ("(big ^ 3) == 1", [0]),
        ("big << 2 == 8", [0]),
        ("big >> 1 == 1", [0]),
        ("~big == -3", [0]),
        ("-1 >> 63 == -1 and big << 62 == 9223372036854775808", [0]),
        ("1 << tiny == 16", [0]),
        ("not (1 << tiny == 16)", [2]),
        ("(99999999999999999999 & big) == 2", [0]),
        ("(meta['n'] & 1) == 1", [0]),
        ("not ((meta['n'] & 1) == 1)", [1, 2]),
    ],
)
def test_operators_on_bits_take_integers_and_leave_other_values_out(text: str, found: list[int]) -> None:
    rows = [
        {"big": 2, "tiny": 4, "meta": {"n": 5}},
        {"tiny": -1, "meta": {"n": 5.0}},
        {"big": 5, "tiny": 5, "meta": {}},
        {},
    ]
    assert matching(text, rows) == found


ARRAYS: list[dict[str, Any]] = [
    {"tags": ["a", "b"], "ranks": [1, 2, 3], "shares": [0.1], "flags": [True, False]},
    {"tags": [], "ranks": [], "flags": []},
    {"ranks": [3], "shares": [1.0, 2.5], "flags": [False]},
]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("array_contains(tags, 'a')", [0]),
        ("not array_contains(tags, 'a')", [1]),
        ("ARRAY_CONTAINS(ranks, 3)", [0, 2]),
        ("array_contains(ranks, 3.0)", [0, 2]),
        ("array_contains(shares, 0.1)", [0]),
        ("array_contains(flags, true)", [0]),
        ("json_contains(ranks, 1)", [0]),
        ("array_contains_all(ranks, [1, 3])", [0]),
        ("array_contains_all(ranks, [])", [0, 1, 2]),
        ("array_contains_any(ranks, [2, 9])", [0]),
        ("array_contains_any(tags, {t})", [0]),
        ("array_contains_any(tags, [])", []),
        ("not array_contains_any(tags, [])", [0, 1]),
        ("array_length(ranks) == 0", [1]),
        ("array_length(tags) != 2", [1]),
        ("array_length(ranks) + 1 in [2, 4]", [0, 2]),
        ("ranks[0] == 1", [0]),
        ("ranks[0] != 1", [2]),
        ("not (ranks[2] > 5)", [0]),
        ("0 < ranks[1] <= 2", [0]),
        ("ranks[0] + ranks[1] == 3", [0]),
        ("tags[1] like '%b%'", [0]),
        ("tags[0] in ['a']", [0]),
        ("flags[0]", [0]),
        ("shares[0] == 0.1", [0]),
        ("ranks[0] is null", [1]),
        ("tags is null", [2]),
        ("tags[0] is not null", [0]),
        ("ranks == [1, 2, 3]", [0]),
        ("ranks != [1, 2, 3]", [1, 2]),
        ("[3.0] == ranks", [2]),
        ("tags == []", [1]),
        ("tags != []", [0]),
        ("match_any(ranks, $ > 2)", [0, 2]),
        ("element_filter(tags, $ like 'b%' or $ == 'z')", [0]),
        ("match_all(ranks, $ > 2)", [1, 2]),
        ("match_least(ranks, 1 < $ <= 3, threshold=2)", [0]),
        ("match_most(ranks, $ > 1, threshold=1)", [1, 2]),
        ("match_exact(ranks, not ($ in [1, 2]), threshold=1)", [0, 2]),
    ],
)
def test_a_condition_on_an_array_is_one_on_its_elements(text: str, found: list[int]) -> None:
    assert matching(text, ARRAYS, {"t": ["a", "z"]}) == found


NESTED: list[dict[str, Any]] = [
    {"meta": {"a": [1, "x", True, [1, 2.0], None]}, "$meta": {"k": [1, 2]}},
    {"meta": {"a": "x"}},
    {"meta": {}},
    {"meta": None},
    {"meta": {"a": []}},
    {"meta": {"a": [[1, 2], 2.5]}},
]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("json_contains(meta['a'], 1)", [0]),
        ("JSON_CONTAINS(meta['a'], 1.0)", [0]),
        ("json_contains(meta['a'], 'x')", [0]),
        ("json_contains(meta['a'], true)", [0]),
        ("json_contains(meta['a'], [1, 2])", [0, 5]),
        ("not json_contains(meta['a'], 1)", [1, 2, 4, 5]),
        ("json_contains_all(meta['a'], [1, 'x', [1, 2]])", [0]),
        ("json_contains_any(meta['a'], ['y', 2.5])", [5]),
        ("json_contains_any(meta['a'], {v})", [0, 5]),
        ("json_contains_all(meta['a'], [])", [0, 4, 5]),
        ("match_any(meta['a'], $ == 2.5 or $ == 'x')", [0, 5]),
        ("match_all(meta['a'], $ is not null)", [4, 5]),
        ("array_length(meta['a']) > 1", [0, 5]),
        ("array_length(meta['a']) != 2", [0, 1, 2, 4]),
        ("meta['a'] == [[1, 2], 2.5]", [5]),
        ("meta['a'] != []", [0, 1, 2, 5]),
        ("meta['a'][3][1] == 2", [0]),
        ("array_contains(k, 2)", [0]),
        ("json_contains($meta['k'], 2)", [0]),
        ("exists meta['a']", [0, 1, 4, 5]),
        ("not exists meta['a']", [2, 3]),
        ("exists k", [0]),
        ("exists meta['a'][4]", []),
    ],
)
def test_json_arrays_compare_by_value_and_what_is_no_array_contains_nothing(
    text: str, found: list[int]
) -> None:
    assert matching(text, NESTED, {"v": [[1, 2.0], "q"]}) == found


def micros(text: str) -> int:
    return times.instant(text)


MOMENTS = [
    {"moment": micros("2025-01-31T12:00:00Z")},
    {"moment": micros("2024-02-29T00:00:00.5+08:00")},
    {"moment": micros("0001-01-01T00:00:00Z")},
    {},
]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("moment == ISO '2025-01-31T13:00:00+01:00'", [0]),
        ("moment != ISO '2025-01-31T12:00:00Z'", [1, 2]),
        ("iso \"2024-01-01T00:00:00Z\" <= moment < ISO '2025-01-01T00:00:00Z'", [1]),
        ("ISO '2024-02-28T16:00:00Z' < moment", [0, 1]),
        ("moment + INTERVAL 'P1M' == ISO '2025-02-28T12:00:00Z'", [0]),
        ("moment - INTERVAL 'P1Y' == ISO '2024-01-31T12:00:00Z'", [0]),
        ("moment + interval 'P1DT1H30M0.5S' == ISO '2025-02-01T13:30:00.5Z'", [0]),
        ("moment - INTERVAL 'P2W' > ISO '2025-01-17T11:59:59Z'", [0]),
        ("moment + INTERVAL '-P1D' < ISO '2024-02-28T00:00:00Z'", [1, 2]),
        ("moment > ISO '2025-01-30T00:00:00Z' + INTERVAL 'P1D'", [0]),
        ("moment in [ISO '2025-01-31T12:00:00Z', ISO '2000-01-01T00:00:00Z']", [0]),
        ("moment in {both}", [0, 1]),
        ("moment == {text}", [0]),
        ("moment == {when}", [0]),
        ("moment is null", [3]),
        ("ISO '2024-01-01T00:00:00Z' < ISO '2025-01-01T00:00:00Z'", [0, 1, 2, 3]),
    ],
)
def test_points_in_time_are_compared_in_utc_and_moved_by_calendar(text: str, found: list[int]) -> None:
    zone = timezone(timedelta(hours=-3))
    params = {
        "text": "2025-01-31T12:00:00Z",
        "when": datetime(2025, 1, 31, 9, tzinfo=zone),
        "both": ["2025-01-31T12:00:00Z", "2024-02-28T16:00:00.500Z"],
    }
    assert matching(text, MOMENTS, params) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("name =~ 'b+c'", [0]),
        ("name =~ '^b'", [2]),
        ("name !~ 'b+c'", [1, 2]),
        (r"name =~ r'\d{2}\b'", [1]),
        ("name =~ '(?i)ABB'", [0]),
        ("name =~ 'é.$'", [2]),
        ("meta['s'] =~ 'x'", [0]),
        ("meta['s'] !~ 'x'", [1, 2]),
        ("tags[0] =~ 'x'", [0]),
    ],
)
def test_a_regular_expression_is_found_anywhere(text: str, found: list[int]) -> None:
    rows = [
        {"name": "abbc", "meta": {"s": "ax"}, "tags": ["x"]},
        {"name": "42", "meta": {"s": 1}},
        {"name": "bé1", "meta": {}},
        {},
    ]
    assert matching(text, rows) == found


def test_a_regular_expression_cannot_be_made_to_backtrack() -> None:
    assert matching("name =~ '(a+)+$'", [{"name": "a" * 40 + "b"}, {"name": "a"}]) == [1]


@pytest.mark.parametrize(
    ("text", "matching_rows", "size"),
    [
        ("random_sample(0.25)", 100, 25),
        ("big < 40 and random_sample(0.5)", 40, 20),
        ("RANDOM_SAMPLE(0.001) && big < 40", 40, 1),
        ("random_sample({share}) and big < 0", 0, 0),
    ],
)
def test_a_random_sample_is_a_share_of_the_matching_rows(text: str, matching_rows: int, size: int) -> None:
    compiled = compile_filter(text, DYNAMIC, {"share": 0.5})
    mask = compiled.mask(MemoryRows([EMPTY | {"big": number} for number in range(100)]))
    assert mask.sum() == matching_rows
    samples = [compiled.sampled(mask) for _ in range(20)]
    assert {int(sample.sum()) for sample in samples} == {size}
    assert not any((sample & ~mask).any() for sample in samples)
    if size > 1:
        assert len({sample.tobytes() for sample in samples}) > 1


PLACES = [
    {"place": "POINT (1 1)"},
    {"place": "POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0))"},
    {"place": "LINESTRING (0 0, 2 2)"},
    {"place": "POLYGON ((0 0, 2 2, 2 0, 0 2, 0 0))"},
    {},
]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("st_contains(place, 'POINT (1 1)')", [0, 1, 2]),
        ("ST_WITHIN(place, 'POLYGON ((0 0, 3 0, 3 3, 0 3, 0 0))')", [0, 2, 3]),
        ("st_intersects(place, 'POINT (3 3)')", [1]),
        ("not st_intersects(place, 'POINT (3 3)')", [0, 2, 3]),
        ("st_equals(place, 'POINT (1.0 1.0)')", [0]),
        ("st_touches(place, 'LINESTRING (0 0, -1 -1)')", [1, 2, 3]),
        ("st_overlaps(place, 'POLYGON ((2 2, 6 2, 6 6, 2 6, 2 2))')", [1]),
        ("st_crosses(place, 'LINESTRING (0 2, 2 0)')", [2]),
        ("st_dwithin(place, 'POINT (1 3)', 2)", [0, 1, 2, 3]),
        ("st_dwithin(place, 'POINT (1 3)', 1.5)", [1, 2, 3]),
        ("st_dwithin(place, {point}, {far})", [0, 1, 2, 3]),
        ("st_isvalid(place)", [0, 1, 2]),
        ("place is null", [4]),
        ("place is not null and big is null", [0, 1, 2, 3]),
    ],
)
def test_geometries_are_compared_in_the_plane(text: str, found: list[int]) -> None:
    assert matching(text, PLACES, {"point": "POINT (9 9)", "far": 99.5}) == found
