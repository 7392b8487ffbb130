"""What a name or a path in a filter refers to: a field of the schema, or a place in a JSON document.

Raises ``ValueError`` with a sentence that names what there is; where in the text it was is not known here.
"""

from __future__ import annotations

from difflib import get_close_matches

from ..data_types import DataType
from ..schema import DYNAMIC_FIELD, Field, Schema
from .bound import FieldValue, PathValue
from .tree import Name, Path

_LOOKS_LIKE_NULL = frozenset({"null", "none", "nil"})
_MOST_NAMES = 12


def resolve(node: Name | Path, schema: Schema) -> FieldValue | PathValue:
    """The field or JSON path that ``node`` names; a JSON field by its name alone is the empty path."""
    name, steps = (node.name, ()) if isinstance(node, Name) else (node.root, node.steps)
    field = schema.by_name.get(name)
    if field is not None:
        return _of_field(field, steps)
    if not schema.enable_dynamic_field:
        raise ValueError(_unknown(name, schema))
    if name == DYNAMIC_FIELD:
        return PathValue(DYNAMIC_FIELD, steps)
    if name.lower() in _LOOKS_LIKE_NULL and not steps:
        raise ValueError(f"'{name}' is no value: test for null with 'is null' or 'is not null'")
    return PathValue(DYNAMIC_FIELD, (name, *steps))


def _of_field(field: Field, steps: tuple[str | int, ...]) -> FieldValue | PathValue:
    if field.dtype.is_vector:
        raise ValueError(f"field '{field.name}' ({field.describe()}) is a vector, a filter cannot use it")
    if field.dtype is DataType.JSON:
        return PathValue(field.name, steps)
    if steps:
        raise ValueError(
            f"field '{field.name}' ({field.describe()}) is no JSON document, it has no paths: "
            f"write just {field.name}"
        )
    return FieldValue(field)


def _unknown(name: str, schema: Schema) -> str:
    if name.lower() in _LOOKS_LIKE_NULL:
        return f"'{name}' is no value: test for null with 'is null' or 'is not null'"
    if name == DYNAMIC_FIELD:
        return "the collection has no dynamic field, so there is no $meta"
    names = [field.name for field in schema.scalars]
    near = get_close_matches(name, names, n=1)
    guess = f"; did you mean '{near[0]}'?" if near else ""
    more = ", …" if len(names) > _MOST_NAMES else ""
    return f"unknown field '{name}', the fields are {', '.join(names[:_MOST_NAMES])}{more}{guess}"
