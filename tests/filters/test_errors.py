"""What a user reads when a filter is wrong: the fault in words, and a caret under it."""

from __future__ import annotations

from typing import Any

import pytest

from milvus_store_lite.filters import Compare, FilterError, Literal, Name, Not, compile_filter
from milvus_store_lite.schema.model import Schema

from .schemas import DYNAMIC, STRICT

# Each text carries a mark: the fault is at the character after «.
SYNTAX = [
    ("big «= 1", "write '=='"),
    ("big «<> 1", "write '!='"),
    ("big == 1 «And big == 2", "'and' or 'AND'"),
    ("big == «'abc", "string is not closed"),
    ('meta[«"abc', "string is not closed"),
    ("«(big == 1", "'(' is never closed"),
    ("big in «[1, 2", "'[' is never closed"),
    ("big == 1«)", "closes nothing"),
    ("big ==«", "ends too early, expected a field"),
    ("big in (1«, 2)", "square brackets"),
    ("«and big == 1", "keyword 'and' is not allowed here"),
    ("big «is Null", "'null' or 'not null'"),
    ("big «between 1 and 2", "1 <= x <= 5"),
    ("name «not like 'a'", "write not (field like"),
    ("1 < big «> 3", "different directions"),
    ("1 < big + 1 «< 3", "middle of a range"),
    ("big == 1 «== 2", "do not chain"),
    ("big == «089", "octal"),
    ("big == «1e999", "64-bit float"),
    ("name in ['a', «'\\x']", "lacks its digits"),
    ("meta«[01] == 1", "quoted key or a position"),
    ("«{1} == 1", "{name}"),
    ("big == 12«abc", "unexpected 'abc'"),
    ("big ==«\u00a01", "NO-BREAK SPACE"),
    ("big == 1 and array_contains«(meta['a'], 1", "'(' is never closed"),
    ("array_contains(meta['a'] «1)", "expected ',' or ')'"),
    ("meta«[0", "'[' is never closed"),
    ("meta«['a', 1] == 1", "quoted key or a position"),
    ("big in [1, «and]", "keyword 'and' is not allowed here"),
    ("big in [1 + 1 «2]", "expected ',' or ']'"),
    ("match_any(tags, $«['x'] == 1)", "named as in $[name]"),
    ("a «exists b", "unexpected 'exists'"),
    ("big == «not flag", "keyword 'not' is not allowed here"),
    ("meta['a']«[x] == 1", "quoted key or a position"),
]
MEANING = [
    ("«bigg == 1", "unknown field 'bigg', the fields are id, flag"),
    ("«bigg == 1", "did you mean 'big'?"),
    ("big == «null", "'is null'"),
    ("«$meta['a'] == 1", "no dynamic field"),
    ("name == «5", "field 'name' (VARCHAR(max_length=100)) with the number 5"),
    ("«5 == name", "field 'name' (VARCHAR(max_length=100)) with the number 5"),
    ("big == «'x'", "field 'big' (INT64) with the string 'x'"),
    ("big == «name", "field 'big' (INT64) with field 'name'"),
    ("flag == «1", "field 'flag' (BOOL) with the number 1"),
    ("big == «true", "field 'big' (INT64) with the boolean true"),
    ("flag < «true", "booleans have no order"),
    ("meta['a'] < «true", "booleans have no order"),
    ("«big like 'a%'", "'like' needs a string, got field 'big' (INT64)"),
    ("name like «5", "must be a string, got the number 5"),
    ("name like «'a\\\\'", "backslash"),
    ("«name + 1 == 2", "'+' needs numbers, got field 'name'"),
    ("big * «'a' == 2", "'*' needs numbers, got the string 'a'"),
    ("«vector == 1", "field 'vector' (FLOAT_VECTOR(dim=2)) is a vector"),
    ("«vector is null", "is a vector"),
    ("big in [1, «'a', 2]", "field 'big' (INT64) with the string 'a'"),
    ("name in ['a', «2]", "field 'name' (VARCHAR(max_length=100)) with the number 2"),
    ("big in [«name]", "constants only, got field 'name'"),
    ("big in «5", "needs a list in square brackets"),
    ("big in «{number}", "needs a list"),
    ("big == «{numbers}", "cannot compare field 'big' (INT64) with a list"),
    ("big == «{other}", "no value is given for template 'other'; given: numbers, number, none"),
    ("big == «{none}", "got NoneType: None; test for null"),
    ("«meta == 1", "field 'meta' (JSON) cannot be used without a path, write meta[\"key\"]"),
    ("«big['a'] == 1", "field 'big' (INT64) is not a JSON document"),
    ("big / «0 == 1", "'/' by zero"),
    ("big % (1 «- 1) == 1", "'%' by zero"),
    ("«big and flag", "field 'big' (INT64) is not a condition"),
    ("not «5", "the number 5 is not a condition"),
    ("(big «> 1) == true", "a condition cannot be used as a value"),
    ("«[1] == big", "cannot compare field 'big' (INT64) with a list"),
    ("big in [1, «[2]]", "cannot compare field 'big' (INT64) with a list inside a list"),
    ("big & 1 «== 1", "'&' binds looser than comparisons"),
    ("(«double & 1) == 1", "'&' needs integers, got field 'double'"),
    ("(big | «1.5) == 1", "'|' needs integers, got the number 1.5"),
    ("big << «64 == 1", "shifts by 0 to 63 bits, got 64"),
    ("~«name == 1", "'~' needs numbers"),
    ("«meta[abc] == 1", 'write meta["abc"]'),
    ("«tags['x'] == 1", "write tags[0] for its first element"),
    ("«big[x] == 1", "field 'big' (INT64) has no fields of its own"),
    ("tags == «1", "cannot compare field 'tags' (ARRAY<VARCHAR(max_length=100)>) with the number 1"),
    ("tags < «['a']", "arrays have no order"),
    ("tags == «[1]", "has no element that could be the number 1"),
    ("tags[0] == «1", "cannot compare element tags[0] (VARCHAR(max_length=100)) with the number 1"),
    ("«tags", "is not a condition"),
    ("«nosuch(big)", "there is no function 'nosuch'; the functions are array_contains"),
    ("«array_contain(tags, 'a')", "did you mean 'array_contains'?"),
    ("«Array_Contains(tags, 'a')", "must be all lower case or all upper case"),
    ("«array_contains(tags)", "takes 2 arguments, got 1"),
    ("array_contains(«big, 1)", "needs an ARRAY field or a JSON path, got field 'big' (INT64)"),
    ("array_contains(tags, «1)", "has no element that could be the number 1"),
    ("array_contains(tags, «name)", "takes a constant, got field 'name'"),
    ("array_contains_all(tags, «'a')", "takes a list, got the string 'a'"),
    ("array_contains_any(tags, «['a', 1])", "has no element that could be the number 1"),
    ("array_contains(tags, «['a'])", "has no arrays as elements"),
    ("«array_length(tags, 1) == 1", "takes one argument"),
    ("«array_length(tags)", "the length of field 'tags'"),
    ("«$ == 1", "inside element_filter and the match functions only"),
    ("match_any(tags, «big == 1)", "may use only '$' and constants"),
    ("match_any(tags, «$[x] == 1)", "have no fields, write '$'"),
    ("match_any(«big, $ == 1)", "needs an ARRAY field or a JSON path"),
    ("match_any(meta['a'], «$[b] == 1)", "looked at as a whole"),
    ("match_any(meta['a'], «big == 1)", "may use only '$'"),
    ("«text_match_fuzzy(text, 'a')", "needs max_edit_distance"),
    ("text_match_fuzzy(text, 'a', max_edit_distance=«3)", "between 0 and 2"),
    ("text_match_fuzzy(«name, 'a', max_edit_distance=1)", "is not tokenized"),
    ("empty(«big)", "needs a VARCHAR field"),
    ("starts_with(name, «5)", "a prefix as a string"),
    ("«match_least(tags, $ == 'a')", "needs a threshold"),
    ("match_least(tags, $ == 'a', threshold=«'a')", "must be an integer"),
    ("match_any(tags, $ == 'a', threshold=«1)", "has no option 'threshold'"),
    ("text_match(«name, 'x')", "enable_analyzer=True and enable_match=True"),
    ("text_match(«big, 'x')", "needs a VARCHAR or a TEXT field, got field 'big' (INT64)"),
    ("text_match(«meta['a'], 'x')", "needs a VARCHAR or a TEXT field, got JSON path"),
    ("text_match(text, «5)", "takes words as a string, got the number 5"),
    ("text_match(text, 'x', minimum_should_match=«0)", "an integer of at least 1, got the number 0"),
    ("text_match(text, 'x', threshold=«2)", "has no option 'threshold'"),
    ("phrase_match(text, 'x', «-1)", "the slop of phrase_match must be an integer between 0 and 1000"),
    ("«phrase_match(text)", "takes 2 arguments, got 1"),
    ("random_sample(«1.5)", "a fraction between 0 and 1, such as 0.1, got the number 1.5"),
    ("big == 1 and random_sample(«1)", "a fraction between 0 and 1"),
    ("random_sample(0.1) and «random_sample(0.1)", "takes one random_sample"),
    ("big == 1 or «random_sample(0.1)", "joined to the whole filter"),
    ("not «random_sample(0.1)", "joined to the whole filter"),
    ("st_within(«big, 'POINT (1 1)')", "needs a GEOMETRY field, got field 'big' (INT64)"),
    ("st_within(place, «'POINT (1)')", "not a geometry in WKT"),
    ("st_within(place, «5)", "takes a geometry as a string, got the number 5"),
    ("st_dwithin(place, 'POINT (1 1)', «-1)", "the distance must be a number of at least 0"),
    ("«st_dwithin(place, 'POINT (1 1)')", "takes 3 arguments, got 2"),
    ("place == «'POINT (1 1)'", "cannot compare field 'place' (GEOMETRY) with the string"),
    ("place == «place", "cannot compare field 'place' (GEOMETRY) with field 'place'"),
    ("exists «big", "'exists' needs a JSON path or a dynamic key, got field 'big' (INT64)"),
    ("«big =~ 'x'", "'=~' needs a string, got field 'big'"),
    ("name !~ «5", "the pattern of '!~' must be a string, got the number 5"),
    ("name =~ «'('", "RE2 does not take the regular expression '(': missing )"),
    ("name =~ «'(?=a)'", "RE2 does not take"),
    ("moment > «'2025-01-01T00:00:00Z'", "write ISO before the string"),
    ("moment > «5", "cannot compare field 'moment' (TIMESTAMPTZ) with the number 5"),
    (
        "big > «ISO '2025-01-01T00:00:00Z'",
        "cannot compare field 'big' (INT64) with the time 2025-01-01T00:00:00Z",
    ),
    ("moment > «ISO '2025-13-01T00:00:00Z'", "is not an ISO 8601 time"),
    ("moment > «ISO '2025-01-01'", "is not an ISO 8601 time: write one as '2025-01-31T12:00:00'"),
    ("moment > «ISO '0001-01-01T00:00:00+01:00'", "not between the years 1 and 9999"),
    ("moment + «INTERVAL 'P' > ISO '2025-01-01T00:00:00Z'", "is not an ISO 8601 duration"),
    ("«big + INTERVAL 'P1D' > 5", "an interval moves a TIMESTAMPTZ field, got field 'big'"),
    ("moment «* INTERVAL 'P1D' > 5", "can only be added to a time"),
    ("moment > «INTERVAL 'P1D'", "is added to a TIMESTAMPTZ field"),
    ("moment in [«5]", "a time is written ISO"),
    ("meta['a'] > «ISO '2025-01-01T00:00:00Z'", "cannot compare JSON path"),
    ("1 «is null", "needs a field or a JSON path"),
]


