"""Checksums of the scalars of a row, which show that a value is no longer what was written.

A row keeps them in one blob, 4 bytes for each value, so that a reader of one column verifies just that column.
A checksum covers the value, the row's seq, the field and the collection, so it also shows values that changed
places: the high half of ``fold(bits ^ (seq * odd + field * odd + collection * odd)) * odd``. ``bits``
are those of the number, or the 64-bit XXH3 of a text's UTF-8. That is the multiply-shift hash of Dietzfelbinger
et al., "A Reliable Randomized Algorithm for the Closest-Pair Problem" (1997), which numpy takes of a thousand
numbers in 10 µs.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from xxhash import xxh3_64_digest, xxh3_64_intdigest

from ...schema.data_types import INTEGER_RANGES, DataType
from ...schema.fields import DYNAMIC_FIELD, Field
from ...schema.model import Schema

PARTITION_COLUMN: Final = "$partition"
"""The name of the partition of a row among its columns; no field can have this name."""

Ints = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]

WIDTH: Final = 4
"""Bytes of a checksum."""

_PARTITION_NUMBER: Final = 1
_DYNAMIC_NUMBER: Final = 2
"""Numbers as those of fields, which begin at 100."""

_ROWS_AT_ONCE: Final = 1_024
"""Values checked at a time: so many fit the processor's cache."""

_FEW: Final = 40
"""For at most so many values, checksums one by one are faster than numpy, whose calls take 1 µs each."""

_NULL_BITS: Final = 0x6E756C6C6E756C6C
_OF_SEQ, _OF_FIELD, _OF_BITS = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0xD6E8FEB86659FD93
_OF_COLLECTION: Final = 0x94D049BB133111EB
"""Odd constants whose bits look random: those of the golden ratio, of splitmix64 (two) and of rrmxmx."""
_MASK: Final = 2**64 - 1
_32: Final = np.uint64(32)
_WRONG_TYPE: Final = (TypeError, ValueError, OverflowError, struct.error)


