"""Random conditions on what stands in arrays: their contents, and how many elements satisfy a condition."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from milvus_store_lite import filters as tree
from milvus_store_lite.schema.data_types import DataType
from milvus_store_lite.schema.fields import Field

from .value_draws import (
    Trees,
    equality,
    flag_literals,
    listed,
    number_literals,
    on_flags,
    on_numbers,
    on_strings,
    orders,
    patterns,
    string_literals,
)
from .values import constants_number, words

element = st.just(tree.Element())


def on_structs(field: Field, name: Trees) -> list[Trees]:
    """Conditions on several members of one struct, and on the values of one member."""
    of_struct, of_member = [], []
    for member in field.members:
        one = st.just(tree.Element(member.name))
        array = st.just(tree.Member(field.name, member.name))
        if member.dtype is DataType.BOOL:
            of_struct += on_flags(one)
            of_member.append(contents(array, st.booleans()))
        elif member.dtype is DataType.VARCHAR:
            of_struct += on_strings(one)
            of_member.append(contents(array, words))
        else:
            of_struct += on_numbers(one)
            of_member.append(contents(array, constants_number))
        of_member.append(
            st.builds(
                tree.IsNull,
                st.builds(tree.Member, st.just(field.name), st.just(member.name), st.integers(0, 2)),
                st.booleans(),
            )
        )
    plain = st.one_of(of_struct)
    joined = st.builds(tree.And, st.tuples(plain, plain)) | st.builds(tree.Or, st.tuples(plain, plain))
    return [counted(name, [plain, joined]), *of_member]


def on_arrays(field: Field, name: Trees) -> list[Trees]:
    assert field.element_type is not None
    if field.element_type is DataType.BOOL:
        on_element = [st.builds(tree.Compare, equality, element, flag_literals)]
        return [contents(name, st.booleans()), counted(name, on_element)]
    if field.element_type is DataType.VARCHAR:
        on_element = [
            st.builds(tree.Compare, orders, element, string_literals),
            st.builds(tree.Like, element, st.builds(tree.Literal, patterns)),
        ]
        return [contents(name, words), counted(name, on_element)]
    on_element = [
        st.builds(tree.Compare, orders, element, number_literals),
        st.builds(tree.In, element, listed(number_literals), st.booleans()),
    ]
    return [contents(name, constants_number), counted(name, on_element)]


def contents(arrays: Trees, items: st.SearchStrategy[Any]) -> Trees:
    """Conditions on arrays whose elements could be among ``items``, plain values."""
    lists = st.builds(tree.ListOf.of, st.lists(items, max_size=3))
    kinds = st.sampled_from(["array", "json"])
    one = st.builds(
        lambda kind, array, value: tree.Call(f"{kind}_contains", (array, tree.Literal(value))),
        kinds,
        arrays,
        items,
    )
    several = st.builds(
        lambda kind, suffix, array, values: tree.Call(f"{kind}_contains_{suffix}", (array, values)),
        kinds,
        st.sampled_from(["all", "any"]),
        arrays,
        lists,
    )
    return one | several | st.builds(tree.Compare, equality, arrays, lists)


def counted(arrays: Trees, conditions: Sequence[Trees]) -> Trees:
    """Conditions on how many elements satisfy one of ``conditions``."""
    condition = st.one_of(*conditions)
    condition |= st.builds(tree.Not, condition)
    simple = st.builds(
        lambda function, array, one: tree.Call(function, (array, one)),
        st.sampled_from(["element_filter", "match_any", "match_all"]),
        arrays,
        condition,
    )
    thresholds = st.integers(0, 3).map(lambda least: (("threshold", tree.Literal(least)),))
    bounded = st.builds(
        lambda function, array, one, options: tree.Call(function, (array, one), options),
        st.sampled_from(["match_least", "match_most", "match_exact"]),
        arrays,
        condition,
        thresholds,
    )
    return simple | bounded
