"""The rows that a filter is evaluated over: columns by field, and values at JSON paths.

The snapshot of a collection implements it; this package does not know where the values come from.
"""

from __future__ import annotations

from typing import Protocol

from ...columns.column import ArrayColumn, JsonColumn, NumberColumn, StringColumn
from ...columns.geometries import GeometryColumn
from ...columns.tokens import TokenColumn
from ...schema.fields import Field


class Rows(Protocol):
    """A number of rows, column by column; every column has ``count`` entries."""

    @property
    def count(self) -> int: ...

    def column(self, field: Field) -> NumberColumn | StringColumn:
        """The values of a BOOL, number, TIMESTAMPTZ or VARCHAR field."""
        ...

    def array(self, field: Field, member: Field | None = None) -> ArrayColumn:
        """The arrays of an ARRAY field; of one holding structs, those of the values of ``member``."""
        ...

    def json_path(self, field_name: str, path: tuple[str | int, ...]) -> JsonColumn:
        """The values at ``path`` of a JSON field, or of the dynamic field for the name ``$meta``.

        The empty path is the document itself.
        """
        ...

    def json_numbers(self, field_name: str, path: tuple[str | int, ...]) -> JsonColumn:
        """The same, with numbers in place of texts of numbers."""
        ...

    def json_array(self, field_name: str, path: tuple[str | int, ...]) -> ArrayColumn:
        """The arrays at ``path`` of a JSON field or of the dynamic field."""
        ...

    def geometries(self, field: Field) -> GeometryColumn:
        """The geometries of a GEOMETRY field."""
        ...

    def tokens(self, field: Field, *, positions: bool) -> TokenColumn:
        """The tokens of the texts of a VARCHAR field, by its analyzer."""
        ...
