"""The argument ``order_by_fields``, in the forms that pymilvus takes and in the text that it sends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from milvus_store_lite import OrderBy, ParamError

ORDER_BY: Final = "order_by_fields"

_DIRECTIONS: Final = {"": False, "asc": False, "ascending": False, "desc": True, "descending": True}
_NULLS: Final = {"nulls_first": True, "nulls_last": False}
_KEYS: Final = {"field", "order"}
_CLOSED_BY: Final = {"[": "]", '"': '"', "'": "'"}


def order_by(given: object, *, is_search: bool = False) -> tuple[OrderBy, ...]:
    """The order that is asked for: ``[{"field": "price", "order": "desc"}]``, ``["price:desc", "name"]`` or
    ``"price:desc:nulls_last,name"``.

    As in Milvus, nulls come last in ascending order and first in descending order, unless it says otherwise.

    Args:
        is_search: whether a search asks, for which pymilvus takes no texts in a list.

    Raises:
        ParamError: it is none of these; the message says what was expected.
    """
    if given is None:
        return ()
    if isinstance(given, str):
        return tuple(map(_of_text, split_outside_brackets(given, ",")))
    if not isinstance(given, (list, tuple)):
        raise _unexpected(given, "a list of fields such as {'field': 'price', 'order': 'desc'}, or a text")
    found: list[OrderBy] = []
    for item in given:
        if isinstance(item, Mapping):
            found.append(_of_dict(item))
        elif isinstance(item, str) and not is_search:
            found += map(_of_text, split_outside_brackets(item, ","))
        else:
            others = "; a search takes no texts in a list, as in pymilvus" if is_search else ", or a text"
            raise _unexpected(item, "a dict such as {'field': 'price', 'order': 'desc'}" + others)
    return tuple(found)


def split_outside_brackets(text: str, separator: str) -> list[str]:
    """The parts of ``text`` between separators that are not in brackets or quotes, without blanks around them."""
    parts, start, closing = [], 0, [""]
    for place, character in enumerate(text):
        if character == closing[-1]:
            closing.pop()
        elif character in _CLOSED_BY and closing[-1] in ("", "]"):
            closing.append(_CLOSED_BY[character])
        elif character == separator and len(closing) == 1:
            parts.append(text[start:place].strip())
            start = place + 1
    parts.append(text[start:].strip())
    return [part for part in parts if part] if separator == "," else parts


def _of_dict(item: Mapping[Any, Any]) -> OrderBy:
    field, order = item.get("field"), item.get("order", "asc")
    if item.keys() - _KEYS or not isinstance(field, str) or not isinstance(order, str):
        raise _unexpected(
            dict(item),
            "{'field': name, 'order': 'asc' or 'desc'}; 'order' may go on, as in 'desc:nulls_last'",
        )
    return _order(field.strip(), split_outside_brackets(order, ":"), item)


def _of_text(text: str) -> OrderBy:
    field, *rest = split_outside_brackets(text, ":")
    return _order(field, rest, text)


def _order(field: str, rest: list[str], given: object) -> OrderBy:
    if not field or len(rest) > 2:
        raise _unexpected(given, "a field and its order, such as 'price:desc' or 'price:desc:nulls_last'")
    direction = rest[0].lower() if rest else ""
    if direction not in _DIRECTIONS:
        raise ParamError(
            message=f"{ORDER_BY}: expected the order of {field!r} to be 'asc' or 'desc', got {rest[0]!r}"
        )
    descending = _DIRECTIONS[direction]
    nulls = rest[1].lower() if len(rest) == 2 else ("nulls_first" if descending else "nulls_last")
    if nulls not in _NULLS:
        raise ParamError(
            message=f"{ORDER_BY}: expected the nulls of {field!r} to be 'nulls_first' or 'nulls_last', got "
            f"{rest[1]!r}"
        )
    return OrderBy(field, descending, _NULLS[nulls])


def _unexpected(given: object, expected: str) -> ParamError:
    return ParamError(message=f"{ORDER_BY}: expected {expected}, got {given!r:.80}")
