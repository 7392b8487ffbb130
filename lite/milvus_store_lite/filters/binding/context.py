"""The context of binding: the schema, the template values, and the text, for the columns of errors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import TypeVar

from ...errors import FilterError
from ...schema import times
from ...schema.fields import Field
from ...schema.model import Schema
from ..bound import PathValue
from ..tree import Expression, ListOf, Node, Template
from .templates import Plain, plain_value

_Result = TypeVar("_Result")

NumberPaths = frozenset[tuple[str, tuple["str | int", ...]]]
"""JSON paths: (field, path in it)."""


@dataclass(frozen=True, slots=True)
class Context:
    """``text``: the source of the tree, empty for a tree built in code. ``elements``: the array whose elements
    ``$`` means, None outside of such functions. ``zone``: that of times without an offset. ``number_paths``: the
    JSON paths at which texts of numbers count as numbers."""

    schema: Schema
    params: Mapping[str, object] = field(default_factory=dict)
    text: str = ""
    elements: Field | PathValue | None = None
    zone: tzinfo = times.UTC
    number_paths: NumberPaths = frozenset()

    def error(self, node: Expression, message: str) -> FilterError:
        """An error that points at ``node``."""
        return FilterError(message, self.text, node.at if self.text else None)

    def item_error(self, node: ListOf, index: int, message: str) -> FilterError:
        """An error that points at an element of a list."""
        item = node.items[index]
        if not self.text or node.at is None:
            return FilterError(message, self.text)
        from ..syntax.lists import item_column

        at = item.at if isinstance(item, Node) else item_column(self.text, node.at, index)
        return FilterError(message, self.text, at)

    def located(self, node: Expression, compute: Callable[[], _Result]) -> _Result:
        """``compute()``; an error that it raises points at ``node``."""
        try:
            return compute()
        except ValueError as error:
            raise self.error(node, str(error)) from None

    def instant(self, node: Expression, given: str | datetime) -> int:
        """The microseconds of a time that stands at ``node``."""
        return self.located(node, lambda: times.instant(given, self.zone))

    def template(self, node: Template) -> Plain:
        """The value given for a template."""
        given = self.given(node)
        return self.located(node, lambda: plain_value(f"template '{node.name}'", given))

    def given(self, node: Template) -> object:
        """What is given for a template, whatever it is."""
        if node.name not in self.params:
            given = ", ".join(map(str, self.params)) or "none"
            raise self.error(node, f"no value is given for template '{node.name}'; given: {given}")
        return self.params[node.name]