class RowChecksums:
    """The checksums of the rows of ``collection``, which has ``schema``.

    The blob of a row has them in the order primary key, partition, dynamic field, other scalar fields. Zero, or a
    blob that ends early, stands for a value that was never written, since the field is younger than the row: null,
    or ``{}`` in the dynamic field.
    """

    def __init__(self, schema: Schema, collection: int) -> None:
        primary, *others = schema.scalars
        self.columns = (primary.name, PARTITION_COLUMN, DYNAMIC_FIELD, *(field.name for field in others))
        numbers = (
            primary.field_id,
            _PARTITION_NUMBER,
            _DYNAMIC_NUMBER,
            *(field.field_id for field in others),
        )
        self._width = WIDTH * len(self.columns)
        self._blob = struct.Struct(f"<{len(self.columns)}I")
        self._salts = [(number * _OF_FIELD + collection * _OF_COLLECTION) & _MASK for number in numbers]
        self._indices = {name: index for index, name in enumerate(self.columns)}
        kinds = {field.name: _kind_of(field) for field in schema.scalars}
        kinds |= {PARTITION_COLUMN: _INTEGERS, DYNAMIC_FIELD: _TEXTS}
        self._bits = {name: _or_null(*kind) for name, kind in kinds.items()}
        self._bits_of_few = {name: of_few for name, (_, of_few, _) in kinds.items()}
        self._layouts: dict[tuple[str, ...], tuple[npt.NDArray[np.intp], Words]] = {}

    def of_rows(self, seqs: Sequence[int], values: Mapping[str, Sequence[Any]]) -> list[bytes]:
        """The blob of each of the rows ``seqs``, from ``values``; a column that is missing has no checksum yet.

        Args:
            values: column → its stored values. One value stands for all rows when it is alone.
        """
        if len(seqs) * len(self.columns) <= _FEW:
            places = _places(seqs)
            columns = [
                self._few_sums(places, name, values[name]) if name in values else [0] * len(seqs)
                for name in self.columns
            ]
            return [self._blob.pack(*row) for row in zip(*columns, strict=True)]
        found = np.zeros((len(seqs), len(self.columns)), dtype="<u4")
        names = tuple(name for name in self.columns if name in values)
        found[:, self._layout(names)[0]] = self._sums(seqs, names, values).T
        blobs: list[bytes] = found.view(f"V{self._width}").ravel().tolist()
        return blobs

    def changed(
        self, seqs: Sequence[int] | Ints, blobs: Sequence[Any], values: Mapping[str, Sequence[Any]]
    ) -> list[tuple[str, int]]:
        """(column, seq) of those of ``values`` (column → values of the rows ``seqs``) that were not written.

        Args:
            blobs: the stored checksums of each row.
        """
        if isinstance(seqs, np.ndarray) and len(seqs) <= _FEW:
            seqs = seqs.tolist()
        try:
            if self._are_sound(seqs, blobs, values):
                return []
        except _WRONG_TYPE:
            pass  # a value of another type than its field's, or a blob of another length
        return [
            (name, int(seq))
            for index, (seq, blob) in enumerate(zip(seqs, blobs, strict=True))
            for name in values
            if not self._is_sound(int(seq), blob, name, values[name][index])
        ]

    def _are_sound(
        self, seqs: Sequence[int] | Ints, blobs: Sequence[Any], values: Mapping[str, Sequence[Any]]
    ) -> bool:
        """Whether all of ``values`` have their checksums."""
        joined = b"".join(blobs)
        if len(joined) != self._width * len(seqs):
            return False
        if len(seqs) * len(values) <= _FEW:
            places, every = _places(seqs), len(self.columns)
            stored = list(struct.unpack(f"<{every * len(seqs)}I", joined))
            for name, of_column in values.items():
                if self._few_sums(places, name, of_column) != stored[self._indices[name] :: every]:
                    return False
            return True
        names = tuple(values)
        expected = np.frombuffer(joined, "<u4").reshape(-1, len(self.columns))[:, self._layout(names)[0]]
        return bool((self._sums(seqs, names, values) == expected.T).all())

    def _is_sound(self, seq: int, blob: Any, name: str, value: Any) -> bool:
        """Whether ``value`` is the one that was written, or stands where none was."""
        if not isinstance(blob, bytes) or len(blob) % WIDTH or len(blob) > self._width:
            return False
        begin = WIDTH * self._indices[name]
        stored = int.from_bytes(blob[begin : begin + WIDTH], "little")
        try:
            if self._few_sums(_places([seq]), name, [value]) == [stored]:
                return True
        except _WRONG_TYPE:
            return False
        return not stored and bool(value == ("{}" if name == DYNAMIC_FIELD else None))

    def keys_of(self, blobs: Sequence[bytes]) -> int:
        """The sum of the checksums of the primary keys of rows with these ``blobs``."""
        joined = b"".join(blobs)
        if len(joined) == self._width * len(blobs):
            sums = np.frombuffer(joined, "<u4")[:: len(self.columns)]
            return int(sums.sum(dtype=np.int64))
        return sum(map(_first, blobs))

    def key_sum(self, seqs: Sequence[int] | Ints, pks: Sequence[Any]) -> int:
        """The same of rows with these ``seqs`` and ``pks``.

        Raises:
            TypeError, ValueError, OverflowError: a key is of another type than the field.
        """
        total = 0
        for start in range(0, len(seqs), _ROWS_AT_ONCE):
            part = slice(start, start + _ROWS_AT_ONCE)
            sums = self._sums(seqs[part], self.columns[:1], {self.columns[0]: pks[part]})
            total += int(sums.sum(dtype=np.int64))
        return total

    def without(self, column: str, seqs: Sequence[int], blobs: Sequence[bytes]) -> list[bytes]:
        """``blobs`` without the checksum of a dropped column."""
        begin = WIDTH * self._indices[column]
        return [blob[:begin] + blob[begin + WIDTH :] for blob in blobs]

    def with_value(self, column: str, value: Any, seqs: Sequence[int], blobs: Sequence[bytes]) -> list[bytes]:
        """``blobs`` with the checksum of ``value`` in the last column, which is a new one."""
        sums = self._sums(seqs, (column,), {column: [value]})[0]
        begin = WIDTH * self._indices[column]
        return [
            blob.ljust(begin, b"\0") + checksum.tobytes()
            for blob, checksum in zip(blobs, sums.astype("<u4"), strict=True)
        ]

    def _layout(self, names: tuple[str, ...]) -> tuple[npt.NDArray[np.intp], Words]:
        """The indices of columns in a blob, and their salts, (columns, 1)."""
        found = self._layouts.get(names)
        if found is None:
            indices = [self._indices[name] for name in names]
            salts = np.array([self._salts[index] for index in indices], dtype=np.uint64)[:, None]
            found = self._layouts[names] = np.array(indices), salts
        return found

    def _few_sums(self, places: Sequence[int], name: str, values: Sequence[Any]) -> list[int]:
        """The checksums of ``values`` in rows at ``places``, as ``_sums`` has them."""
        salt, bits = self._salts[self._indices[name]], self._bits_of_few[name](values)
        if len(bits) < len(places):
            bits = bits * len(places)
        return [
            (((word := (bit ^ (place + salt)) & _MASK) ^ word >> 32) * _OF_BITS & _MASK) >> 32
            for place, bit in zip(places, bits, strict=True)
        ]

    def _sums(
        self, seqs: Sequence[int] | Ints, names: tuple[str, ...], values: Mapping[str, Sequence[Any]]
    ) -> Words:
        """(columns, rows) checksums of ``values``. Raises TypeError for one of another type than its field's."""
        words = np.empty((len(names), len(seqs)), dtype=np.uint64)
        for row, name in enumerate(names):
            words[row] = self._bits[name](values[name])
        words ^= _as_words(seqs) * np.uint64(_OF_SEQ) + self._layout(names)[1]
        words ^= words >> _32
        words *= np.uint64(_OF_BITS)
        words >>= _32
        return words


