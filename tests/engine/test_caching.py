"""Values that are found again: equal ones of equal types, no others, and what is kept stays within its bounds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from milvus_store_lite import And, Compare, Literal, Name, parse
from milvus_store_lite.caching import (
    BoundedCache,
    IncomparableError,
    Key,
    Keyed,
    Memoized,
    size_of,
    value_key,
)

ATOMS = (
    st.none()
    | st.booleans()
    | st.integers(-2, 2)
    | st.sampled_from([0.0, 1.0, 2.0, b"a", datetime(2025, 1, 1), datetime(2025, 1, 1, tzinfo=timezone.utc)])
    | st.sampled_from("ab")
    | st.builds(Literal, st.sampled_from([1, True, 1.0, "a"]))
)
VALUES = st.recursive(
    ATOMS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.sampled_from("ab") | st.integers(0, 1), inner, max_size=3)
    ),
    max_leaves=6,
)


@dataclass(frozen=True, slots=True, eq=False)
class Question(Keyed):
    words: Any


@given(VALUES, VALUES)
def test_keys_are_equal_just_for_values_that_are_written_alike(first: Any, second: Any) -> None:
    assert (Key(first) == Key(second)) is (repr(first) == repr(second))
    assert Key(first) != repr(first)


@given(VALUES)
def test_equal_values_have_the_same_key(value: Any) -> None:
    assert hash(Key([value])) == hash(Key([value]))
    assert Key([value]) == Key([value])


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ([1, 2], [True, 2]),
        ([1.0, 1.0], [1, 1]),
        ([1], (1,)),
        ([], ()),
        (np.array([1, 2]), np.array([1, 2], dtype=np.int32)),
        (np.array([[1, 2]]), np.array([1, 2])),
        (np.float32(1), 1.0),
        ({"a": 1, "b": 2}, {"a": 2, "b": 1}),
        (parse("a == 1"), parse("a == true")),
        (parse("a in [1, 2]"), parse("a in [1, 2.0]")),
        (And(()), And((Compare("==", Name("a"), Literal(1)),))),
    ],
)
def test_what_means_something_else_has_another_key(first: Any, second: Any) -> None:
    assert Key(first) != Key(second)
    assert Key(first) == Key(first)


def test_where_a_filter_stood_in_a_text_makes_no_difference() -> None:
    assert Key(parse("a == 1")) == Key(parse("  a  ==  1"))


def deep() -> list[Any]:
    value: list[Any] = []
    for _ in range(5_000):
        value = [value]
    return value


@pytest.mark.parametrize("value", [object(), {1}, np.array([None]), [{"a": object()}], deep()])
def test_what_cannot_be_told_apart_has_no_key(value: Any) -> None:
    with pytest.raises(IncomparableError):
        Key(value)
    assert Question(value).key is None


def test_a_size_is_about_what_memory_a_key_takes() -> None:
    assert 30_000 < size_of(value_key(list(range(1_000)))) < 50_000
    assert 100_000 < size_of(value_key({"a": "x" * 100_000})) < 101_000


def test_an_equal_question_is_not_answered_again() -> None:
    asked: list[Any] = []
    answer = Memoized[Question, object](lambda question: asked.append(question) or object(), 10, 10_000)
    first = answer(Question(["a", 1]))
    assert answer(Question(["a", 1])) is first
    assert answer(Question(["a", True])) is not first
    assert len(asked) == 2


def test_a_question_without_a_key_is_answered_each_time() -> None:
    answer = Memoized[Question, object](lambda question: object(), 10, 10_000)
    question = Question({1})
    assert answer(question) is not answer(question)


def test_what_fails_is_not_kept() -> None:
    def fail(question: Question) -> object:
        raise ValueError(question.words)

    answer = Memoized[Question, object](fail, 10, 10_000)
    for _ in range(2):
        with pytest.raises(ValueError, match="a"):
            answer(Question("a"))


def test_a_cache_holds_so_many_entries_at_most() -> None:
    cache = BoundedCache[int](entries=10, size=1 << 20)
    for number in range(1_000):
        cache.put(number, number, 1)
        assert sum(cache.get(known) is not None for known in range(number)) <= 10
    assert cache.get(999) == 999


def test_what_is_asked_for_stays() -> None:
    cache = BoundedCache[str](entries=10, size=1 << 20)
    cache.put("often", "kept", 1)
    for number in range(1_000):
        cache.put(number, "once", 1)
        assert cache.get("often") == "kept"


@given(st.lists(st.integers(1, 150), max_size=60))
def test_a_cache_holds_so_many_bytes_at_most(sizes: list[int]) -> None:
    cache = BoundedCache[int](entries=1_000, size=100)
    for number, size in enumerate(sizes):
        cache.put(number, size, size)
        assert cache.get(number) == (size if size <= 100 else None)
        held = {**cache._old, **cache._young}
        assert sum(size for _, size in held.values()) <= 100
