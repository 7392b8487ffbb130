"""JSON paths outside of filters, as arguments of calls: ``meta["a"]["b"]``, ``$meta["k"]``, ``key``."""

from __future__ import annotations

from ..errors import FilterError
from ..schema.model import Schema
from .binding.names import resolve
from .bound import PathValue
from .syntax.parser import parse
from .tree import Name, Path


def resolve_path(text: str, schema: Schema) -> PathValue:
    """The path in a JSON field, or in the dynamic field, that ``text`` names.

    Raises:
        ValueError: it names none; the message says why.
    """
    try:
        node = parse(text)
    except FilterError:
        node = None
    if not isinstance(node, (Name, Path)):
        raise ValueError('expected a name or a path such as meta["author"]["name"]')
    found = resolve(node, schema)
    if not isinstance(found, PathValue):
        raise ValueError(f"field '{found.field.name}' ({found.field.describe()}) is not a JSON document")
    return found
