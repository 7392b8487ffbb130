"""Function chains: steps on the candidates of a query, one after the other, as a user has put them together.

Each candidate has columns: ``$id``, ``$score``, the fields that the steps read and what they write.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from ...errors import ParamError
from ...schema.fields import Field
from ...schema.model import Schema
from ...suggestions import did_you_mean
from ..fusion import Floats, Ints
from .chain_expressions import KINDS, ChainExpression, Column, Kind

ID: Final = "$id"
SCORE: Final = "$score"
_ROW: Final = "$row"
"""The number of each candidate, which no chain can name."""


@dataclass(frozen=True, slots=True)
class ColumnName:
    """The column called ``name``, as an argument of an expression."""

    name: str


@dataclass(frozen=True, slots=True)
class ConstantColumn:
    """The same value for every row."""

    value: float | str | bool

    @property
    def kind(self) -> Kind:
        if isinstance(self.value, bool):
            return Kind.BOOL
        return Kind.TEXT if isinstance(self.value, str) else Kind.NUMBER


@dataclass(frozen=True, slots=True)
class MapStep:
    """Write the column ``output``."""

    output: str
    expression: ChainExpression
    arguments: tuple[ColumnName | ConstantColumn, ...]


@dataclass(frozen=True, slots=True)
class SortStep:
    """Order by a column, and by another, ascending, where that is equal. Nulls come last."""

    column: str
    descending: bool = True
    tie_break: str | None = None


@dataclass(frozen=True, slots=True)
class LimitStep:
    """Keep ``limit`` candidates after ``offset``."""

    limit: int
    offset: int = 0

    def __post_init__(self) -> None:
        for name, value, low in (("limit", self.limit, 1), ("offset", self.offset, 0)):
            if isinstance(value, bool) or not isinstance(value, int) or value < low:
                raise ParamError(
                    message=f"{name} of a function chain must be an int of at least {low}, got {value!r:.80}"
                )


Step = MapStep | SortStep | LimitStep


@dataclass(frozen=True, slots=True)
class Chain:
    """``steps`` in their order."""

    steps: tuple[Step, ...]

    def fields(self, schema: Schema, queries: int) -> tuple[Field, ...]:
        """The fields that it reads.

        Raises:
            ParamError: it does not fit the collection, or does not serve so many queries.
        """
        columns = _Columns(schema)
        for number, step in enumerate(self.steps):
            try:
                if isinstance(step, MapStep):
                    kinds = [
                        columns.read(argument.name) if isinstance(argument, ColumnName) else argument.kind
                        for argument in step.arguments
                    ]
                    step.expression.check(kinds, queries)
                    columns.write(step.output)
                elif isinstance(step, SortStep):
                    columns.read(step.column)
                    if step.tie_break is not None:
                        columns.read(step.tie_break)
            except ParamError as error:
                raise ParamError(message=f"function chain, step {number}: {error.message}") from None
        return tuple(columns.fields)

    def run(self, columns: Mapping[str, Column], query: int) -> tuple[Ints, Floats]:
        """The numbers of the candidates that are left, in their order, and their scores; 0 for null."""
        current: dict[str, Column] = {**columns, _ROW: list(range(len(columns[SCORE])))}
        for step in self.steps:
            if isinstance(step, MapStep):
                count = len(current[_ROW])
                inputs = [
                    current[argument.name] if isinstance(argument, ColumnName) else [argument.value] * count
                    for argument in step.arguments
                ]
                current[step.output] = step.expression.column(inputs, query)
            else:
                chosen = _chosen(step, current)
                current = {name: [column[row] for row in chosen] for name, column in current.items()}
        scores = np.array([0.0 if score is None else score for score in current[SCORE]], dtype=np.float64)
        return np.array(current[_ROW], dtype=np.int64), scores


class _Columns:
    """The columns that there are at some point of a chain. ``fields``: those that are read from the collection."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._kinds: dict[str, Kind | None] = {SCORE: Kind.NUMBER, ID: KINDS[schema.primary.dtype]}
        self.fields: list[Field] = []

    def read(self, name: str) -> Kind:
        known = self._kinds.get(name)
        if known is not None:
            return known
        field = self._schema.by_name.get(name)
        if field is None:
            raise ParamError(
                message=f"column {name!r} is neither '{SCORE}', '{ID}', nor a field, nor written before"
                + did_you_mean(name, [*self._schema.by_name, *self._kinds])
            )
        kind = KINDS.get(field.dtype)
        if kind is None:
            raise ParamError(
                message=f"field '{name}' must be a number, a BOOL, a VARCHAR or a TIMESTAMPTZ, got "
                f"{field.describe()}"
            )
        self._kinds[name] = kind
        self.fields.append(field)
        return kind

    def write(self, name: str) -> None:
        if name in self._schema.by_name or (name.startswith("$") and name != SCORE):
            raise ParamError(
                message=f"map writes '{SCORE}' or a column of its own, got {name!r}, which cannot be written"
            )
        self._kinds[name] = Kind.NUMBER


def _chosen(step: SortStep | LimitStep, columns: Mapping[str, Column]) -> list[int]:
    rows = list(range(len(columns[_ROW])))
    if isinstance(step, LimitStep):
        return rows[step.offset : step.offset + step.limit]
    if step.tie_break is not None:
        rows = _sorted(rows, columns[step.tie_break], descending=False)
    return _sorted(rows, columns[step.column], descending=step.descending)


def _sorted(rows: list[int], column: Column, *, descending: bool) -> list[int]:
    """``rows`` by their values, those of equal ones as they were, those without one last."""
    present = [row for row in rows if column[row] is not None]
    present.sort(key=column.__getitem__, reverse=descending)
    return present + [row for row in rows if column[row] is None]
