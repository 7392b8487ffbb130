"""Search iterators: a client asks for page after page, and all show the state that the first one saw.

pymilvus calls this "search iterator v2". The cursor of an iterator stays here under a token. Its read transaction
keeps SQLite's log from being folded, so cursors that nobody asks for any more are closed.
"""

from __future__ import annotations

import secrets
import threading
import time
from dataclasses import dataclass
from typing import Any, Final

from milvus_store_lite import FoundHits, PerProcess, SearchCursor

from ..errors import ParamError

_MOST: Final = 256
"""Iterators at a time; the one that rested longest makes room for a new one."""

_IDLE: Final = 600.0
"""Seconds for which an iterator may rest between two pages."""


@dataclass(slots=True)
class _Iterator:
    """``owner``: what the requests of its pages have in common."""

    cursor: SearchCursor
    owner: Any
    used: float


class SearchIterators:
    """The open iterators of a server, by their tokens. Threads share them."""

    def __init__(self) -> None:
        self._lock = PerProcess(threading.Lock)
        self._open: dict[str, _Iterator] = {}

    def add(self, cursor: SearchCursor, owner: Any) -> str:
        """Keep ``cursor``, and return its token."""
        token = secrets.token_urlsafe(16)
        with self._lock.own:
            self._open[token] = _Iterator(cursor, owner, time.monotonic())
            leaving = self._resting()
        for one in leaving:
            one.cursor.close()
        return token

    def page(self, token: str, owner: Any, count: int) -> FoundHits:
        """The next ``count`` hits of an iterator.

        Raises:
            ParamError: there is no such iterator, or it is another one's.
        """
        with self._lock.own:
            found = self._open.get(token)
            if found is not None:
                found.used = time.monotonic()
        if found is None or found.owner != owner:
            raise ParamError(
                message=f"this search iterator is not open: it was not used for {_IDLE:.0f} s, or the server has "
                "started anew: make another one"
            )
        return found.cursor.next(count)

    def close(self) -> None:
        """Close all."""
        with self._lock.own:
            leaving, self._open = list(self._open.values()), {}
        for one in leaving:
            one.cursor.close()

    def _resting(self) -> list[_Iterator]:
        """Those that rest too long, or are too many; they are open no longer. The caller has the lock."""
        oldest = time.monotonic() - _IDLE
        tokens = [token for token, one in self._open.items() if one.used < oldest]
        surplus = len(self._open) - len(tokens) - _MOST
        if surplus > 0:
            rest = sorted(self._open.keys() - set(tokens), key=lambda token: self._open[token].used)
            tokens += rest[:surplus]
        return [self._open.pop(token) for token in tokens]
