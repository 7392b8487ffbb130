"""Resolves a name or a path in a filter: to a field of the schema, or a path in a JSON document.

A ``ValueError`` names the fields that exist; the caller adds the column in the text.
"""

from __future__ import annotations

from ...schema.data_types import DataType
from ...schema.fields import DYNAMIC_FIELD, Field
from ...schema.model import Schema
from ...suggestions import did_you_mean
from ..bound import ElementAt, FieldValue, PathValue
from ..tree import Element, Member, Name, Path

_LOOKS_LIKE_NULL = frozenset({"null", "none", "nil"})
_MOST_NAMES = 12


def resolve(
    node: Name | Path | Member | Element, schema: Schema, elements: Field | PathValue | None = None
) -> FieldValue | PathValue | ElementAt:
    """The field, array element or JSON path that ``node`` names; a JSON field by its name is the empty path.

    ``elements``: the array whose elements ``$`` means, None outside of such functions.
    """
    if elements is not None and not isinstance(node, Element):
        array = elements.name if isinstance(elements, Field) else elements
        raise ValueError(f"a condition on the elements of '{array}' may use only '$' and constants")
    match node:
        case Element():
            return _of_element(node, elements)
        case Member():
            return _of_member(node, schema)
        case Name(name=name):
            steps: tuple[str | int, ...] = ()
        case Path(root=name, steps=steps):
            pass
    field = schema.by_name.get(name)
    if field is not None:
        return _of_field(field, steps)
    if not schema.enable_dynamic_field:
        raise ValueError(_unknown(name, schema))
    if name == DYNAMIC_FIELD:
        return PathValue(DYNAMIC_FIELD, steps)
    if name.lower() in _LOOKS_LIKE_NULL and not steps:
        raise ValueError(f"'{name}' is not a value: test for null with 'is null' or 'is not null'")
    return PathValue(DYNAMIC_FIELD, (name, *steps))


def _of_field(field: Field, steps: tuple[str | int, ...]) -> FieldValue | PathValue | ElementAt:
    if field.dtype.is_vector:
        raise ValueError(
            f"field '{field.name}' ({field.describe()}) is a vector field: a filter cannot use it"
        )
    if field.dtype is DataType.JSON:
        return PathValue(field.name, steps)
    if not steps:
        return FieldValue(field)
    if field.members:
        raise ValueError(_members_of(field, f"{field.name}[{{}}] or {field.name}[0][{{}}]"))
    position = steps[0]
    if field.dtype is DataType.ARRAY and len(steps) == 1 and isinstance(position, int):
        return ElementAt(field, position, field.element)
    if field.dtype is DataType.ARRAY:
        raise ValueError(
            f"field '{field.name}' ({field.describe()}) is an array: write {field.name}[0] for its first element"
        )
    raise ValueError(
        f"field '{field.name}' ({field.describe()}) is not a JSON document and has no paths: "
        f"write {field.name}"
    )


def _of_element(node: Element, elements: Field | PathValue | None) -> FieldValue | PathValue:
    if elements is None:
        raise ValueError("'$' stands for an element inside element_filter and the match functions only")
    if isinstance(elements, PathValue):
        if node.name is not None:
            raise ValueError(f"the elements of JSON path {elements} are looked at as a whole, write '$'")
        return PathValue(elements.field_name, ())
    if elements.members:
        member = _member(elements, node.name)
        if member is None:
            raise ValueError(_members_of(elements, "$[{}]"))
        _refuse_vector(elements, member)
        return FieldValue(member)
    if node.name is not None:
        raise ValueError(
            f"the elements of field '{elements.name}' ({elements.describe()}) have no fields, write '$'"
        )
    return FieldValue(elements.element)


def _of_member(node: Member, schema: Schema) -> FieldValue | ElementAt:
    field = schema.by_name.get(node.root)
    if field is None or not field.members:
        raise ValueError(_about_member(node, schema))
    member = _member(field, node.name)
    if member is None:
        raise ValueError(_members_of(field, f"{field.name}[{{}}]"))
    _refuse_vector(field, member)
    return FieldValue(field, member) if node.position is None else ElementAt(field, node.position, member)


def _member(field: Field, name: str | None) -> Field | None:
    return next((member for member in field.members if member.name == name), None)


def _refuse_vector(array: Field, member: Field) -> None:
    if member.dtype.is_vector:
        raise ValueError(
            f"member '{member.name}' of field '{array.name}' is a vector ({member.describe()}): a filter cannot "
            "use it"
        )


def _members_of(field: Field, form: str) -> str:
    names = [member.name for member in field.members]
    return f"the structs of field '{field.name}' have the members {', '.join(names)}: write {form}".format(
        *[names[0]] * 2
    )


def _about_member(node: Member, schema: Schema) -> str:
    field = schema.by_name.get(node.root)
    if field is None and not schema.enable_dynamic_field:
        return _unknown(node.root, schema)
    if field is None or field.dtype is DataType.JSON:
        return f'a path step is a quoted key or a position, write {node.root}["{node.name}"]'
    return f"field '{field.name}' ({field.describe()}) has no fields of its own, so no '{node.name}'"


def _unknown(name: str, schema: Schema) -> str:
    if name.lower() in _LOOKS_LIKE_NULL:
        return f"'{name}' is not a value: test for null with 'is null' or 'is not null'"
    if name == DYNAMIC_FIELD:
        return "the collection has no dynamic field, so there is no $meta"
    names = [field.name for field in schema.scalars]
    more = ", …" if len(names) > _MOST_NAMES else ""
    listed = ", ".join(names[:_MOST_NAMES]) + more
    return f"unknown field '{name}', the fields are {listed}{did_you_mean(name, names)}"
