"""Chinese text, cut by jieba-rs, as in Milvus; its package ``rjieba`` comes with the extra ``text``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ..extras import import_extra
from .parameters import DEFAULT_DICTIONARY


class Jieba:
    """Cuts text into words.

    Args:
        words: the dictionary; ``_default_`` among them stands for jieba's own.
        mode: ``search`` also returns the words inside long words, ``exact`` does not.
        hmm: whether to guess words that the dictionary lacks.
    """

    def __init__(self, words: Sequence[str], mode: str, hmm: bool) -> None:
        rjieba: Any = import_extra("rjieba", "analyzers with the tokenizer 'jieba'")
        self._jieba = rjieba.Jieba() if DEFAULT_DICTIONARY in words else rjieba.Jieba.empty()
        for word in words:
            if word != DEFAULT_DICTIONARY:
                self._jieba.add_word(word, None, None)
        self._is_search = mode == "search"
        self._hmm = hmm

    def analyze(self, text: str) -> list[str]:
        """The words of ``text``, with white space and punctuation."""
        cut = self._jieba.cut_for_search if self._is_search else self._jieba.cut
        found: list[str] = cut(text, self._hmm)
        return found

    def placed(self, text: str) -> Iterator[tuple[str, int, int, int, int]]:
        """The same words, each with the values of a ``Token``, whose position counts characters."""
        for word, start, end in self._spans(text):
            yield word, start, end, start, end - start

    def _spans(self, text: str) -> Iterator[tuple[str, int, int]]:
        pieces, start = iter(self.analyze(text)), 0
        for word in self._jieba.cut(text, self._hmm):
            # The parts of a long word come before it: those of two characters, then those of three.
            after, length = start, 0
            for piece in pieces:
                if piece == word:
                    break
                after = start if len(piece) != length else after + 1
                length = len(piece)
                after = text.index(piece, after)
                yield piece, after, after + length
            yield word, start, start + len(word)
            start += len(word)
