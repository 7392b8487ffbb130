"""Text of any language, cut where the rules and dictionaries of ICU see the ends of words, as in Milvus.

Its package ``icu4py`` comes with the extra ``languages`` and holds ICU itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from ..extras import import_extra

_ROOT: Final = "root"
"""The locale of the rules that hold for every language; dictionaries go by the script of the text."""


class Icu:
    """Cuts text into words, white space and punctuation among them."""

    def __init__(self) -> None:
        icu: Any = import_extra("icu4py.breakers", "analyzers with the tokenizer 'icu'")
        self._breaker = icu.WordBreaker

    def analyze(self, text: str) -> list[str]:
        """The words of ``text``, and what stands between them."""
        return list(self._breaker(text, _ROOT))

    def placed(self, text: str) -> Iterator[tuple[str, int, int, int, int]]:
        """The same, each with the values of a ``Token``, whose position counts characters."""
        start = 0
        for word in self._breaker(text, _ROOT):
            yield word, start, start + len(word), start, len(word)
            start += len(word)
