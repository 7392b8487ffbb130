"""Keyword arguments that pymilvus lets pass: known ones are taken, any other is an error, not ignored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from enum import Enum
from typing import Any

from milvus_store_lite.errors import ParamError


class ConsistencyLevel(str, Enum):
    """Milvus's levels. A file always answers with the newest state, which satisfies every one of them."""

    Strong = "Strong"
    Session = "Session"
    Bounded = "Bounded"
    Eventually = "Eventually"
    Customized = "Customized"

    @property
    def number(self) -> int:
        """Milvus's number of the level."""
        return list(ConsistencyLevel).index(self)


def check_options(call: str, given: Mapping[str, Any], known: Iterable[str] = ()) -> None:
    """Raise ``ParamError`` for a keyword that ``call`` does not take, naming the nearest one it does."""
    if not given:
        return
    known = {*known, "consistency_level"}
    for name in given:
        if name not in known:
            close = get_close_matches(name, known, n=1)
            raise ParamError(
                message=f"{call}() got an unexpected argument {name!r}"
                + (
                    f"; did you mean {close[0]!r}?"
                    if close
                    else f", expected one of {', '.join(sorted(known))}"
                )
            )
    consistency_level(given.get("consistency_level"))


def consistency_level(given: object) -> ConsistencyLevel:
    """``given`` by name or number; Milvus's default, Bounded, for None."""
    if given is None:
        return ConsistencyLevel.Bounded
    for level in ConsistencyLevel:
        if given in (level.value, level.number):
            return level
    raise ParamError(
        message=f"consistency_level must be one of {', '.join(ConsistencyLevel.__members__)}, got {given!r}"
    )
