"""Aggregates of a query, such as ``avg(price)``, and the groups of rows that a query asks for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, NamedTuple

from ..errors import ParamError
from ..schema.data_types import DataType
from ..schema.fields import Field
from ..schema.model import Schema
from ..suggestions import did_you_mean
from .arrangement import OrderBy

GROUP_BY: Final = "group_by_fields"

_AGGREGATE: Final = re.compile(r"(count|sum|avg|min|max)\s*\(\s*([\w*]*)\s*\)", re.IGNORECASE | re.ASCII)
_SUMS: Final = ("sum", "avg")
_EXTREMES: Final = ("min", "max")


class Aggregate(NamedTuple):
    """``operator`` of the values of ``field`` in a group; None for the rows themselves, which can be counted.

    ``name``: as the caller wrote it.
    """

    name: str
    operator: str
    field: str | None

    @classmethod
    def called(cls, name: str) -> Aggregate | None:
        """The aggregate that an output field names; None if it names something else."""
        found = _AGGREGATE.fullmatch(name.strip())
        if found is None:
            return None
        return cls(name, found[1].lower(), None if found[2] == "*" else found[2])

    def source(self, schema: Schema) -> Field | None:
        """The field whose values count; None for the rows themselves.

        Raises:
            ParamError: there is no such field, or the operator does not take its type.
        """
        if self.field is None:
            if self.operator != "count":
                raise ParamError(message=f"{self.name}: only count takes '*', {self.operator} takes a field")
            return None
        field = schema.by_name.get(self.field)
        if field is None:
            raise ParamError(
                code=1700,
                message=f"{self.name}: field {self.field!r} does not exist, expected one of "
                f"{', '.join(schema.by_name)}" + did_you_mean(self.field, schema.by_name),
            )
        is_number = field.dtype.is_number
        has_order = is_number or field.dtype in (DataType.VARCHAR, DataType.TIMESTAMPTZ)
        if (self.operator in _SUMS and not is_number) or (self.operator in _EXTREMES and not has_order):
            expected = "a number" if self.operator in _SUMS else "a number, VARCHAR or TIMESTAMPTZ"
            raise ParamError(
                message=f"{self.name}: {self.operator} takes {expected} field, got '{field.name}' "
                f"({field.describe()})"
            )
        return field

    def result(self, source: Field | None) -> Field:
        """The field that could hold its values, which may be null."""
        if self.operator == "avg":
            return Field("avg", DataType.DOUBLE, nullable=True)
        if self.operator == "count" or source is None:
            return Field("count", DataType.INT64, nullable=True)
        if self.operator == "sum":
            return Field("sum", DataType.INT64 if source.dtype.is_integer else DataType.DOUBLE, nullable=True)
        return holding(source)


def holding(source: Field) -> Field:
    """A field that could hold values of ``source``, and null."""
    return Field(source.name, source.dtype, nullable=True, max_length=source.max_length)


@dataclass(frozen=True, slots=True)
class GroupRequest:
    """Groups of the rows that have equal values in ``group_by``; one group of all rows if that names no field.

    ``output``: the values of a group to show, by their names: fields of ``group_by`` and aggregates. ``order_by``:
    fields of ``group_by``; groups that these do not tell apart are in the order of the others. ``limit`` and
    ``offset`` count groups.

    Raises:
        ParamError: a name is none of these.
    """

    group_by: tuple[str, ...]
    output: tuple[str, ...]
    order_by: tuple[OrderBy, ...] = ()
    limit: int | None = None
    offset: int = 0

    def __post_init__(self) -> None:
        grouped = ", ".join(self.group_by) or "none"
        for order in self.order_by:
            if order.field not in self.group_by:
                raise ParamError(
                    message=f"order_by_fields {order.field!r}: groups are ordered by the fields of {GROUP_BY} "
                    f"({grouped}), not by other fields or aggregates"
                )
        for name in self.output:
            if name not in self.group_by and Aggregate.called(name) is None:
                raise ParamError(
                    message=f"output field {name!r}: a query of groups shows the fields of {GROUP_BY} ({grouped}) "
                    "and count(*), count(field), sum(field), avg(field), min(field), max(field)"
                )
