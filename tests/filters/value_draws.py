"""Random conditions on numbers, strings and flags, whatever they stand in: fields, paths, elements, members."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from milvus_store_lite import filters as tree

from .values import REGEXES, constants_int, constants_number, words

Trees = st.SearchStrategy[Any]

orders = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
equality = st.sampled_from(["==", "!="])
patterns = st.text(alphabet="ab%_é\n", max_size=5)
number_literals = st.builds(tree.Literal, constants_number)
string_literals = st.builds(tree.Literal, words)
flag_literals = st.builds(tree.Literal, st.booleans())


def on_numbers(plain: Trees) -> list[Trees]:
    divisors = st.builds(tree.Literal, constants_number.filter(bool)) | plain
    numbers = st.recursive(
        plain,
        lambda inner: st.one_of(
            st.builds(tree.Unary, st.sampled_from(["+", "-"]), inner),
            st.builds(tree.Arithmetic, st.sampled_from(["+", "-", "*"]), inner | number_literals, inner),
            st.builds(tree.Arithmetic, st.sampled_from(["/", "%"]), inner, divisors),
        ),
        max_leaves=4,
    )
    upwards = st.sampled_from(["<", "<="])
    middles = plain.filter(lambda node: not isinstance(node, tree.Call))
    return [
        st.builds(tree.Compare, orders, numbers, number_literals | numbers),
        st.builds(tree.Compare, orders, number_literals, numbers),
        st.builds(tree.Range, number_literals, upwards, middles, upwards, number_literals),
        st.builds(tree.In, numbers, listed(number_literals), st.booleans()),
    ]


def bits(plain: Trees) -> Trees:
    return st.recursive(
        plain,
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
                plain | st.builds(tree.Literal, st.integers(0, 63)),
            ),
        ),
        max_leaves=3,
    )


def on_strings(strings: Trees) -> list[Trees]:
    regexes = st.builds(tree.Literal, st.sampled_from(REGEXES))
    return [
        st.builds(tree.Compare, orders, strings, string_literals | strings),
        st.builds(tree.Compare, orders, string_literals, strings),
        st.builds(tree.In, strings, listed(string_literals), st.booleans()),
        st.builds(tree.Like, strings, st.builds(tree.Literal, patterns)),
        st.builds(tree.Regex, strings, regexes, st.booleans()),
    ]


def on_flags(flags: Trees) -> list[Trees]:
    return [
        flags,
        st.builds(tree.Compare, equality, flags, flag_literals | flags),
        st.builds(tree.In, flags, listed(flag_literals), st.booleans()),
    ]


def listed(items: Trees) -> Trees:
    return st.builds(tree.ListOf.of, st.lists(items.map(lambda item: item.value), max_size=4))


def as_list(values: list[Any]) -> tree.ListOf:
    """As the parser reads it: plain values only if there are no others."""
    if not any(isinstance(one, list) for one in values):
        return tree.ListOf.of(values)
    return tree.ListOf(tuple(as_list(one) if isinstance(one, list) else tree.Literal(one) for one in values))
