"""Signatures of texts, by which MHJACCARD estimates how many shingles two texts share.

They are those of Milvus 3.0, bit by bit: the shingles of a text are hashed to 64 bits, a permutation
``a * x + b mod 2^61 - 1`` makes another hash of each, and the least one, cut to 32 bits, is an element of the
signature. Each element has a permutation of its own, drawn by ``std::mt19937_64``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt
from xxhash import xxh3_64_intdigest

from ..schema.minhash import MinHash

Signatures = npt.NDArray[np.uint8]
"""(n, 4 * num_hashes): the elements as little-endian bytes, which are those of a binary vector."""

_Words = npt.NDArray[np.uint64]

_PRIME: Final = np.uint64(2**61 - 1)
_EMPTY: Final = 2**32 - 1
"""The elements of a text without shingles."""

_AT_ONCE: Final = 4096
"""Shingles that are permuted at a time, so that a long text takes little memory."""


def signatures(
    texts: Sequence[str], how: MinHash, cut: Callable[[Sequence[str]], list[list[str]]]
) -> Signatures:
    """The signature of each text.

    Args:
        cut: makes the words of texts, for ``token_level`` ``word``.
    """
    pieces: Iterable[Sequence[bytes] | bytes]
    if how.token_level == "char":
        pieces = (text.encode() for text in texts)
    else:
        pieces = ([word.encode() for word in words] for words in cut(texts))
    factors, terms = permutations(how.num_hashes, how.seed)
    digest = _sha1 if how.hash_function == "sha1" else xxh3_64_intdigest
    found = np.full((len(texts), how.num_hashes), _EMPTY, dtype="<u4")
    for row, parts in enumerate(pieces):
        hashes = np.fromiter(map(digest, set(_shingles(parts, how.shingle_size))), dtype=np.uint64)
        for start in range(0, len(hashes), _AT_ONCE):
            least = _least(hashes[start : start + _AT_ONCE], factors, terms)
            np.minimum(found[row], least, out=found[row])
    return found.view(np.uint8)


def _shingles(parts: Sequence[bytes] | bytes, size: int) -> Iterator[bytes]:
    """What is hashed: as many neighbours as ``size``, joined; all of a shorter text; nothing of an empty one."""
    for start in range(max(len(parts) - size, 0) + 1 if parts else 0):
        some = parts[start : start + size]
        yield some if isinstance(some, bytes) else b"".join(some)


def _least(hashes: _Words, factors: _Words, terms: _Words) -> npt.NDArray[np.uint32]:
    """(num_hashes,) the least of ``hashes`` under each permutation. The products wrap around, as Milvus's do."""
    permuted = factors[:, np.newaxis] * hashes + terms[:, np.newaxis]
    permuted = (permuted & _PRIME) + (permuted >> np.uint64(61))
    permuted = np.where(permuted >= _PRIME, permuted - _PRIME, permuted)
    least: npt.NDArray[np.uint32] = permuted.astype(np.uint32).min(axis=1)
    return least


def _sha1(shingle: bytes) -> int:
    """The first four bytes of the digest."""
    return int.from_bytes(hashlib.sha1(shingle, usedforsecurity=False).digest()[:4], "little")


@lru_cache(maxsize=16)
def permutations(count: int, seed: int) -> tuple[_Words, _Words]:
    """Factors and terms of ``count`` permutations, as Milvus draws them."""
    numbers = uniform(mt19937_64(seed), 2**32 - 1)
    drawn = np.array([next(numbers) + 1 for _ in range(2 * count)], dtype=np.uint64).reshape(count, 2)
    return drawn[:, 0] + np.uint64(1), drawn[:, 1].copy()


def uniform(numbers: Iterator[int], below: int) -> Iterator[int]:
    """Numbers of 64 bits as numbers from 0 to ``below`` - 1, as GCC's ``uniform_int_distribution`` makes them."""
    for number in numbers:
        product = number * below
        if product % 2**64 >= 2**64 % below:
            yield product >> 64


_SIZE: Final = 312
_SHIFT: Final = 156
_MASK: Final = 2**64 - 1
_LOWER: Final = 2**31 - 1


def mt19937_64(seed: int) -> Iterator[int]:
    """The numbers of C++'s ``std::mt19937_64``."""
    state = [seed & _MASK]
    for number in range(1, _SIZE):
        state.append((6364136223846793005 * (state[-1] ^ (state[-1] >> 62)) + number) & _MASK)
    while True:
        for number in range(_SIZE):
            joined = (state[number] & ~_LOWER) | (state[(number + 1) % _SIZE] & _LOWER)
            twist = 0xB5026F5AA96619E9 if joined & 1 else 0
            state[number] = state[(number + _SHIFT) % _SIZE] ^ (joined >> 1) ^ twist
        for value in state:
            value ^= (value >> 29) & 0x5555555555555555
            value ^= (value << 17) & 0x71D67FFFEDA60000
            value ^= (value << 37) & 0xFFF7EEE000000000
            yield (value ^ (value >> 43)) & _MASK
