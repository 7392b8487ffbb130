"""XXH64 with seed 0 of many values at once, as Bloom filters of Parquet and of pymilvus take it."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from xxhash import xxh64_intdigest

Hashes = npt.NDArray[np.uint64]

_PRIME_1: Final = np.uint64(11400714785074694791)
_PRIME_2: Final = np.uint64(14029467366897019727)
_PRIME_3: Final = np.uint64(1609587929392839161)
_PRIME_4: Final = np.uint64(9650029242287828579)
_OF_EIGHT_BYTES: Final = np.uint64(2870177450012600261 + 8)


def of_integers(values: npt.NDArray[np.signedinteger]) -> Hashes:
    """(n,) the hashes of ``values``, (n,) integers of any width, as eight bytes of which the lowest is first."""
    lanes = values.astype(np.int64).view(np.uint64)
    hashes: Hashes = _OF_EIGHT_BYTES ^ (_rotated(lanes * _PRIME_2, 31) * _PRIME_1)
    hashes = _rotated(hashes, 27) * _PRIME_1 + _PRIME_4
    hashes = (hashes ^ (hashes >> np.uint64(33))) * _PRIME_2
    hashes = (hashes ^ (hashes >> np.uint64(29))) * _PRIME_3
    hashes ^= hashes >> np.uint64(32)
    return hashes


def of_words(words: list[str]) -> Hashes:
    """(n,) the hashes of ``words`` in UTF-8."""
    texts = (word.encode(errors="surrogatepass") for word in words)
    return np.fromiter(map(xxh64_intdigest, texts), dtype=np.uint64, count=len(words))


def _rotated(values: Hashes, bits: int) -> Hashes:
    rotated: Hashes = (values << np.uint64(bits)) | (values >> np.uint64(64 - bits))
    return rotated
