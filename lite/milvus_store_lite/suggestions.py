"""The name that a user may have meant: for errors, and to tell misspelt names from other words."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

_SLIP: Final = 0.81
"""``limt`` and ``limit``, ``offest`` and ``offset`` are as alike as that; ``user_id`` and ``user`` are not."""


def did_you_mean(name: object, known: Iterable[str]) -> str:
    """``; did you mean 'x'?`` with the nearest of ``known``, empty if none is near."""
    nearest = _nearest(str(name), known, cutoff=0.6)
    return "" if nearest is None else f"; did you mean {nearest!r}?"


def near_miss(name: str, known: Iterable[str]) -> str | None:
    """The one of ``known`` that ``name`` surely is, wrongly spelt; None if it may well be another word."""
    return _nearest(name, known, cutoff=_SLIP)


def _nearest(name: str, known: Iterable[str], cutoff: float) -> str | None:
    plain: dict[str, str] = {}
    for candidate in known:
        plain.setdefault(_plain(candidate), candidate)
    near = get_close_matches(_plain(name), plain, n=1, cutoff=cutoff)
    return plain[near[0]] if near else None


def _plain(name: str) -> str:
    """Without what people forget first: ``outputFields`` and ``output-fields`` are ``output_fields``."""
    return name.casefold().replace("_", "").replace("-", "").replace(".", "")
