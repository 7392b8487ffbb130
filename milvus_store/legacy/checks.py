"""Checks arguments before a call; an error is a ``ParamError`` with the old parameter names."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any, NoReturn, TypeAlias

import numpy as np

from .enums import IndexType, MetricType
from .errors import ParamError

Vectors: TypeAlias = "np.ndarray[Any, np.dtype[np.float32]] | list[bytes]"
"""Float vectors as (n, dim) float32, bit vectors as a list of ``bytes``."""


def illegal(parameter: str, expected: str, given: object) -> NoReturn:
    shown = repr(given)
    shown = shown if len(shown) <= 80 else shown[:80] + "…"
    raise ParamError(f"{parameter} is illegal: expected {expected}, got {shown}")


def check_name(name: object, parameter: str = "collection_name") -> str:
    if not isinstance(name, str) or not name:
        illegal(parameter, "a str that is not empty", name)
    return name


def check_tag(tag: object) -> str:
    if not isinstance(tag, str):
        illegal("partition_tag", "a str", tag)
    return tag


def check_tags(tags: object) -> list[str] | None:
    if tags is None:
        return None
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        illegal("partition_tag_array", "a list of str", tags)
    return tags or None


def check_params(params: object) -> dict[str, Any]:
    if params is None:
        return {}
    if not isinstance(params, dict):
        illegal("params", "a dict", params)
    return params


def check_int(value: object, parameter: str) -> int:
    """``value``, which may be given as digits."""
    if isinstance(value, str) and value.isascii() and value.isdecimal():
        return int(value)
    if not isinstance(value, (int, np.integer)) or isinstance(value, bool):
        illegal(parameter, "an int", value)
    return int(value)


def check_top_k(top_k: object) -> int:
    if not isinstance(top_k, int) or isinstance(top_k, bool):
        illegal("topk", "an int", top_k)
    return top_k


def check_ids(ids: object) -> list[int]:
    """Ids as numbers."""
    expected = f"a list, not empty, of int from 0 to {sys.maxsize} or their digits"
    if not isinstance(ids, list) or not ids:
        illegal("ids", expected, ids)
    checked = [
        int(entity_id) if isinstance(entity_id, str) and entity_id.isdecimal() else entity_id
        for entity_id in ids
    ]
    for entity_id in checked:
        if (
            not isinstance(entity_id, (int, np.integer))
            or isinstance(entity_id, bool)
            or not 0 <= entity_id <= sys.maxsize
        ):
            illegal("ids", expected, entity_id)
    return [int(entity_id) for entity_id in checked]


def check_vectors(records: object, parameter: str = "records") -> Vectors:
    """``records`` in the form that ``MilvusClient`` takes."""
    expected = "a list, not empty, of equally long lists of numbers or of bytes, or a 2-D numpy array"
    if isinstance(records, (list, tuple)) and records and isinstance(records[0], bytes):
        return _check_bits(records, parameter, expected)
    if not isinstance(records, (list, tuple, np.ndarray)) or not len(records):
        illegal(parameter, expected, records)
    try:
        array = np.asarray(records)
    except ValueError:  # rows of different lengths
        illegal(parameter, expected, records)
    if array.ndim != 2 or not array.shape[1] or array.dtype.kind not in "iuf":
        illegal(parameter, expected, records)
    if isinstance(records, np.ndarray) and array.dtype == np.uint8:
        return [row.tobytes() for row in array]
    with np.errstate(over="ignore"):  # numbers beyond float32 become infinite, which is refused later
        return array.astype(np.float32)


def _check_bits(records: Sequence[object], parameter: str, expected: str) -> list[bytes]:
    first = records[0]
    for record in records:
        if not isinstance(record, bytes) or not record or len(record) != len(first):  # type: ignore[arg-type]  # bytes
            illegal(parameter, expected, record)
    return list(records)  # type: ignore[arg-type]  # each was checked


def check_index_type(kind: object) -> IndexType:
    if kind is None:
        return IndexType.FLAT
    try:
        checked = IndexType(kind)  # type: ignore[arg-type]  # that is what is checked
    except ValueError:
        checked = IndexType.INVALID
    if checked is IndexType.INVALID or isinstance(kind, bool):
        illegal("index_type", "an IndexType", kind)
    return checked


def check_metric_type(metric: object) -> MetricType:
    try:
        checked = MetricType(metric)  # type: ignore[arg-type]  # that is what is checked
    except ValueError:
        checked = MetricType.INVALID
    if checked is MetricType.INVALID or isinstance(metric, bool):
        illegal("metric_type", "a MetricType", metric)
    return checked


def check_timeout(timeout: object) -> float | None:
    """Seconds, as a number or as text, which one of Milvus's documents uses."""
    if timeout is None:
        return None
    try:
        seconds = float(timeout)  # type: ignore[arg-type]  # whatever float() takes
    except (TypeError, ValueError):
        illegal("timeout", "seconds or None", timeout)
    if isinstance(timeout, bool) or not seconds > 0:
        illegal("timeout", "seconds or None", timeout)
    return seconds
