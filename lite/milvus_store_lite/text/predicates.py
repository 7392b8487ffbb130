"""Filters that keep or drop whole tokens, which tantivy lacks."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Final

from ..errors import ParamError
from .parameters import Step
from .re2 import compiled

Predicate = Callable[[str], object]
"""True for a token to keep."""

_HAN: Final = (
    "\u2e80-\u2e99\u2e9b-\u2ef3\u2f00-\u2fd5\u3005\u3007\u3021-\u3029\u3038-\u303b\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufa6d\ufa70-\ufad9\U00016fe2\U00016fe3\U00016ff0\U00016ff1\U00020000-\U0002a6df"
    "\U0002a700-\U0002ebe0\U0002ebf0-\U0002ee5d\U0002f800-\U0002fa1d\U00030000-\U000323af"
)
"""Characters of the script Han (https://www.unicode.org/Public/16.0.0/ucd/Scripts.txt)."""


def predicate(step: Step) -> Predicate | None:
    """The predicate of filter ``step``; None for a filter that tantivy has."""
    if step.kind == "regex":
        return _regex(step.options["expr"])
    return _PREDICATES.get(step.kind)


def _regex(pattern: str) -> Predicate:
    try:
        search = compiled("filters of type 'regex'", pattern).search
    except ValueError as error:
        raise ParamError(message=f"'expr' of filter 'regex': {error}") from None
    return lambda token: search(token.encode()) is not None


def _has_no_punctuation(token: str) -> bool:
    return not any(
        character.isspace() or unicodedata.category(character).startswith("P") for character in token
    )


_PREDICATES: Final[dict[str, Predicate]] = {
    "removepunct": _has_no_punctuation,
    "cncharonly": re.compile(f"[{_HAN}]").search,
    "cnalphanumonly": re.compile(f"[{_HAN}a-zA-Z0-9]").search,
}
