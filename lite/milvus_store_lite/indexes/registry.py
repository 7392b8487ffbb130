"""Every index type by name: which fields and metrics it takes, and what serves it.

Errors and documentation read their lists from here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final

from ..errors import ParamError
from ..schema import Field

DENSE_METRICS: Final = ("L2", "IP", "COSINE")
DEFAULT_METRIC: Final = "COSINE"


@dataclass(frozen=True, slots=True)
class IndexType:
    """``metrics``: those it ranks by, empty for an index on scalar fields. ``parameters``: names it takes."""

    name: str
    metrics: tuple[str, ...]
    parameters: tuple[str, ...]
    served_by: str


VECTOR_INDEXES: Final = {
    kind.name: kind
    for kind in (
        IndexType("AUTOINDEX", DENSE_METRICS, (), "exact scan"),
        IndexType("FLAT", DENSE_METRICS, (), "exact scan"),
    )
}

SCALAR_INDEXES: Final = {
    kind.name: kind
    for kind in (
        IndexType("AUTOINDEX", (), (), "column in memory"),
        IndexType("INVERTED", (), (), "column in memory"),
    )
}


def check_index(
    one: Field, type_name: str, metric: str | None, parameters: Mapping[str, Any]
) -> tuple[str, str | None]:
    """(type, metric) of an index on field ``one`` with defaults filled in.

    Raises:
        ParamError: the type is not served, or does not take the metric or a parameter.
    """
    known = VECTOR_INDEXES if one.dtype.is_vector else SCALAR_INDEXES
    kind = known.get(type_name or "AUTOINDEX")
    if kind is None:
        raise ParamError(
            message=f"index type {type_name!r} on field '{one.name}' ({one.describe()}) is not served by this "
            f"version of milvus-store: expected one of {', '.join(known)}"
        )
    unknown = [name for name in parameters if name not in kind.parameters]
    if unknown:
        close = get_close_matches(unknown[0], kind.parameters, n=1)
        raise ParamError(
            message=f"index type {kind.name} takes "
            + (f"parameters {', '.join(kind.parameters)}" if kind.parameters else "no parameters")
            + f", got {unknown[0]!r}"
            + (f"; did you mean {close[0]!r}?" if close else "")
        )
    if not kind.metrics:
        if metric is not None:
            raise ParamError(
                message=f"field '{one.name}' ({one.describe()}) takes no metric_type, got {metric!r}"
            )
        return kind.name, None
    return kind.name, check_metric(one, kind, metric)


def check_metric(one: Field, kind: IndexType, metric: object) -> str:
    """``metric`` in Milvus's spelling, the default for None."""
    if metric is None or metric == "":
        return DEFAULT_METRIC
    if not isinstance(metric, str) or metric.upper() not in kind.metrics:
        raise ParamError(
            message=f"metric_type of field '{one.name}' ({one.describe()}) must be one of "
            f"{', '.join(kind.metrics)}, got {metric!r}"
        )
    return metric.upper()
