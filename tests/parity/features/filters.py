"""Operators and functions of filters: those of the grammar that Milvus 3.0 parses, ``Plan.g4``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import pymilvus

from ..programs.setup import TYPES, ids

Program = Callable[[Any], object]

_SQUARE: Final = "POLYGON ((0 0, 9 0, 9 9, 0 9, 0 0))"


def _rows(c: Any) -> None:
    """Two rows, of which conditions find the first, in a collection that programs share."""
    if c.has_collection("c"):
        return
    members = c.create_struct_field_schema()
    members.add_field("page", TYPES.INT64)
    made = c.create_schema(enable_dynamic_field=True)
    made.add_field("id", TYPES.INT64, is_primary=True)
    made.add_field("vector", TYPES.FLOAT_VECTOR, dim=2)
    made.add_field("n", TYPES.INT64, nullable=True)
    made.add_field("word", TYPES.VARCHAR, max_length=20)
    made.add_field("text", TYPES.VARCHAR, max_length=99, enable_analyzer=True, enable_match=True)
    made.add_field("doc", TYPES.JSON, nullable=True)
    made.add_field("tags", TYPES.ARRAY, element_type=TYPES.INT64, max_capacity=4)
    made.add_field("parts", TYPES.ARRAY, element_type=TYPES.STRUCT, struct_schema=members, max_capacity=3)
    made.add_field("at", TYPES.TIMESTAMPTZ, nullable=True)
    made.add_field("place", TYPES.GEOMETRY, nullable=True)
    c.create_collection(
        "c", schema=made, index_params=c.prepare_index_params("vector", index_type="FLAT", metric_type="L2")
    )
    row = {"id": 1, "vector": [1, 2], "n": 6, "word": "red_1", "text": "the quick brown fox"}
    row |= {"doc": {"a": 1, "list": [1, 2]}, "tags": [1, 2, 2], "parts": [{"page": 4}, {"page": 5}]}
    row |= {"at": "2026-01-02T00:00:00Z", "place": "POINT (1 2)", "color": "red"}
    other = {"id": 2, "vector": [1, 2], "n": None, "word": "blue", "text": "a slow hen", "doc": None}
    other |= {"tags": [7], "parts": [{"page": 9}], "at": None, "place": None}
    c.insert("c", [row, other])


def _finds(condition: str, **values: Any) -> Program:
    def program(c: Any) -> None:
        _rows(c)
        assert ids(c.query("c", filter=condition, filter_params=values)) == [1], condition

    return program


def _searched(condition: str) -> Program:
    def program(c: Any) -> None:
        _rows(c)
        assert ids(c.search("c", [[1, 2]], filter=condition)[0]) == [1]

    return program


def _single_elements(c: Any) -> None:
    _rows(c)
    found = c.query("c", filter="element_filter(parts, $[page] == 5)", output_fields=["id"])
    assert [(row["id"], row["offset"]) for row in found] == [(1, 1)]


def _sample(c: Any) -> None:
    _rows(c)
    assert len(c.query("c", filter="random_sample(0.999)")) <= 2


_CONDITIONS: Final[Mapping[str, str]] = {
    "==": "n == 6",
    "!=": "n != 7",
    "<": "n < 7",
    "<=": "n <= 6",
    ">": "n > 5",
    ">=": "n >= 6",
    "a < b < c": "5 < n < 7",
    "a > b > c": "7 > n > 5",
    "+": "n + 1 == 7",
    "-": "n - 1 == 5",
    "*": "n * 2 == 12",
    "/": "n / 2 == 3",
    "%": "n % 4 == 2",
    "**": "n == 2 ** 2 + 2",
    "<<": "n == 3 << 1",
    ">>": "n == 12 >> 1",
    "&": "(n & 7) == 6",
    "|": "(n | 1) == 7",
    "^": "(n ^ 1) == 7",
    "~": "n == ~(-7)",
    "&&, and": "n == 6 && id == 1 and true",
    "||, or": "n == 6 || id == 9 or false",
    "!, not": 'not (word == "blue") and !(id == 2)',
    "in": "n in [6, 8]",
    "not in": "id not in [2, 3]",
    "like": 'word like "red%"',
    "=~": 'word =~ "^r.d_"',
    "!~": 'word !~ "^b"',
    "is null": "not (n is null)",
    "is not null": "n is not null",
    "exists": 'exists doc["a"]',
    "raw strings": "word == r'red_1'",
    "field[key]": 'doc["a"] == 1',
    "$meta[key]": '$meta["color"] == "red"',
    "a dynamic key": 'color == "red"',
    "field[index]": "tags[0] == 1",
    "field[index][member]": "parts[0][page] == 4",
    "field[member]": "array_contains(parts[page], 5)",
    "$[member]": "match_any(parts, $[page] == 5)",
    "$": "match_any(tags, $ == 2)",
    "empty array": "tags != []  and id == 1",
    "text_match": "text_match(text, 'fox')",
    "text_match, minimum_should_match": "text_match(text, 'quick fox hen', minimum_should_match=2)",
    "phrase_match": "phrase_match(text, 'quick fox', 1)",
    "match_all": "match_all(tags, $ < 3)",
    "match_any": "match_any(tags, $ == 2)",
    "match_least": "match_least(tags, $ == 2, threshold=2)",
    "match_most": "match_most(tags, $ > 2, threshold=0)",
    "match_exact": "match_exact(tags, $ == 2, threshold=2)",
    "json_contains": 'json_contains(doc["list"], 2)',
    "json_contains_all": 'json_contains_all(doc["list"], [1, 2])',
    "json_contains_any": 'json_contains_any(doc["list"], [2, 3])',
    "array_contains": "array_contains(tags, 2)",
    "array_contains_all": "array_contains_all(tags, [1, 2])",
    "array_contains_any": "array_contains_any(tags, [2, 3])",
    "array_length": "array_length(tags) == 3",
    "st_equals": "st_equals(place, 'POINT (1 2)')",
    "st_touches": "st_touches(place, 'LINESTRING (1 2, 5 5)')",
    "st_overlaps": f"not st_overlaps(place, '{_SQUARE}')",
    "st_crosses": f"not st_crosses(place, '{_SQUARE}')",
    "st_contains": "st_contains(place, 'POINT (1 2)')",
    "st_intersects": f"st_intersects(place, '{_SQUARE}')",
    "st_within": f"st_within(place, '{_SQUARE}')",
    "st_dwithin": "st_dwithin(place, 'POINT (1 2)', 10)",
    "st_isvalid": "st_isvalid(place)",
    "iso": "at > ISO '2026-01-01T00:00:00Z'",
    "interval": "at + INTERVAL 'P1D' > ISO '2026-01-02T12:00:00Z'",
}


def _by_bloom(c: Any) -> None:
    _finds("membership_match(n, {keys}, type=bloom)", keys=pymilvus.build_bloom_filter([6]))(c)


def _by_roaring(c: Any) -> None:
    _finds("membership_match(n, {keys}, type=roaring)", keys=pymilvus.build_roaring_bitmap([6]))(c)


FILTERS: Final[Mapping[str, Program]] = {
    **{name: _finds(condition) for name, condition in _CONDITIONS.items()},
    "element_filter": _searched("element_filter(tags, $ == 2)"),
    "element_filter, in a query": _single_elements,
    "random_sample": _sample,
    "{templates}": _finds("n in {values} and word == {word}", values=[6], word="red_1"),
    "membership_match, bloom": _by_bloom,
    "membership_match, roaring": _by_roaring,
}
