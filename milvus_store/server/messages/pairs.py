"""Lists of keys and values, in which the protocol carries parameters and properties, as dictionaries."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from pymilvus.grpc_gen import common_pb2

from ...errors import ParamError
from ..protocol import Message


def texts_of(pairs: Iterable[Message]) -> dict[str, str]:
    """The values as they are written."""
    return {pair.key: pair.value for pair in pairs}


def values_of(pairs: Iterable[Message]) -> dict[str, Any]:
    """The values that the texts stand for: numbers, flags, lists and objects in JSON; else the texts."""
    return {pair.key: value_of(pair.value) for pair in pairs}


def value_of(text: str) -> Any:
    """The value that ``text`` stands for: JSON if it is that."""
    try:
        return json.loads(text)
    except ValueError:
        return {"True": True, "False": False}.get(text, text)
    except RecursionError:
        raise ParamError(message=f"a parameter is nested too deep: {text!r:.80}") from None


def object_of(text: str, name: str) -> dict[str, Any]:
    """The JSON object that ``text`` is; nothing stands for an empty one."""
    found = value_of(text) if text else {}
    if not isinstance(found, dict):
        raise ParamError(message=f"{name} must be a JSON object, got {text!r:.80}")
    return found


def pairs_of(values: Mapping[str, Any]) -> list[Message]:
    """``values`` as pairs: texts as they are, others in JSON."""
    return [
        common_pb2.KeyValuePair(key=key, value=value if isinstance(value, str) else json.dumps(value))
        for key, value in values.items()
    ]
