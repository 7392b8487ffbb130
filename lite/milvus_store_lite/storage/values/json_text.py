"""JSON values and the dynamic field, as the text that SQLite stores."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...data_types import DataType
from ...errors import DataNotMatchException
from ...schema import DYNAMIC_FIELD, Field, Schema
from ...suggestions import did_you_mean
from .failures import fail


def _plain(value: Any) -> Any:
    """What ``json`` cannot write by itself but users put into metadata: numpy's scalars and arrays."""
    if isinstance(value, (np.generic, np.ndarray)):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} is not JSON")


_dump = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_plain).encode


def to_json(one: Field, place: int, value: Any) -> str:
    """``value`` as compact JSON; raises DataNotMatchException for what JSON cannot hold."""
    try:
        if isinstance(value, dict) and not all(isinstance(key, str) for key in value):
            raise TypeError("a key is not a str")
        text = _dump(value)
        text.encode()
    except (TypeError, ValueError, RecursionError) as error:
        fail(one, place, value, f"a value that JSON can hold ({error})")
    return text


def encode_dynamic(schema: Schema, rows: Sequence[Mapping[str, Any]]) -> list[str] | None:
    """The keys of each row that are no fields, as JSON; None when the schema has no dynamic field."""
    known = frozenset(schema.by_name)
    if all(map(known.issuperset, rows)):
        return ["{}"] * len(rows) if schema.enable_dynamic_field else None
    if not schema.enable_dynamic_field:
        for place, row in enumerate(rows):
            unknown = [key for key in row if key not in known]
            if unknown:
                raise DataNotMatchException(
                    message=f"row {place}: unknown field {unknown[0]!r}: the collection has no dynamic field, "
                    f"expected {', '.join(schema.by_name)}" + did_you_mean(unknown[0], schema.by_name)
                )
    stand_in = Field(name="dynamic_field", dtype=DataType.JSON)
    texts = []
    for place, row in enumerate(rows):
        extra = {key: value for key, value in row.items() if key not in known}
        if DYNAMIC_FIELD in extra:
            raise DataNotMatchException(
                message=f"row {place}: {DYNAMIC_FIELD!r} is the name of the dynamic field itself: "
                f"give its keys beside the other fields"
            )
        texts.append(to_json(stand_in, place, extra))
    return texts


def merged_objects(text: str, newer: str) -> str:
    """The JSON object ``text`` with the keys of ``newer`` in place of its own of these names."""
    if newer == "{}" or text == "{}":
        return text if newer == "{}" else newer
    return _dump({**json.loads(text), **json.loads(newer)})
