"""The order of a growing list of words, against sorting them."""

from __future__ import annotations

import random
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from milvus_store_lite.columns import word_order
from milvus_store_lite.columns.word_order import WordOrder


@given(
    steps=st.lists(st.lists(st.text(max_size=3), max_size=12), max_size=6),
    few=st.sampled_from([0, 3, 1000]),
)
def test_ranks_are_in_the_order_of_the_words(steps: list[list[str]], few: int) -> None:
    words: list[str] = []
    order = WordOrder(words)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(word_order, "_FEW", few)
        for step in steps:
            words += [word for word in dict.fromkeys(step) if word not in words]
            ranks = order.ranks(np.arange(len(words), dtype=np.int32))
            assert [words[code] for code in np.argsort(ranks)] == sorted(words)
            some = np.array([0, 0, len(words) - 1], dtype=np.int32) if words else np.zeros(0, dtype=np.int32)
            found = order.ranks(some)
            assert np.array_equal(np.sign(found[1:] - found[:-1]), _signs([words[code] for code in some]))


def test_few_codes_among_many_words_are_ranked_by_themselves() -> None:
    numbers = random.Random(1).sample(range(10_000), 10_000)
    words = [f"{number:05}" for number in numbers]
    codes = np.array([5, 9_999, -1, 7, 5, 3], dtype=np.int32)
    ranks = WordOrder(words).ranks(codes)
    named = [at for at, code in enumerate(codes) if code >= 0]
    assert sorted(named, key=lambda at: (ranks[at], at)) == sorted(
        named, key=lambda at: (words[codes[at]], at)
    )
    assert ranks[0] == ranks[4]


def _signs(words: list[str]) -> list[int]:
    return [(after > before) - (after < before) for before, after in pairwise(words)]
