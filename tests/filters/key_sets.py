"""Builds sets of keys as pymilvus 3 does, key by key: Bloom filters, and Roaring bitmaps of every container."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from itertools import groupby

from xxhash import xxh64_intdigest

_SALTS = (0x47B6137B, 0x44974D91, 0x8824AD5B, 0xA2B7289D, 0x705495C7, 0x2DF1424B, 0x9EFC4947, 0x5C6BFB31)


def bloom_of(keys: Iterable[int | str], blocks: int = 1) -> bytes:
    """A Bloom filter of ``keys`` with so many blocks, a power of two."""
    words = [0] * 8 * blocks
    domains = 0
    for key in keys:
        is_word = isinstance(key, str)
        domains |= 2 if is_word else 1
        hashed = xxh64_intdigest(key.encode() if isinstance(key, str) else struct.pack("<q", key))
        for number, salt in enumerate(_SALTS):
            block = (hashed >> 32) * blocks >> 32
            words[8 * block + number] |= 1 << ((hashed * salt & 0xFFFFFFFF) >> 27)
    header = struct.pack("<4sHHQdIB3x", b"MBF1", 1, 1, 0, 0.01, blocks, domains)
    return header + struct.pack(f"<{len(words)}I", *words)


def bitmap(*parts: bytes, keys: int) -> bytes:
    """A Roaring bitmap of these parts of its body, which says that it has so many keys."""
    body = b"".join(parts)
    return struct.pack("<4sHHQQQ", b"MRB1", 1, 1, keys, len(body), 0) + body


def count(number: int) -> bytes:
    """How many parts there are, with which a body begins."""
    return struct.pack("<Q", number)


def part(high: int, *containers: bytes, described: Iterable[tuple[int, int]], runs: Iterable[bool]) -> bytes:
    """A part of a body: the containers of the keys with one upper half.

    ``described``: of each container the 16 bits that its keys have in common, and how many keys it has. ``runs``:
    which containers are of runs.
    """
    descriptions = b"".join(struct.pack("<HH", low, card - 1) for low, card in described)
    offsets = bytes(4 * len(containers))  # readers go by the sizes
    flags = [bool(is_run) for is_run in runs]
    if not any(flags):
        head = struct.pack("<II", 12346, len(containers))
    else:
        head = struct.pack("<HH", 12347, len(containers) - 1)
        head += sum(is_run << number for number, is_run in enumerate(flags)).to_bytes(
            (len(flags) + 7) // 8, "little"
        )
        offsets = offsets if len(containers) >= 4 else b""
    return struct.pack("<I", high) + head + descriptions + offsets + b"".join(containers)


def array(*values: int) -> bytes:
    """A container of values."""
    return struct.pack(f"<{len(values)}H", *values)


def bits(values: Iterable[int]) -> bytes:
    """A container of 65,536 bits."""
    return sum(1 << value for value in values).to_bytes(8192, "little")


def runs(*pairs: tuple[int, int]) -> bytes:
    """A container of runs: the first value, and how many follow it."""
    return struct.pack("<H", len(pairs)) + b"".join(struct.pack("<HH", *pair) for pair in pairs)


def roaring_of(keys: Iterable[int]) -> bytes:
    """A Roaring bitmap of ``keys``."""
    unsigned = sorted({key % 2**64 for key in keys})
    parts = []
    for high, of_high in groupby(unsigned, lambda key: key >> 32):
        containers, described, are_runs = [], [], []
        for low, of_low in groupby(of_high, lambda key: key >> 16 & 0xFFFF):
            values = [key & 0xFFFF for key in of_low]
            pairs = _runs_of(values)
            is_run = len(pairs) * 2 < len(values)
            most = bits(values) if len(values) > 4096 else array(*values)
            containers.append(runs(*pairs) if is_run else most)
            described.append((low, len(values)))
            are_runs.append(is_run)
        parts.append(part(high, *containers, described=described, runs=are_runs))
    return bitmap(count(len(parts)), *parts, keys=len(unsigned))


def _runs_of(values: list[int]) -> list[tuple[int, int]]:
    pairs: list[tuple[int, int]] = []
    for value in values:
        if pairs and value == sum(pairs[-1]) + 1:
            pairs[-1] = (pairs[-1][0], pairs[-1][1] + 1)
        else:
            pairs.append((value, 0))
    return pairs