def fault(text: str, schema: Schema, params: dict[str, Any] | None = None) -> FilterError:
    with pytest.raises(FilterError) as caught:
        compile_filter(text, schema, params)
    return caught.value


@pytest.mark.parametrize(("marked", "message"), SYNTAX + MEANING)
def test_the_message_helps_and_the_caret_is_under_the_fault(marked: str, message: str) -> None:
    text = marked.replace("«", "")
    error = fault(text, STRICT, {"numbers": [1], "number": 1, "none": None})
    assert message in error.message
    assert error.column == marked.index("«") + 1
    line, caret = error.message.splitlines()[-2:]
    assert line == f"  {text}"
    assert caret.index("^") == marked.index("«") + 2


@pytest.mark.parametrize("text", ["", "  \n "])
def test_an_empty_text_is_an_error(text: str) -> None:
    assert "empty" in fault(text, STRICT).message


def test_a_bare_null_is_no_dynamic_key() -> None:
    assert "'is null'" in fault("color == null", DYNAMIC).message
    assert "write $meta" in fault("$meta == 1", DYNAMIC).message


def test_an_error_in_a_tree_names_no_place() -> None:
    with pytest.raises(FilterError, match="unknown field 'nope'") as caught:
        compile_filter(Compare("==", Name("nope", at=3), Literal(1)), STRICT)
    assert caught.value.column is None


def test_too_deep_a_tree_is_a_filter_error() -> None:
    tree: Any = Name("flag")
    for _ in range(50_000):
        tree = Not(tree)
    with pytest.raises(FilterError, match="nests deeper"):
        compile_filter(tree, STRICT)
    while isinstance(tree, Not):  # Taken apart by hand: the interpreter need not recurse to free it.
        tree = tree.operand


@pytest.mark.parametrize("value", [{"a": 1}, [None], [[None]], object(), b"x", 1j])
def test_a_template_takes_plain_values_only(value: object) -> None:
    assert (
        "must be a bool, int, float, str or a list of those"
        in fault("big in {v}", STRICT, {"v": value}).message
    )


@pytest.mark.parametrize("value", [None, [1], b"x"])
def test_a_literal_of_a_tree_must_be_a_plain_value(value: Any) -> None:
    with pytest.raises(FilterError, match="a literal must be a bool, int, float, str"):
        compile_filter(Compare("==", Name("big"), Literal(value)), STRICT)
