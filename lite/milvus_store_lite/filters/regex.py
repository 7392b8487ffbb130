"""The regular expressions of ``=~`` and ``!~``: RE2's syntax and speed, found anywhere in the string.

RE2 never takes more than linear time, whatever the pattern; Python's ``re`` can be made to take minutes.
The library is imported at the first pattern.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from ..extras import imported


@dataclass(frozen=True)
class RegexPattern:
    """A compiled pattern; ``search`` is RE2's own."""

    source: str
    search: Callable[[bytes], Any]

    @property
    def exact(self) -> None:
        """No single string is known to be the only match."""
        return

    def matches(self, words: list[str]) -> npt.NDArray[np.bool_]:
        """(len(words),) bool: which of ``words`` have a match somewhere."""
        search = self.search
        # Given text, the library also translates every position back: that takes twice the time.
        return np.array(
            [search(word.encode(errors="surrogatepass")) is not None for word in words], dtype=np.bool_
        )


@lru_cache(maxsize=64)
def compile_regex(text: str) -> RegexPattern:
    """The pattern written as ``text``; ``ValueError`` if RE2 does not take it."""
    re2 = imported("re2", "regular expressions, unlike patterns of 'like',")
    options = re2.Options()
    options.log_errors = False
    try:
        compiled = re2.compile(text, options)
    except re2.error as error:
        reason = error.args[0] if error.args else "it is invalid"
        reason = reason.decode(errors="replace") if isinstance(reason, bytes) else reason
        raise ValueError(f"RE2 does not take the regular expression {text!r:.60}: {reason}") from None
    return RegexPattern(text, compiled.search)
