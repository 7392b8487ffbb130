"""Bloom filters that a client has built: whether values are probably among its keys.

They are Parquet's split blocks of 256 bits behind a header, ``MBF1``, as ``pymilvus.build_bloom_filter`` and the
other clients of Milvus write them. The bytes are a stranger's: nothing in them is believed before it is checked.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np
import numpy.typing as npt

from . import xxh64
from .truth import BoolArray

MAGIC: Final = b"MBF1"
MAX_BODY: Final = 64 << 20
"""How many bytes a set of keys may have after its header, as in Milvus (``proxy.maxMembershipFilterSize``)."""

_HEADER: Final = struct.Struct(
    "<4sHHQdIB3s"
)  # magic, version, algorithm, keys, error rate, blocks, domains, zeros
_BLOCK: Final = 32
_SALTS: Final = np.array(
    [0x47B6137B, 0x44974D91, 0x8824AD5B, 0xA2B7289D, 0x705495C7, 0x2DF1424B, 0x9EFC4947, 0x5C6BFB31],
    dtype=np.uint32,
)
_AT_ONCE: Final = 1 << 15


@dataclass(frozen=True, eq=False)
class BloomFilter:
    """``words``: (8 * blocks,) uint32. It may say of a value that is no key that it is one, and never the reverse.

    ``has_integers`` and ``has_words``: whether there are keys of that kind. Both kinds share the bits, where the
    word of eight letters is the integer of the same bytes, so that values are asked of their own kind alone.
    """

    words: npt.NDArray[np.uint32]
    has_integers: bool
    has_words: bool
    is_exact: ClassVar[bool] = False

    def holds_integers(self, values: npt.NDArray[np.signedinteger]) -> BoolArray:
        """(n,) bool: which of ``values``, (n,) integers of any width, are probably keys."""
        found = np.zeros(len(values), dtype=np.bool_)
        if self.has_integers:
            for start in range(0, len(values), _AT_ONCE):
                part = slice(start, start + _AT_ONCE)
                found[part] = self._holds(xxh64.of_integers(values[part]))
        return found

    def holds_words(self, words: list[str]) -> BoolArray:
        """(n,) bool: which of ``words`` are probably keys."""
        found = np.zeros(len(words), dtype=np.bool_)
        if self.has_words:
            for start in range(0, len(words), _AT_ONCE):
                part = slice(start, start + _AT_ONCE)
                found[part] = self._holds(xxh64.of_words(words[part]))
        return found

    def _holds(self, hashes: xxh64.Hashes) -> BoolArray:
        """(n,) bool: whether a bit of each of the eight words of a block is set."""
        blocks = np.uint64(len(self.words) // 8)
        first = ((hashes >> np.uint64(32)) * blocks >> np.uint64(32)).astype(np.intp) * 8
        low = hashes.astype(np.uint32)
        found = np.ones(len(hashes), dtype=np.bool_)
        for number, salt in enumerate(_SALTS):
            bits = self.words[first + number] >> (low * salt >> np.uint32(27))
            found &= (bits & np.uint32(1)).astype(np.bool_)
        return found


def read_bloom(blob: bytes) -> BloomFilter:
    """The filter that ``blob``, which begins with the magic, is; ``ValueError`` if it is not one."""
    if len(blob) < _HEADER.size:
        raise ValueError(f"a Bloom filter has a header of {_HEADER.size} bytes, got {len(blob)} bytes")
    _, version, algorithm, _, _, blocks, domains, zeros = _HEADER.unpack_from(blob)
    body = len(blob) - _HEADER.size
    if version != 1:
        raise ValueError(f"a Bloom filter of version 1 is read here, got version {version}")
    if algorithm != 1:
        raise ValueError(
            f"a Bloom filter by algorithm 1, XXH64 with eight bits in a block, is read here, got {algorithm}"
        )
    if zeros != b"\0\0\0" or domains & ~3:
        raise ValueError("a Bloom filter has keys that are integers (1), words (2) or both, and then zeros")
    if body > MAX_BODY:
        raise ValueError(
            f"a Bloom filter has at most {MAX_BODY} bytes, got {body}: allow more false positives"
        )
    if blocks < 1 or blocks & (blocks - 1) or body != blocks * _BLOCK:
        raise ValueError(
            f"a Bloom filter has a power of two of blocks of {_BLOCK} bytes, got {blocks} blocks in {body} bytes"
        )
    words = np.frombuffer(blob, dtype="<u4", offset=_HEADER.size).astype(np.uint32, copy=False)
    return BloomFilter(words, has_integers=bool(domains & 1), has_words=bool(domains & 2))
