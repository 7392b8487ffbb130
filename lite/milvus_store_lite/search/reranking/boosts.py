"""Boosts: the rows of a page that match a filter get another value, and the page another order.

A boost works on the values of the metric as they are: for distances, a weight below 1 brings a row forward.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from ...errors import ParamError
from ...schema.data_types import DataType
from ...schema.model import Schema
from ...suggestions import did_you_mean
from ..fusion import Floats, Ints
from ..metrics import Metric
from ..rankings import Ranking, order
from ..scope import Scope
from ..selection import BoundScope, Selection

Words = npt.NDArray[np.uint64]
Mode = Literal["multiply", "sum"]

Bind = Callable[[Scope], BoundScope]

_WORD: Final = 2**64


@dataclass(frozen=True, slots=True)
class RandomScore:
    """A number from 0 to 1 for each row, by ``seed`` and an INT64 field; without one, by when it was written."""

    seed: int = 0
    field: str | None = None

    def __post_init__(self) -> None:
        if isinstance(self.seed, bool) or not isinstance(self.seed, int):
            raise ParamError(message=f"seed of random_score must be an int, got {self.seed!r:.80}")
        if self.field is not None and not isinstance(self.field, str):
            raise ParamError(
                message=f"field of random_score must be the name of a field, got {self.field!r:.80}"
            )

    def check(self, schema: Schema) -> None:
        """Raise ``ParamError`` unless the collection has the field."""
        if self.field is None:
            return
        field = schema.by_name.get(self.field)
        if field is None or field.dtype is not DataType.INT64:
            given = "which does not exist" if field is None else field.describe()
            raise ParamError(
                message=f"field of random_score must be an INT64 field, got {self.field!r}, {given}"
                + did_you_mean(self.field, schema.by_name)
            )

    def numbers(self, selection: Selection, schema: Schema, slots: Ints) -> Floats:
        """(m,) of the rows at ``slots``."""
        seqs = selection.view.snapshot.seqs[slots]
        keys = seqs
        if self.field is not None:
            is_primary = schema.primary.name == self.field
            stored = selection.view.reader.rows.fetch(seqs.tolist(), [] if is_primary else [self.field])
            offset = 1 if is_primary else 2
            keys = np.array([stored[seq][offset] or 0 for seq in seqs.tolist()], dtype=np.int64)
        return _fractions(keys, self.seed)


@dataclass(frozen=True, slots=True)
class Boost:
    """``weight`` for the rows in ``scope``, None for all of them, times their random score if there is one."""

    weight: float
    scope: Scope | None = None
    random: RandomScore | None = None

    def __post_init__(self) -> None:
        if (
            isinstance(self.weight, bool)
            or not isinstance(self.weight, (int, float))
            or not math.isfinite(self.weight)
        ):
            raise ParamError(message=f"weight of a boost must be a finite number, got {self.weight!r:.80}")


@dataclass(frozen=True, slots=True)
class Boosts:
    """``function_mode`` says how the boosts of one row make one, ``boost_mode`` what that does to its value."""

    boosts: tuple[Boost, ...]
    boost_mode: Mode = "multiply"
    function_mode: Mode = "multiply"

    def __post_init__(self) -> None:
        for name in ("boost_mode", "function_mode"):
            if getattr(self, name) not in ("multiply", "sum"):
                raise ParamError(
                    message=f"{name} must be 'multiply' or 'sum', got {getattr(self, name)!r:.80}"
                )

    def check(self, schema: Schema, bind: Bind) -> None:
        """Raise ``ParamError`` unless fields and filters fit the collection."""
        for boost in self.boosts:
            if boost.random is not None:
                boost.random.check(schema)
            if boost.scope is not None and bind(boost.scope).is_sample:
                raise ParamError(
                    message=f"the filter of a boost takes no random sample, got {boost.scope.expression!r:.80}"
                )

    def boosted(
        self, metric: Metric, selection: Selection, schema: Schema, bind: Bind, pages: Sequence[Ranking]
    ) -> list[Ranking]:
        """``pages`` with their new values, in the order of those."""
        found = []
        for slots, values in pages:
            factors = self._factors(selection, schema, bind, slots)
            has_boost = ~np.isnan(factors)
            new = values.copy()
            if self.boost_mode == "sum":
                new[has_boost] += factors[has_boost]
            else:
                new[has_boost] *= factors[has_boost]
            nearest_first = order(metric, new)
            found.append((slots[nearest_first], new[nearest_first]))
        return found

    def _factors(self, selection: Selection, schema: Schema, bind: Bind, slots: Ints) -> Floats:
        """(m,) the boost of each row, NaN where it has none."""
        factors = np.full(len(slots), np.nan)
        for boost in self.boosts:
            matches = np.ones(len(slots), dtype=np.bool_)
            if boost.scope is not None:
                matches = bind(boost.scope).matches(selection.view).flags[slots]
            values = np.full(len(slots), float(boost.weight))
            if boost.random is not None:
                values *= boost.random.numbers(selection, schema, slots)
            joined = factors + values if self.function_mode == "sum" else factors * values
            factors = np.where(matches, np.where(np.isnan(factors), values, joined), factors)
        return factors


def _fractions(keys: Ints, seed: int) -> Floats:
    """(m,) from 0 to below 1: Milvus's numbers, which are MurmurHash3 of a block of key and seed."""
    key = keys.astype(np.uint64)
    word = np.full(len(keys), seed % _WORD, dtype=np.uint64)
    first, second = key ^ word, word.copy()
    low, high = np.uint64(0x87C37B91114253D5), np.uint64(0x4CF5AD432745937F)
    five = np.uint64(5)
    first = (_rotated(first ^ (_rotated(key * low, 31) * high), 27) + second) * five + np.uint64(0x52DCE729)
    second = (_rotated(second ^ (_rotated(word * high, 33) * low), 31) + first) * five + np.uint64(0x38495AB5)
    length = np.uint64(16)
    first, second = first ^ length, second ^ length
    first = first + second
    second = second + first
    mixed = _mixed(first) + _mixed(second)
    fractions: Floats = (mixed & np.uint64(2**52 - 1)).astype(np.float64) / 2**52
    return fractions


def _rotated(words: Words, bits: int) -> Words:
    rotated: Words = (words << np.uint64(bits)) | (words >> np.uint64(64 - bits))
    return rotated


def _mixed(words: Words) -> Words:
    shift = np.uint64(33)
    words = (words ^ (words >> shift)) * np.uint64(0xFF51AFD7ED558CCD)
    words = (words ^ (words >> shift)) * np.uint64(0xC4CEB9FE1A85EC53)
    mixed: Words = words ^ (words >> shift)
    return mixed
