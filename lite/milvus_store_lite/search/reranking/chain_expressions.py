"""The expressions of function chains: each makes a column of numbers of other columns.

Columns are lists of Python values, None for null: a page has few rows, and its columns are of many types.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, Protocol

from ...errors import ParamError
from ...schema.data_types import DataType
from .decay import DecayCurve
from .model import RerankModel

Column = list[Any]


class Kind(Enum):
    NUMBER = "numbers"
    TEXT = "texts"
    BOOL = "bools"
    TIME = "times"


KINDS: Final = {
    DataType.BOOL: Kind.BOOL,
    DataType.VARCHAR: Kind.TEXT,
    DataType.TIMESTAMPTZ: Kind.TIME,
    **dict.fromkeys((DataType.INT8, DataType.INT16, DataType.INT32, DataType.INT64), Kind.NUMBER),
    **dict.fromkeys((DataType.FLOAT, DataType.DOUBLE), Kind.NUMBER),
}


class ChainExpression(Protocol):
    """A column of numbers made of other columns."""

    def check(self, kinds: Sequence[Kind], queries: int) -> None:
        """Raise ``ParamError`` unless it takes columns of these kinds, and serves so many queries."""
        ...

    def column(self, inputs: Sequence[Column], query: int) -> Column:
        """The new column for the candidates of the query with this number."""
        ...


@dataclass(frozen=True, slots=True)
class NumCombine:
    """Numbers of the same row in one; ``weights`` for the mode ``weighted``. A null among them makes a null."""

    mode: str = "sum"
    weights: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if self.mode not in (*_COMBINE, "weighted"):
            raise ParamError(
                message=f"mode of num_combine must be {', '.join(_COMBINE)} or weighted, got {self.mode!r:.80}"
            )
        for weight in self.weights:
            if isinstance(weight, bool) or not isinstance(weight, (int, float)) or not math.isfinite(weight):
                raise ParamError(message=f"weights of num_combine must be finite numbers, got {weight!r:.80}")
        if self.weights and self.mode != "weighted":
            raise ParamError(message=f"num_combine takes weights in the mode 'weighted', got {self.mode!r}")

    def check(self, kinds: Sequence[Kind], queries: int) -> None:
        if len(kinds) < 2 or set(kinds) != {Kind.NUMBER}:
            raise ParamError(message=f"num_combine takes two columns of numbers or more, got {_named(kinds)}")
        if self.mode == "weighted" and len(self.weights) != len(kinds):
            raise ParamError(
                message=f"num_combine needs a weight for each of its {len(kinds)} columns, got {len(self.weights)}"
            )

    def column(self, inputs: Sequence[Column], query: int) -> Column:
        combine = _COMBINE.get(self.mode, self._weighted)
        return [None if None in row else float(combine(row)) for row in zip(*inputs, strict=True)]

    def _weighted(self, row: Sequence[float]) -> float:
        return sum(value * weight for value, weight in zip(row, self.weights, strict=True))


_COMBINE: Final[Mapping[str, Callable[[Sequence[float]], float]]] = {
    "sum": sum,
    "multiply": math.prod,
    "max": max,
    "min": min,
    "avg": lambda row: sum(row) / len(row),
}


@dataclass(frozen=True, slots=True)
class DecayFactors:
    """The factors of a decay; instants are counted in seconds since 1970."""

    curve: DecayCurve

    def check(self, kinds: Sequence[Kind], queries: int) -> None:
        if list(kinds) not in ([Kind.NUMBER], [Kind.TIME]):
            raise ParamError(message=f"decay takes one column of numbers or times, got {_named(kinds)}")

    def column(self, inputs: Sequence[Column], query: int) -> Column:
        return [None if math.isnan(factor) else factor for factor in self.curve.factors(inputs[0]).tolist()]


@dataclass(frozen=True, slots=True)
class RoundDecimal:
    """Numbers rounded to ``decimals``."""

    decimals: int

    def __post_init__(self) -> None:
        if isinstance(self.decimals, bool) or self.decimals not in range(7):
            raise ParamError(
                message=f"decimal of round_decimal must be an int from 0 to 6, got {self.decimals!r:.80}"
            )

    def check(self, kinds: Sequence[Kind], queries: int) -> None:
        if list(kinds) != [Kind.NUMBER]:
            raise ParamError(message=f"round_decimal takes one column of numbers, got {_named(kinds)}")

    def column(self, inputs: Sequence[Column], query: int) -> Column:
        return [None if value is None else round(float(value), self.decimals) for value in inputs[0]]


@dataclass(frozen=True, slots=True)
class ModelScores:
    """A model's scores of texts."""

    model: RerankModel

    def check(self, kinds: Sequence[Kind], queries: int) -> None:
        if list(kinds) != [Kind.TEXT]:
            raise ParamError(message=f"rerank_model takes one column of texts, got {_named(kinds)}")
        self.model.check_queries(queries)

    def column(self, inputs: Sequence[Column], query: int) -> Column:
        scores: Column = self.model.scores(inputs[0], query).tolist()
        return scores


def _named(kinds: Sequence[Kind]) -> str:
    return ", ".join(kind.value for kind in kinds) or "none"
