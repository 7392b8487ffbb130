"""The values of a filter's ``{name}`` templates."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ...errors import ParamError
from ..protocol import Message


def template_values(values: Mapping[str, Message]) -> dict[str, Any]:
    """Name → value of each template."""
    return {name: _value(name, value) for name, value in values.items()}


def _value(name: str, value: Message) -> Any:
    kind = value.WhichOneof("val")
    if kind is None:
        raise ParamError(message=f"the filter's template {name!r} has no value")
    found = getattr(value, kind)
    return _array(found) if kind == "array_val" else found


def _array(array: Message) -> list[Any]:
    kind = array.WhichOneof("data")
    if kind is None:
        return []
    values = getattr(array, kind).data
    if kind == "array_data":
        return [_array(one) for one in values]
    return [json.loads(text) for text in values] if kind == "json_data" else list(values)
