"""Roaring bitmaps that a client has built: whether integers are among its keys.

They are the portable form of Roaring's 64-bit bitmaps behind a header, ``MRB1``, as clients of Milvus write them.
They are asked where they lie, and never unpacked: a run of 65,536 keys takes six bytes. The bytes are a
stranger's: nothing in them is believed before it is checked, in time linear in them.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np
import numpy.typing as npt

from .bloom import MAX_BODY
from .truth import BoolArray

MAGIC: Final = b"MRB1"
MAX_HIGH: Final = 1 << 18
"""How many different upper halves the keys may have, as in Milvus."""

MAX_UNPACKED: Final = 64 << 20
"""How many bytes Milvus would unpack it to at most: the body, 128 for an upper half and 64 for a container."""

_HEADER: Final = struct.Struct("<4sHHQQQ")  # magic, version, format, number of keys, bytes of the body, zero
_ALL_ARE_VALUES: Final = 12346
_SOME_ARE_RUNS: Final = 12347
_MOST_VALUES: Final = 4096
"""A container of more keys is a bitmap, unless it is of runs."""

_BITMAP: Final = 8192
_FEW_CONTAINERS: Final = 4
"""Where there are runs, and fewer containers, there is no table of where each begins."""

_CHECKED_AT_ONCE: Final = 1 << 20
_BITS_SET: Final = np.array([number.bit_count() for number in range(256)], dtype=np.uint8)

_Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class RoaringBitmap:
    """A key is an int64, read as a uint64; a container has the keys of equal upper 48 bits.

    ``ids``: (c,) uint64 ascending, those upper bits. ``first``: (c,) where in ``blob`` the container begins.
    ``counts``: (c,) how many values or runs it has. ``steps``: (c,) how many bytes each of those takes: 2 for a
    value, 4 for a run (its beginning, and how many follow); 0 for a bitmap.
    """

    blob: bytes
    ids: npt.NDArray[np.uint64]
    first: _Ints
    counts: _Ints
    steps: _Ints
    is_exact: ClassVar[bool] = True
    has_integers: ClassVar[bool] = True
    has_words: ClassVar[bool] = False

    def holds_integers(self, values: npt.NDArray[np.signedinteger]) -> BoolArray:
        """(n,) bool: which of ``values``, (n,) integers of any width, are keys."""
        found = np.zeros(len(values), dtype=np.bool_)
        if not len(self.ids):
            return found
        keys = values.astype(np.int64).view(np.uint64)
        ids = keys >> np.uint64(16)
        containers = np.minimum(np.searchsorted(self.ids, ids), len(self.ids) - 1)
        rows = np.flatnonzero(self.ids[containers] == ids)
        containers, low = containers[rows], (keys[rows] & np.uint64(0xFFFF)).astype(np.int64)
        in_bitmap = self.steps[containers] == 0
        octets = np.frombuffer(self.blob, dtype=np.uint8)
        some = np.flatnonzero(in_bitmap)
        octet = octets[self.first[containers[some]] + (low[some] >> 3)]
        found[rows[some]] = (octet >> (low[some] & 7).astype(np.uint8)) & 1
        rest = np.flatnonzero(~in_bitmap)
        found[rows[rest]] = self._in_intervals(containers[rest], low[rest])
        return found

    def holds_words(self, words: list[str]) -> BoolArray:
        """(n,) bool: none of ``words`` is a key."""
        return np.zeros(len(words), dtype=np.bool_)

    def _in_intervals(self, containers: _Ints, low: _Ints) -> BoolArray:
        """(n,) bool: whether each of ``low`` is a value or in a run of its container, by halving."""
        numbers = _numbers(self.blob)
        first, steps, counts = self.first[containers], self.steps[containers], self.counts[containers]
        before = np.zeros(len(low), dtype=np.int64)  # how many intervals begin at most there
        for power in reversed(range(int(counts.max(initial=0)).bit_length())):
            tried = before + (1 << power)
            begins = numbers[first + steps * (np.minimum(tried, counts) - 1)]
            before = np.where((tried <= counts) & (begins <= low), tried, before)
        last = first + steps * np.maximum(before - 1, 0)
        follow = np.where(steps == 4, numbers[last + np.where(steps == 4, 2, 0)], 0)
        found: BoolArray = (before > 0) & (low - numbers[last] <= follow)
        return found


def read_roaring(blob: bytes) -> RoaringBitmap:
    """The bitmap that ``blob``, which begins with the magic, is; ``ValueError`` if it is not one."""
    if len(blob) < _HEADER.size:
        raise ValueError(f"a Roaring bitmap has a header of {_HEADER.size} bytes, got {len(blob)} bytes")
    _, version, form, keys, length, zero = _HEADER.unpack_from(blob)
    body = len(blob) - _HEADER.size
    if version != 1:
        raise ValueError(f"a Roaring bitmap of version 1 is read here, got version {version}")
    if form != 1:
        raise ValueError(f"a Roaring bitmap of format 1, portable and of 64 bits, is read here, got {form}")
    if zero:
        raise ValueError(f"the header of a Roaring bitmap ends with a zero, got {zero}")
    if body > MAX_BODY:
        raise ValueError(f"a Roaring bitmap has at most {MAX_BODY} bytes, got {body}: use a Bloom filter")
    if length != body:
        raise ValueError(f"the Roaring bitmap says that it has {length} bytes, and has {body}")
    table = np.array(list(_containers(blob)), dtype=np.int64).reshape(-1, 5)
    ids, first, counts, steps, cards = np.ascontiguousarray(table.T)
    found = RoaringBitmap(blob, ids.view(np.uint64), first, counts, steps)
    if (np.diff(ids) <= 0).any():
        raise ValueError("the containers of the Roaring bitmap are not in order")
    _check_bitmaps(found, cards)
    _check_intervals(found, cards)
    if int(cards.sum()) != keys:
        raise ValueError(f"the Roaring bitmap says that it has {keys} keys, and has {int(cards.sum())}")
    return found


def _containers(blob: bytes) -> Iterator[tuple[int, int, int, int, int]]:
    """Of each container: its id, where it begins, how many entries of how many bytes it has, and how many keys."""
    body, at = len(blob) - _HEADER.size, _HEADER.size
    (highs,) = struct.unpack_from("<Q", blob, _within(blob, at, 8))
    at += 8
    if highs > MAX_HIGH:
        raise ValueError(
            f"the keys of a Roaring bitmap have at most {MAX_HIGH} different upper halves, got {highs}: "
            "use a Bloom filter"
        )
    room = (MAX_UNPACKED - body - 128 * highs) // 64
    last_high = -1
    for _ in range(highs):
        high, cookie = struct.unpack_from("<II", blob, _within(blob, at, 8))
        if high <= last_high:
            raise ValueError("the upper halves of the Roaring bitmap are not in order")
        last_high, at = high, at + 8
        runs = b""
        if cookie & 0xFFFF == _SOME_ARE_RUNS:
            count = (cookie >> 16) + 1
            size = (count + 7) // 8
            runs = blob[_within(blob, at, size) : at + size]
            at += size
        elif cookie == _ALL_ARE_VALUES:
            (count,) = struct.unpack_from("<I", blob, _within(blob, at, 4))
            at += 4
        else:
            raise ValueError(
                f"a part of a Roaring bitmap begins with {_ALL_ARE_VALUES} or {_SOME_ARE_RUNS}, got {cookie}"
            )
        if count > 1 << 16:
            raise ValueError(f"a part of a Roaring bitmap has at most {1 << 16} containers, got {count}")
        room -= count
        if room < 0:
            raise ValueError(f"a Roaring bitmap may unpack to {MAX_UNPACKED} bytes, and this one is larger")
        described = struct.unpack_from(f"<{2 * count}H", blob, _within(blob, at, 4 * count))
        at += 4 * count
        if not runs or count >= _FEW_CONTAINERS:
            at = _within(blob, at, 4 * count) + 4 * count  # where each begins, which their sizes tell
        for number in range(count):
            card = described[2 * number + 1] + 1
            entries, step = card, 2
            if runs and runs[number >> 3] >> (number & 7) & 1:
                (entries,) = struct.unpack_from("<H", blob, _within(blob, at, 2))
                at, step = at + 2, 4
            elif card > _MOST_VALUES:
                entries, step = 0, 0
            yield (high << 16) | described[2 * number], at, entries, step, card
            size = entries * step or _BITMAP * (step == 0)
            at = _within(blob, at, size) + size
    if at != len(blob):
        raise ValueError(f"the Roaring bitmap ends after {at - _HEADER.size} of its {body} bytes")


def _within(blob: bytes, at: int, size: int) -> int:
    """``at``, from where on ``blob`` has ``size`` bytes."""
    if size > len(blob) - at:
        raise ValueError(
            f"the Roaring bitmap is cut off: {size} bytes are expected at byte {at} of {len(blob)}"
        )
    return at


def _numbers(blob: bytes) -> npt.NDArray[np.uint16]:
    """Two bytes as an integer, from every byte on."""
    numbers: npt.NDArray[np.uint16] = np.ndarray((len(blob) - 1,), "<u2", blob, strides=(1,))
    return numbers


def _check_bitmaps(found: RoaringBitmap, cards: _Ints) -> None:
    octets = np.frombuffer(found.blob, dtype=np.uint8)
    for container in np.flatnonzero(found.steps == 0).tolist():
        first = int(found.first[container])
        bits = int(_BITS_SET[octets[first : first + _BITMAP]].sum(dtype=np.int64))
        if bits != cards[container]:
            raise ValueError(f"a bitmap of the Roaring bitmap has {bits} keys instead of {cards[container]}")


def _check_intervals(found: RoaringBitmap, cards: _Ints) -> None:
    """Raise unless the values and runs of each container ascend, lie apart, and make as many keys as it says."""
    numbers = _numbers(found.blob)
    containers = np.flatnonzero(found.steps > 0)
    if (found.counts[containers] == 0).any():
        raise ValueError("a container of runs in the Roaring bitmap has none")
    ends = np.cumsum(found.counts[containers])
    begin = 0
    while begin < len(containers):
        done = int(ends[begin - 1]) if begin else 0
        end = max(begin + 1, int(np.searchsorted(ends, done + _CHECKED_AT_ONCE)))
        part = containers[begin:end]
        counts, steps = found.counts[part], found.steps[part]
        starts = np.cumsum(counts) - counts
        within = np.arange(int(counts.sum())) - np.repeat(starts, counts)
        at = np.repeat(found.first[part], counts) + np.repeat(steps, counts) * within
        are_runs = np.repeat(steps == 4, counts)
        low = numbers[at].astype(np.int64)
        high = low + np.where(are_runs, numbers[at + np.where(are_runs, 2, 0)], 0)
        in_order = low[1:] > high[:-1]
        in_order[starts[1:] - 1] = True
        if not in_order.all() or (high > 0xFFFF).any():
            raise ValueError("the values or runs of a container of the Roaring bitmap are not in order")
        if (np.add.reduceat(high - low + 1, starts) != cards[part]).any():
            raise ValueError("a container of runs in the Roaring bitmap has more or fewer keys than it says")
        begin = end