def _first(blob: bytes) -> int:
    return int.from_bytes(blob[:WIDTH], "little")


def _places(seqs: Sequence[int] | Ints) -> list[int]:
    """What each of a few rows has in the checksums of all its values."""
    return [seq * _OF_SEQ & _MASK for seq in seqs]


def _as_words(seqs: Sequence[int] | Ints) -> Words:
    """(n,) the numbers ``seqs``."""
    if isinstance(seqs, range):
        return np.arange(seqs.start, seqs.stop, dtype=np.uint64)
    return np.asarray(seqs, dtype=np.uint64)


def _integer_bits(values: Sequence[Any]) -> Words:
    return np.frombuffer(array("q", values), dtype=np.uint64)


def _bits_of_integers(values: Sequence[Any]) -> list[int]:
    return [_NULL_BITS if value is None else value & _MASK for value in values]


def _float_bits(values: Sequence[Any]) -> Words:
    # SQLite keeps no negative zero.
    return (np.frombuffer(array("d", values), dtype=np.float64) + 0.0).view(np.uint64)


def _bits_of_floats(values: Sequence[Any]) -> list[int]:
    numbers = [0.0 if value is None else value + 0.0 for value in values]
    bits = struct.unpack(f"<{len(values)}Q", struct.pack(f"<{len(values)}d", *numbers))
    return [_NULL_BITS if value is None else word for value, word in zip(values, bits, strict=True)]


def _text_bits(values: Sequence[Any]) -> Words:
    return np.frombuffer(b"".join(map(xxh3_64_digest, map(str.encode, values))), dtype=">u8")


def _bits_of_texts(values: Sequence[Any]) -> list[int]:
    return [_NULL_BITS if value is None else xxh3_64_intdigest(str.encode(value)) for value in values]


_Many = Callable[[Sequence[Any]], Words]
_Kind = tuple[_Many, Callable[[Sequence[Any]], list[int]], Any]
_INTEGERS: Final[_Kind] = (_integer_bits, _bits_of_integers, 0)
_FLOATS: Final[_Kind] = (_float_bits, _bits_of_floats, 0.0)
_TEXTS: Final[_Kind] = (_text_bits, _bits_of_texts, "")
"""What takes the 64 bits that stand for each of many values that are not null, the same of few values, and some
value. All raise TypeError for a value of another type."""


def _kind_of(field: Field) -> _Kind:
    if field.dtype in (DataType.FLOAT, DataType.DOUBLE):
        return _FLOATS
    if field.dtype in INTEGER_RANGES or field.dtype in (DataType.BOOL, DataType.TIMESTAMPTZ):
        return _INTEGERS
    return _TEXTS


def _or_null(bits: _Many, _: Any, some: Any) -> _Many:
    """``bits`` for values of which some may be None."""

    def of(values: Sequence[Any]) -> Words:
        try:
            return bits(values)
        except TypeError:
            if None not in values:
                raise
        found = bits([some if value is None else value for value in values]).astype(np.uint64)
        found[[value is None for value in values]] = _NULL_BITS
        return found

    return of
