"""The numbers of ``random_score`` are Milvus's: MurmurHash3 x64 of the block (key, seed), seeded by key ^ seed."""

from __future__ import annotations

import struct

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from milvus_store_lite.search.reranking.boosts import _fractions

WORD = 2**64


def murmur(key: int, seed: int) -> int:
    """MurmurHash3_x64_128 of one block, in whole numbers; the first word of the result."""

    def rotated(word: int, bits: int) -> int:
        return ((word << bits) | (word >> (64 - bits))) % WORD

    def mixed(word: int) -> int:
        word = (word ^ (word >> 33)) * 0xFF51AFD7ED558CCD % WORD
        word = (word ^ (word >> 33)) * 0xC4CEB9FE1A85EC53 % WORD
        return word ^ (word >> 33)

    c1, c2 = 0x87C37B91114253D5, 0x4CF5AD432745937F
    h1, h2 = key ^ seed, seed
    h1 ^= rotated(key * c1 % WORD, 31) * c2 % WORD
    h1 = ((rotated(h1, 27) + h2) * 5 + 0x52DCE729) % WORD
    h2 ^= rotated(seed * c2 % WORD, 33) * c1 % WORD
    h2 = ((rotated(h2, 31) + h1) * 5 + 0x38495AB5) % WORD
    h1, h2 = h1 ^ 16, h2 ^ 16
    h1 = (h1 + h2) % WORD
    h2 = (h2 + h1) % WORD
    return (mixed(h1) + mixed(h2)) % WORD


@given(st.lists(st.integers(-(2**63), 2**63 - 1), max_size=8), st.integers(-(2**63), 2**63 - 1))
def test_fractions_are_the_low_bits_of_a_hash(keys: list[int], seed: int) -> None:
    expected = []
    for key in keys:
        bits = 0x3FF << 52 | murmur(key % WORD, seed % WORD) & (2**52 - 1)
        expected.append(struct.unpack("<d", struct.pack("<Q", bits))[0] - 1)
    assert _fractions(np.array(keys, dtype=np.int64), seed).tolist() == expected


def test_fractions_are_spread_evenly() -> None:
    fractions = _fractions(np.arange(10_000), 126)
    counts, _ = np.histogram(fractions, bins=10, range=(0, 1))
    assert counts.sum() == 10_000
    assert counts.min() > 850
