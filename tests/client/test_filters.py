"""Filters that a program builds: the same trees as those of texts, with values that are never parsed."""

from __future__ import annotations

import doctest
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from milvus_store import MilvusClient, filters
from milvus_store.errors import FilterError, ParamError
from milvus_store.filters import Operand, all_of, any_of, call, field, parse, template
from tests.filters.key_sets import bloom_of, roaring_of

n, name, tags, meta = field("n"), field("name"), field("tags"), field("meta")


def test_the_examples_of_the_docstrings_run() -> None:
    found = doctest.testmod(filters)
    assert found.attempted > 10
    assert found.failed == 0


@pytest.mark.parametrize(
    ("built", "text"),
    [
        (n == 1, "n == 1"),
        (n != 1, "n != 1"),
        ((n > 1) & (n <= 5), "n > 1 and n <= 5"),
        ((n < 1) | (n >= 5.5) | (name == "x"), 'n < 1 or n >= 5.5 or name == "x"'),
        (~(n == 1) & (name != "x"), 'not (n == 1) and name != "x"'),
        ((n + 1) * 2 - 3 / 1 == 4, "(n + 1) * 2 - 3.0 == 4"),
        ((n % 2 == 0) & (n**2 < 9), "n % 2 == 0 and n ** 2 < 9"),
        (n / 2 == 1, "n / 2 == 1"),
        (n == field("m"), "n == m"),
        (n.is_in([1, 2]) & n.not_in([3]), "n in [1, 2] and n not in [3]"),
        (n.is_in(np.array([1, 2])), "n in [1, 2]"),
        (name.like("a%") | name.matches("^b"), 'name like "a%" or name =~ "^b"'),
        (name.is_null() | name.not_null(), "name is null or name is not null"),
        (meta["a"][0].exists(), 'exists meta["a"][0]'),
        (tags.contains("x"), 'array_contains(tags, "x")'),
        (tags.contains_all(["x", "y"]), 'array_contains_all(tags, ["x", "y"])'),
        (meta["tags"].contains_any([1, 2]), 'json_contains_any(meta["tags"], [1, 2])'),
        (tags.length() > 2, "array_length(tags) > 2"),
        (name.text_match("a b", 2), 'text_match(name, "a b", minimum_should_match=2)'),
        (name.text_match("a b"), 'text_match(name, "a b")'),
        (
            name.phrase_match("a b") & name.phrase_match("a b", 1),
            'phrase_match(name, "a b") and phrase_match(name, "a b", 1)',
        ),
        (n > template("min"), "n > {min}"),
        (n.is_in(template("ids")), "n in {ids}"),
        (call("st_isvalid", field("g")), "st_isvalid(g)"),
        (all_of([n > 1, name == "x"]), 'n > 1 and name == "x"'),
        (any_of([n > 1, name == "x"]), 'n > 1 or name == "x"'),
        (parse("n > {a} and name in {b}", {"a": 1, "b": ["x"]}), 'n > 1 and name in ["x"]'),
        (parse("match_least(tags, $ > {a}, threshold=2)", {"a": 1}), "match_least(tags, $ > 1, threshold=2)"),
        (parse("n > {a} or n < {b}", {"a": 1}), "n > 1 or n < {b}"),
    ],
)
def test_what_is_built_is_what_a_text_becomes(built: filters.Expression, text: str) -> None:
    assert built == parse(text)


def test_a_long_chain_is_one_flat_condition() -> None:
    chain: Any = n == 0
    for number in range(1, 500):
        chain = chain | (number == n)
    assert len(chain.operands) == 500


def test_a_value_is_never_parsed() -> None:
    assert (name == '" or true or "').right == filters.Literal('" or true or "')
    assert parse("name == {x}", {"x": "{y}"}) == (name == "{y}")


def test_a_time_is_a_point_in_time() -> None:
    noon = datetime(2025, 1, 31, 12, tzinfo=timezone.utc)
    assert (field("t") > noon) == parse('t > ISO "2025-01-31T12:00:00+00:00"')


