"""Signatures of texts, beside Milvus's formula written down plainly."""

from __future__ import annotations

import hashlib
from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xxhash import xxh3_64_intdigest

from milvus_store_lite.schema.minhash import MinHash
from milvus_store_lite.text.minhash import mt19937_64, permutations, signatures, uniform

PRIME = 2**61 - 1


def cut(texts: object) -> list[list[str]]:
    return [text.split() for text in texts]  # type: ignore[attr-defined]


def plain(text: str, how: MinHash) -> list[int]:
    """The signature of ``text``, one number at a time."""
    parts = [bytes([byte]) for byte in text.encode()]
    if how.token_level == "word":
        parts = [word.encode() for word in text.split()]
    size = how.shingle_size
    shingles = [b"".join(parts[start : start + size]) for start in range(max(1, len(parts) - size + 1))]
    digests = [
        int.from_bytes(hashlib.sha1(one).digest()[:4], "little")
        if how.hash_function == "sha1"
        else xxh3_64_intdigest(one)
        for one in (shingles if parts else [])
    ]
    found = []
    for a, b in zip(*permutations(how.num_hashes, how.seed), strict=True):
        hashes = [((int(a) * one + int(b)) % 2**64) % PRIME % 2**32 for one in digests]
        found.append(min([*hashes, 2**32 - 1]))
    return found


@settings(max_examples=60, deadline=None)
@given(
    texts=st.lists(st.text(alphabet="ab é漢 ", max_size=30), min_size=1, max_size=4),
    size=st.integers(1, 4),
    function=st.sampled_from(["xxhash64", "sha1"]),
    level=st.sampled_from(["word", "char"]),
    seed=st.integers(-5, 2**40),
)
def test_a_signature_is_what_the_formula_says(
    texts: list[str], size: int, function: str, level: str, seed: int
) -> None:
    how = MinHash(5, size, function, level, seed)
    found = signatures(texts, how, cut)
    assert found.view("<u4").tolist() == [plain(text, how) for text in texts]


def test_the_generator_is_the_one_of_cpp() -> None:
    """The C++ standard states the ten-thousandth number of a default generator, [rand.predef]."""
    assert next(islice(mt19937_64(5489), 9_999, None)) == 9981545732273789042


def test_numbers_below_a_bound_are_the_high_parts_of_products() -> None:
    """Numbers with a low part below 2^64 mod 10 = 6 are passed over: they would make some results likelier."""
    assert list(uniform(iter([0, 2**63, 2**63 + 1, 2**64 - 1]), 10)) == [5, 9]


def test_permutations_stay_below_the_prime() -> None:
    factors, terms = permutations(200, 7)
    assert 2 <= int(factors.min()) <= int(factors.max()) <= 2**32
    assert 1 <= int(terms.min()) <= int(terms.max()) < 2**32
    assert len(set(factors.tolist())) > 190


def test_a_long_text_is_hashed_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    text = " ".join(f"w{number}" for number in range(100))
    whole = signatures([text], MinHash(8), cut)
    monkeypatch.setattr("milvus_store_lite.text.minhash._AT_ONCE", 7)
    assert (signatures([text], MinHash(8), cut) == whole).all()


def test_equal_elements_estimate_the_share_of_equal_shingles() -> None:
    words = [f"w{number}" for number in range(300)]
    first, second = words[:200], words[100:]
    how = MinHash(512, shingle_size=1)
    one, other = signatures([" ".join(first), " ".join(second)], how, cut).view("<u4")
    assert np.mean(one == other) == pytest.approx(100 / 300, abs=0.08)
