"""Checks the further keywords of calls, all of which pymilvus accepts: misspelt ones are errors here.

A name that resembles no known one is ignored with a warning; pymilvus ignores it silently. An argument that would
change the answer is never ignored: the error says what to use instead.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Collection, Mapping
from enum import Enum
from typing import Any, Final

from milvus_store_lite import ParamError, did_you_mean, near_miss

from .option_names import MEANT, REFUSED, WITHOUT_EFFECT
from .option_warnings import UnknownOptionWarning, forget_warnings, warn_of_unknown

__all__ = [
    "COMMON",
    "ConsistencyLevel",
    "UnknownOptionWarning",
    "check_options",
    "consistency_level",
    "forget_warnings",
    "is_strict",
    "judge_options",
    "options",
]

COMMON: Final = frozenset({"consistency_level", "timeout"})
"""Keywords that every call takes."""

_STRICT: Final = "MILVUS_STORE_STRICT"


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


_LEVELS: Final[Mapping[object, ConsistencyLevel]] = {
    key: level for level in ConsistencyLevel for key in (level.value, level.number)
}


def options(*names: str) -> frozenset[str]:
    """The keywords ``names`` and those that every call takes, for ``check_options``."""
    return COMMON.union(names)


def check_options(call: Callable[..., Any], given: Mapping[str, Any], known: frozenset[str] = COMMON) -> None:
    """Check the keywords ``given`` to ``call`` beside its own parameters.

    Args:
        call: a method of a client, a function or a class; its parameters are candidates for a misspelt name.
        known: made by ``options``.

    Raises:
        ParamError: a name is misspelt, or would change the answer; in strict mode, or if the client is strict,
            also any other unknown name.
    """
    if given:
        strict = getattr(getattr(call, "__self__", None), "strict", False)
        check_keywords(call.__name__, given, known | keywords_of(call), strict=strict)


def check_keywords(call: str, given: Mapping[str, Any], known: frozenset[str], *, strict: bool) -> None:
    """``check_options`` of the call called ``call``, whose own parameters are among those ``known``."""
    if not known.issuperset(given):
        judge_options(call, given, known, strict=strict)
    if "consistency_level" in given:
        consistency_level(given["consistency_level"])


def judge_options(
    call: str,
    given: Mapping[str, Any],
    known: Collection[str],
    *,
    strict: bool = False,
    what: str = "argument",
    error: Callable[[str], Exception] = lambda message: ParamError(message=message),
) -> None:
    """Raise, warn or ignore each name in ``given`` that is not ``known`` to ``call``.

    Args:
        strict: whether every unknown name is an error; the environment can set it too.
        what: the kind of the names, for the message.
        error: makes the exception from the message.
    """
    for name, value in given.items():
        if name in known or name in WITHOUT_EFFECT:
            continue
        unexpected = f"{call}() got an unexpected {what} {name!r}"
        if name in REFUSED and not _is_given(value):
            continue
        named = next((option for option in MEANT.get(name, ()) if option in known), None)
        meant = named or near_miss(name, known)
        if meant is not None:
            raise error(f"{unexpected}; did you mean {meant!r}?")
        if name in REFUSED:
            raise error(f"{unexpected}: {REFUSED[name]}")
        if is_strict(strict):
            hint = did_you_mean(name, known) or f", expected one of {', '.join(sorted(known))}"
            raise error(unexpected + hint)
        warn_of_unknown(call, str(name), what)


def is_strict(strict: bool = False) -> bool:
    """Whether unknown names are errors, by the client or by ``MILVUS_STORE_STRICT`` in the environment."""
    return strict or os.environ.get(_STRICT, "").strip().lower() not in ("", "0", "false", "no", "off")


def consistency_level(given: object) -> ConsistencyLevel:
    """``given`` by name or number; Milvus's default, Bounded, for None."""
    if given is None:
        return ConsistencyLevel.Bounded
    found = _LEVELS.get(given) if isinstance(given, (str, int)) else None
    if found is not None:
        return found
    raise ParamError(
        message=f"consistency_level must be one of {', '.join(ConsistencyLevel.__members__)}, got {given!r}"
    )


def keywords_of(call: Callable[..., Any]) -> frozenset[str]:
    """Names of the parameters of ``call`` that can be given by name."""
    found = inspect.signature(call).parameters.values()
    return frozenset(
        parameter.name
        for parameter in found
        if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
    )


def _is_given(value: object) -> bool:
    """Whether a value asks for anything: to pymilvus, None, False and empty values mean the default."""
    return not (
        value is None or value is False or (isinstance(value, (str, list, tuple, dict)) and not value)
    )
