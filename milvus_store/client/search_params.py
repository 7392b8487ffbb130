"""The dictionary ``search_params`` of a search, taken apart; also what the keywords of group-by mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from milvus_store_lite.errors import DataTypeNotMatchException, ParamError
from milvus_store_lite.search.request import GroupBy
from milvus_store_lite.search.ring import Ring

GROUP_OPTIONS: Final = ("group_by_field", "group_size", "strict_group_size")

_WITHOUT_EFFECT: Final = frozenset({"ignore_growing", "hints", "page_retain_order"})
"""What tells a Milvus server how to go about a search, and changes nothing in its answer here."""


@dataclass(frozen=True, slots=True)
class SearchParams:
    """``index``: what is left for the index in use, such as ``nprobe`` or ``ef``."""

    metric: str | None
    offset: int | None
    ring: Ring | None
    index: dict[str, Any]

    @classmethod
    def of(cls, search_params: object) -> SearchParams:
        """``search_params`` in either form: parameters inside ``"params"``, beside it, or in both.

        Raises:
            ParamError: a parameter stands in both places with different values.
        """
        if not search_params:
            return _NONE
        found = _flat(_as_dict("search_params", search_params))
        metric, radius, range_filter = (
            found.pop(key, None) for key in ("metric_type", "radius", "range_filter")
        )
        return cls(
            metric=getattr(metric, "value", metric) or None,
            offset=found.pop("offset", None),
            ring=None if radius is None and range_filter is None else Ring(radius, range_filter),
            index={key: value for key, value in found.items() if key not in _WITHOUT_EFFECT},
        )


_NONE: Final = SearchParams(None, None, None, {})


def one_offset(keyword: int | None, params: SearchParams) -> int:
    """The offset of a call, given as its keyword or in its parameters."""
    if keyword is not None and params.offset is not None:
        raise ParamError(
            message="offset is given both as an argument and in search_params, expected just one"
        )
    given = params.offset if keyword is None else keyword
    return 0 if given is None else given


def group_by(options: Mapping[str, Any]) -> GroupBy | None:
    """What the keywords ``group_by_field``, ``group_size`` and ``strict_group_size`` ask for."""
    name, size, strict = (options.get(key) for key in GROUP_OPTIONS)
    if not name:
        if size is not None or strict is not None:
            raise ParamError(message="group_size and strict_group_size need a group_by_field, got none")
        return None
    if strict is not None and not isinstance(strict, bool):
        raise ParamError(message=f"strict_group_size must be a bool, got {type(strict).__name__}: {strict!r}")
    return GroupBy(name, 1 if size is None else size)


def _flat(search_params: dict[str, Any]) -> dict[str, Any]:
    inside = _as_dict("search_params['params']", search_params.get("params") or {})
    beside = {key: value for key, value in search_params.items() if key != "params"}
    for key, value in beside.items():
        if key in inside and inside[key] != value:
            raise ParamError(
                message=f"ambiguous parameter {key!r}: {value!r} in search_params, {inside[key]!r} in its params"
            )
    return {**beside, **inside}


def _as_dict(name: str, given: object) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise DataTypeNotMatchException(
            message=f"{name} must be a dict, got {type(given).__name__}: {given!r:.80}"
        )
    return given
