"""A store's settings as plain values and back, for ``to_dict`` and ``from_dict``."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from enum import Enum
from typing import Any, Final

from milvus_store.backends.address import is_server

from .sparse import BM25BuiltInFunction

_CONSTANT: Final = ("stores_text", "stores_node", "is_embedding_query")
_IN_MEMORY: Final = ":memory:"
_FUNCTION: Final = "sparse_embedding_function"


def place_of(uri: str) -> str:
    """``uri`` as an absolute path, if it is a path."""
    return uri if uri == _IN_MEMORY or is_server(uri) else os.path.abspath(uri)


def to_dict(fields: Mapping[str, Any], where: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """``fields`` of a store at ``where`` and ``options`` of its client as arguments of the constructor.

    Raises:
        ValueError: the database is in memory.
    """
    if where == _IN_MEMORY:
        raise ValueError(
            "a store in memory cannot be serialized, because only this store can open its database: use a file"
        )
    settings = {name: _plain(value) for name, value in fields.items()}
    return {**settings, "uri": where, **options}


def to_json(settings: Mapping[str, Any]) -> str:
    """``settings`` as JSON; raises ``ValueError`` if they hold a function of the caller."""
    try:
        return json.dumps(settings)
    except TypeError as error:
        raise ValueError(
            f"{_FUNCTION} {settings.get(_FUNCTION)!r:.80} cannot be written as JSON ({error}): use to_dict(), or "
            f"write a store without it and give it to from_json({_FUNCTION}=...)"
        ) from error


def arguments(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of the constructor in ``settings``."""
    return {name: value for name, value in settings.items() if name not in _CONSTANT}


def _plain(value: Any) -> Any:
    if isinstance(value, BM25BuiltInFunction):
        return value.settings()
    if isinstance(value, Enum):
        return value.value
    return [_plain(item) for item in value] if isinstance(value, list) else value
