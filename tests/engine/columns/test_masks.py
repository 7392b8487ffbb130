"""Masks keep what follows from their flags, and never mix up whose it is."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from milvus_store_lite.columns.masks import Mask


@given(st.lists(st.booleans(), max_size=100))
def test_what_follows_is_that_of_the_flags(flags: list[bool]) -> None:
    mask = Mask(np.array(flags, dtype=np.bool_))
    for _ in range(2):
        assert mask.count == sum(flags)
        assert mask.slots.tolist() == [place for place, flag in enumerate(flags) if flag]
        assert [bool(mask.bits[place // 8] >> place % 8 & 1) for place in range(len(flags))] == flags


def test_a_derived_mask_is_made_once_for_each_key_in_a_row() -> None:
    mask, made = Mask(np.array([True, False, True])), []

    def reverse(flags: np.ndarray) -> np.ndarray:
        made.append(flags)
        return flags[::-1][:2]

    first, second = object(), object()
    found = mask.derived(first, reverse)
    assert found.flags.tolist() == [True, False]
    assert mask.derived(first, reverse) is found
    assert len(made) == 1
    assert mask.derived(second, reverse) is not found
    assert len(made) == 2
