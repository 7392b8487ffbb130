from __future__ import annotations

import pytest
from hypothesis import given

from milvus_store.backends.remote.expression import text_of
from milvus_store.errors import ParamError
from milvus_store_lite import filters as tree
from tests.filters.draws import conditions_of
from tests.filters.schemas import DYNAMIC


@pytest.mark.parametrize(
    "text",
    [
        "a > 1",
        'name == "it\'s \\"quoted\\" \\\\ \\n é"',
        "10 < price <= 900 and not (id in [3, 4])",
        'meta["author"]["name"] == "Ada" or tags is null',
        "a + 2 * -b ** 2 >= 3 % 4",
        "flags & 4 == 4 and ~flags != 0",
        'name like "ab%" or name =~ "^a.*$" or name !~ "b"',
        "a not in [1, 2.5, -3] and b is not null",
        'exists meta["x"] and json_contains(meta["tags"], "x")',
        "array_length(numbers) > 2 and numbers[0] == 5",
        'at > ISO "2025-01-01T00:00:00Z" + INTERVAL "P1D"',
        'text_match(title, "one two", minimum_should_match=2)',
        "id in {ids}",
    ],
)
def test_a_text_comes_back_as_what_it_means(text: str) -> None:
    assert tree.parse(text_of(tree.parse(text))) == tree.parse(text)


# What is drawn from is too long to be shown whole.
@pytest.mark.filterwarnings("ignore:Generating overly large repr")
@given(conditions_of(DYNAMIC))
def test_the_text_of_any_tree_means_the_tree(condition: tree.Expression) -> None:
    text = text_of(condition)
    if text:
        assert text_of(tree.parse(text)) == text


@pytest.mark.parametrize(
    "hostile", ['x" or 1 == 1 or "', "\\", '\\"', "\n", "\u2028", "\x85", "{name}", "'", "\x00"]
)
def test_a_value_stays_a_value(hostile: str) -> None:
    condition = tree.And((tree.Compare("==", tree.Name("tenant"), tree.Literal(hostile)),))
    assert tree.parse(text_of(condition)) == condition.operands[0]


def test_all_of_nothing_is_no_filter_and_any_of_nothing_is_refused() -> None:
    assert text_of(tree.And(())) == ""
    one = tree.Compare("==", tree.Name("a"), tree.Literal(1))
    assert text_of(tree.And((tree.And(()), one))) == "(a == 1)"
    with pytest.raises(ParamError, match="no row meets"):
        text_of(tree.Or(()))
