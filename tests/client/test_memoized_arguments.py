from __future__ import annotations

from enum import Enum
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from milvus_store.client.memoized_arguments import MemoizedArguments

ATOMS = (
    st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from([0.0, 1.0, 2.0]) | st.sampled_from("ab")
)
VALUES = st.recursive(
    ATOMS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(ATOMS, inner, max_size=3)
    ),
    max_leaves=6,
)


@given(VALUES, VALUES)
def test_no_two_values_are_taken_for_each_other(first: Any, second: Any) -> None:
    """repr() tells types and values apart."""
    memoized = MemoizedArguments(repr)
    assert memoized(first) == repr(first)
    assert memoized(second) == repr(second)
    assert memoized(first) == repr(first)


@given(VALUES)
def test_equal_arguments_are_not_worked_out_again(value: Any) -> None:
    calls: list[Any] = []
    memoized = MemoizedArguments(lambda given: calls.append(given) or len(calls))
    assert memoized(value) == memoized(value) == 1


def test_what_cannot_be_compared_is_worked_out_each_time() -> None:
    class Level(str, Enum):
        LOW = "low"

    nested: list[Any] = []
    for _ in range(5_000):
        nested = [nested]
    for value in (np.array([None]), Level.LOW, object(), {"a": {1, 2}}, nested):
        calls: list[Any] = []
        memoized = MemoizedArguments(lambda given, calls=calls: calls.append(given))
        memoized(value)
        memoized(value)
        assert len(calls) == 2
        assert calls[0] is value


def test_what_is_kept_is_not_the_callers_to_change() -> None:
    given, calls = {"names": ["a"]}, []
    memoized = MemoizedArguments(lambda value: calls.append(value) or value)
    kept = memoized(given)
    given["names"].append("b")
    assert kept == {"names": ["a"]}
    assert memoized({"names": ["a"]}) is kept


def test_the_oldest_are_let_go() -> None:
    memoized = MemoizedArguments(lambda value: object())
    first = memoized(0)
    for value in range(10_000):
        memoized(value)
    assert memoized(0) is not first
