"""What a query asks for that is not its rows as they were written: their order, groups and aggregates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from milvus_store_lite import (
    Aggregate,
    DataTypeNotMatchException,
    GroupRequest,
    OrderBy,
    ParamError,
)

from .ordering import ORDER_BY, order_by

GROUP_BY: Final = "group_by_fields"
COUNT: Final = "count(*)"
OPTIONS: Final = (ORDER_BY, "order_by", GROUP_BY)
PAGE: Final = ("limit", "offset")


def asks_for_rows(fields: Sequence[str], options: Mapping[str, Any]) -> bool:
    """Whether a query asks for all rows it is about, in no order of its own."""
    if options and any(options.get(name) for name in (*OPTIONS, *PAGE)):
        return False
    return not any(name.endswith(")") and Aggregate.called(name.strip()) for name in fields)


def query_order(options: Mapping[str, Any], *, limited: bool = False) -> tuple[OrderBy, ...]:
    """The order of the rows of a query; like pymilvus, also by its other name.

    Args:
        limited: whether the rows are few in any case.

    Raises:
        ParamError: there is an order, and no limit.
    """
    order = order_by(options.get(ORDER_BY) or options.get("order_by"))
    if order and not limited and options.get("limit") is None:
        raise ParamError(message=f"query() with {ORDER_BY} needs a limit, as in Milvus")
    return order


def group_fields(options: Mapping[str, Any]) -> tuple[str, ...]:
    """The names in ``group_by_fields``."""
    names = options.get(GROUP_BY)
    if names is None:
        return ()
    if not isinstance(names, (list, tuple)) or not all(isinstance(name, str) and name for name in names):
        raise DataTypeNotMatchException(
            message=f"{GROUP_BY} must be a list of names of fields, got {names!r:.80}"
        )
    return tuple(dict.fromkeys(name.strip() for name in names))


def group_request(fields: Sequence[str], options: Mapping[str, Any]) -> GroupRequest | None:
    """The groups and aggregates that a query asks for; None if it asks for rows, or for nothing but their number.

    Raises:
        ParamError: the output fields, the order or the page do not go with groups.
    """
    if options.get(GROUP_BY) is None and ")" not in "".join(fields):
        return None
    grouped = group_fields(options)
    aggregates = [found for name in fields if (found := Aggregate.called(name)) is not None]
    limit, offset = options.get("limit"), options.get("offset") or 0
    if not grouped and (not aggregates or list(fields) == [COUNT]):
        return None
    if not grouped and limit is not None and any(one.field is None for one in aggregates):
        raise ParamError(
            message=f"{COUNT} without {GROUP_BY} is one number: expected no limit, got {limit!r}"
        )
    return GroupRequest(grouped, tuple(dict.fromkeys(fields or ["*"])), query_order(options), limit, offset)


def has_aggregates(request: GroupRequest) -> bool:
    """Whether the groups show more than what they have in common."""
    return any(name not in request.group_by for name in request.output)
