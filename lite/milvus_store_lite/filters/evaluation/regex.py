"""The regular expressions of ``=~`` and ``!~``, in RE2's syntax; they match anywhere in the string."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from ...text.re2 import compiled


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
        # For text, the library also translates every position back, which takes twice the time.
        return np.array(
            [search(word.encode(errors="surrogatepass")) is not None for word in words], dtype=np.bool_
        )


@lru_cache(maxsize=64)
def compile_regex(text: str) -> RegexPattern:
    """The pattern written as ``text``; ``ValueError`` if RE2 does not take it."""
    return RegexPattern(text, compiled("regular expressions, unlike patterns of 'like',", text).search)