@pytest.mark.parametrize("value", [None, object(), b"x", {"a": 1}, [None]])
def test_a_value_that_no_filter_can_have_is_an_error_at_once(value: object) -> None:
    with pytest.raises(FilterError):
        _ = value == n


def test_pythons_own_connectives_are_errors_and_lose_no_condition() -> None:
    for build in (
        lambda: (n > 1) and (n < 5),
        lambda: (n > 1) or (n < 5),
        lambda: not (n > 1),
        lambda: 1 < n < 5,
    ):
        with pytest.raises(TypeError, match="combine filters by &, | and ~"):
            build()


def test_what_is_no_filter_cannot_be_combined_with_one() -> None:
    with pytest.raises(TypeError):
        _ = (n > 1) & "n < 5"  # type: ignore[operator]


def test_only_fields_and_paths_have_keys() -> None:
    with pytest.raises(FilterError, match="only a field has keys and elements"):
        _ = (n + 1)["a"]


@pytest.fixture
def client(tmp_path: Path) -> MilvusClient:
    client = MilvusClient(tmp_path / "f.db")
    client.create_collection("c", dimension=2)
    client.insert(
        "c", [{"id": n, "vector": [0.0, 1.0], "n": n, "meta": {"tags": ["a"] * n}} for n in range(6)]
    )
    return client


def found(client: MilvusClient, condition: Any, **options: Any) -> list[int]:
    return [row["id"] for row in client.query("c", condition, output_fields=["id"], **options)]


def test_every_call_takes_a_built_filter(client: MilvusClient) -> None:
    wanted = (n > 1) & ~n.is_in([3]) & (meta["tags"].length() < 5)
    assert found(client, wanted) == [2, 4]
    assert sorted(client.search("c", [[0.0, 1.0]], filter=wanted)[0].ids) == [2, 4]
    assert client.query_iterator("c", filter=wanted, output_fields=["id"]).next()[0]["id"] == 2
    assert found(client, n > template("min"), filter_params={"min": 4}) == [5]
    assert client.delete("c", filter=wanted)["delete_count"] == 2
    assert found(client, n >= 0) == [0, 1, 3, 5]


def test_every_call_takes_keys_that_a_client_has_built(client: MilvusClient) -> None:
    wanted = {"keys": roaring_of([1, 3])}
    member = call("membership_match", field("id"), template("keys"))
    assert found(client, member, filter_params=wanted) == [1, 3]
    hits = client.search(
        "c", [[0.0, 1.0]], filter="not membership_match(id, {keys}, type=roaring)", filter_params=wanted
    )
    assert sorted(hits[0].ids) == [0, 2, 4, 5]
    assert (
        client.delete("c", filter="membership_match(id, {keys})", filter_params=wanted)["delete_count"] == 2
    )
    assert found(client, n >= 0) == [0, 2, 4, 5]


@pytest.mark.parametrize("condition", ["{}", "n > 4 or not {}", "n > 0 and n < 9 and {}"])
def test_nothing_is_deleted_by_a_bloom_filter(client: MilvusClient, condition: str) -> None:
    wanted = {"keys": bloom_of([1, 3])}
    text = condition.format("membership_match(n, {keys})")
    assert set(found(client, text, filter_params=wanted)) & {1, 3, 5}
    with pytest.raises(ParamError, match="delete takes no Bloom filter, .* expected type=roaring"):
        client.delete("c", filter=text, filter_params=wanted)
    assert len(found(client, n >= 0)) == 6


def test_an_operand_alone_is_no_filter(client: MilvusClient) -> None:
    with pytest.raises(ParamError, match="filter must be a str or a filter tree, got Operand"):
        found(client, Operand(filters.Name("n")))


@pytest.mark.parametrize("nothing", ["", "  ", None])
def test_a_filter_of_nothing_deletes_nothing(client: MilvusClient, nothing: str | None) -> None:
    with pytest.raises(ParamError, match="delete"):
        client.delete("c", filter=nothing)
    assert client.get_collection_stats("c") == {"row_count": 6}
