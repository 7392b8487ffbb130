"""What a user reads when a filter is wrong: the fault in words, and a caret under it."""

from __future__ import annotations

from typing import Any

import pytest

from milvus_store_lite.filters import Compare, FilterError, Literal, Name, Not, compile_filter
from milvus_store_lite.schema import Schema

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
    ("«and big == 1", "keyword 'and' cannot stand here"),
    ("big «is Null", "'null' or 'not null'"),
    ("big «between 1 and 2", "1 <= x <= 5"),
    ("name «not like 'a'", "write not (field like"),
    ("1 < big «> 3", "different directions"),
    ("1 < big + 1 «< 3", "middle of a range"),
    ("big == 1 «== 2", "do not chain"),
    ("big == «089", "octal"),
    ("big == «1e999", "64-bit float"),
    ("name in ['a', «'\\x']", "lacks its digits"),
    ("meta«[abc] == 1", "quoted key or a position"),
    ("«{1} == 1", "{name}"),
    ("big == 12«abc", "unexpected 'abc'"),
    ("big ==«\u00a01", "NO-BREAK SPACE"),
    ("«json_contains(meta['a'], 1)", "function 'json_contains' is not supported by this version"),
    ("big == 1 and «text_match (name, 'x')", "function 'text_match' is not supported by this version"),
    ("name «=~ 'x'", "operator '=~' is not supported by this version"),
    ("name «!~ 'x'", "operator '!~' is not supported by this version"),
    ("big «& 1 == 1", "operator '&' is not supported by this version"),
    ("big «<< 1 == 1", "operator '<<' is not supported by this version"),
    ("«~big == 1", "operator '~' is not supported by this version"),
    ("«exists meta['a']", "operator 'exists' is not supported by this version"),
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
    ("big == «{numbers}", "which only 'in' takes"),
    ("big == «{other}", "no value is given for template 'other'; given: numbers, number, none"),
    ("big == «{none}", "got NoneType: None; test for null"),
    ("«meta == 1", "field 'meta' (JSON) cannot be used without a path, write meta[\"key\"]"),
    ("«big['a'] == 1", "field 'big' (INT64) is no JSON document"),
    ("big / «0 == 1", "'/' by zero"),
    ("big % (1 «- 1) == 1", "'%' by zero"),
    ("«big and flag", "field 'big' (INT64) is no condition"),
    ("not «5", "the number 5 is no condition"),
    ("(big «> 1) == true", "a condition cannot be used as a value"),
    ("«[1] == big", "a list can only stand to the right of 'in'"),
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


@pytest.mark.parametrize("value", [{"a": 1}, [None], [[1]], object(), b"x", 1j])
def test_a_template_takes_plain_values_only(value: object) -> None:
    assert (
        "must be a bool, int, float, str or a list of those"
        in fault("big in {v}", STRICT, {"v": value}).message
    )


@pytest.mark.parametrize("value", [None, [1], b"x"])
def test_a_literal_of_a_tree_must_be_a_plain_value(value: Any) -> None:
    with pytest.raises(FilterError, match="a literal must be a bool, int, float, str"):
        compile_filter(Compare("==", Name("big"), Literal(value)), STRICT)
