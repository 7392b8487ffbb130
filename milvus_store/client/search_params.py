"""The dictionary ``search_params`` of a search, taken apart; also what the keywords of group-by mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from milvus_store_lite import PARAMETER_NAMES, DataTypeNotMatchException, GroupBy, ParamError, RangeBounds

from ..index_types import named
from ..options import judge_options
from .json_groups import JSON_GROUP_OPTIONS, json_group
from .ordering import ORDER_BY
from .query_groups import GROUP_BY, group_fields

GROUP_OPTIONS: Final = ("group_by_field", "group_size", "strict_group_size")
AGGREGATION: Final = "search_aggregation"
RERANKING_OPTIONS: Final = ("ranker", "function_chains")
SEARCH_OPTIONS: Final = (*GROUP_OPTIONS, *JSON_GROUP_OPTIONS, GROUP_BY, ORDER_BY, AGGREGATION)

_OF_TEXTS: Final = "analyzer_name"
_OF_STRUCTS: Final = "element_scope"
_OF_SEARCHES: Final = PARAMETER_NAMES | {_OF_TEXTS, _OF_STRUCTS}
_NAMES: Final = _OF_SEARCHES | {"metric_type", "params", "radius", "range_filter", "offset"}

_ARGUMENTS: Final = {
    **{name: name for name in ("limit", "filter", "output_fields", "partition_names", "anns_field")},
    **{name: name for name in ("round_decimal", "timezone", "time_fields", "filter_params", *SEARCH_OPTIONS)},
    **dict.fromkeys(("k", "topk", "top_k", "top"), "limit"),
    "expr": "filter",
}
"""What stands in search_params by mistake → the argument of the call that it is."""


@dataclass(frozen=True, slots=True)
class SearchParams:
    """``index``: what some index takes, such as ``nprobe`` or ``ef``; the one in use picks its own."""

    metric: str | None
    offset: int | None
    ring: RangeBounds | None
    index: dict[str, Any]

    @classmethod
    def of(cls, search_params: object, call: str, *, strict: bool = False) -> SearchParams:
        """``search_params`` in either form: parameters inside ``"params"``, beside it, or in both.

        Args:
            call: the call that they are given to.
            strict: whether a parameter that no index takes is an error, instead of being ignored with a warning.

        Raises:
            ParamError: a parameter stands in both places with different values, is wrongly spelt, or is an
                argument of the call.
        """
        if not search_params:
            return _NONE
        found = _flat(_as_dict("search_params", search_params))
        _refuse_arguments(found, call)
        metric, radius, range_filter = (
            found.pop(key, None) for key in ("metric_type", "radius", "range_filter")
        )
        return cls(
            metric=named(metric) or None,
            offset=found.pop("offset", None),
            ring=None if radius is None and range_filter is None else RangeBounds(radius, range_filter),
            index=_of_indexes(found, call, strict),
        )


_NONE: Final = SearchParams(None, None, None, {})


def asks_for_reranking(keywords: Mapping[str, Any]) -> bool:
    """Whether the keywords of a search ask for other hits than its nearest."""
    return bool(keywords) and any(is_given(keywords.get(name)) for name in RERANKING_OPTIONS)


def is_given(value: object) -> bool:
    """Whether an argument is neither None nor empty."""
    return value is not None and not (isinstance(value, Sequence) and not value)


def one_offset(keyword: int | None, params: SearchParams) -> int:
    """The offset of a call, given as its keyword or in its parameters."""
    if keyword is not None and params.offset is not None:
        raise ParamError(
            message="offset is given both as an argument and in search_params, expected just one"
        )
    given = params.offset if keyword is None else keyword
    return 0 if given is None else given


def group_by(options: Mapping[str, Any]) -> GroupBy | None:
    """What the keywords for groups ask for."""
    name, size, strict = (options.get(key) for key in GROUP_OPTIONS)
    scorer = options.get("rank_group_scorer")
    names = group_fields(options)
    if name and names:
        raise ParamError(message=f"expected group_by_field or {GROUP_BY}, got {name!r:.80} and {names!r:.80}")
    if name and not isinstance(name, str):
        raise ParamError(message=f"group_by_field must be a str, got {type(name).__name__}: {name!r:.80}")
    if not name and not names:
        if size is not None or strict is not None:
            raise ParamError(message="group_size and strict_group_size need a group_by_field, got none")
        json_group(options, name)
        return None
    if strict is not None and not isinstance(strict, bool):
        raise ParamError(message=f"strict_group_size must be a bool, got {type(strict).__name__}: {strict!r}")
    name, cast = json_group(options, name) or (name, None)
    fields = (name,) if name else names
    return GroupBy(fields, 1 if size is None else size, "max" if scorer is None else scorer, cast)


def _refuse_arguments(params: Mapping[str, Any], call: str) -> None:
    for name, argument in _ARGUMENTS.items():
        if params.get(name) is not None:
            raise ParamError(
                message=f"search_params has {name!r}: expected {argument!r} as an argument of {call}()"
            )


def _of_indexes(params: Mapping[str, Any], call: str, strict: bool) -> dict[str, Any]:
    """Those of ``params`` that some index takes; all others are checked as arguments are."""
    judge_options(call, params, _NAMES, strict=strict, what="search parameter")
    return {name: value for name, value in params.items() if name in _OF_SEARCHES}


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
