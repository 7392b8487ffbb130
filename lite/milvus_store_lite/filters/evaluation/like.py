"""The patterns of ``like``: compiled once, then matched against many strings at a time.

``%`` stands for any run of characters and ``_`` for one, line ends included; a backslash makes the next
character stand for itself. Matching is over the whole string and case-sensitive.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...process.lazy import lazy

_Segment = tuple[str | None, ...]
"""Characters in order; None is any one character."""


@dataclass(frozen=True)
class Pattern:
    """A pattern cut at its ``%``: a string matches if it consists of the segments with gaps between."""

    segments: tuple[_Segment, ...]

    @property
    def exact(self) -> str | None:
        """The only string that matches, or None if the pattern has a wildcard."""
        return _plain(self.segments[0]) if len(self.segments) == 1 else None

    def matches(self, words: Sequence[str]) -> npt.NDArray[np.bool_]:
        """(len(words),) bool: which of ``words`` match."""
        plain = [_plain(segment) for segment in self.segments]
        match plain:
            case [str(word)]:
                found = [string == word for string in words]
            case [str(start), ""]:
                found = [string.startswith(start) for string in words]
            case ["", str(end)]:
                found = [string.endswith(end) for string in words]
            case ["", str(part), ""]:
                found = [part in string for string in words]
            case _:
                found = [self._match(string) for string in words]
        return np.array(found, dtype=np.bool_)

    @lazy
    def _compiled(self) -> tuple[re.Pattern[str], ...]:
        return tuple(
            re.compile(
                "".join("." if character is None else re.escape(character) for character in segment),
                re.DOTALL,
            )
            for segment in self.segments
        )

    def _match(self, word: str) -> bool:
        """Match each segment at the first offset where it fits: that leaves most room for the others."""
        first, last = self._compiled[0], self._compiled[-1]
        if len(self._compiled) == 1:
            return first.fullmatch(word) is not None
        opening = first.match(word)
        last_start = len(word) - len(self.segments[-1])
        if opening is None or last_start < opening.end() or not last.match(word, last_start):
            return False
        position = opening.end()
        for middle in self._compiled[1:-1]:
            found = middle.search(word, position, last_start)
            if found is None:
                return False
            position = found.end()
        return True


def prefix(text: str) -> Pattern:
    """The pattern of the strings that begin with ``text``, in which no character is special."""
    return Pattern((tuple(text), ()))


def compile_pattern(text: str) -> Pattern:
    """The pattern written as ``text``; ``ValueError`` if it ends in a backslash that escapes nothing."""
    segments: list[list[str | None]] = [[]]
    characters = iter(text)
    for character in characters:
        if character == "%":
            # A run of % is one gap; without an empty segment between, the fast forms are recognised.
            if len(segments) == 1 or segments[-1]:
                segments.append([])
        elif character == "_":
            segments[-1].append(None)
        elif character == "\\":
            escaped = next(characters, None)
            if escaped is None:
                raise ValueError("the pattern ends in a backslash that escapes nothing, write \\\\")
            segments[-1].append(escaped)
        else:
            segments[-1].append(character)
    return Pattern(tuple(map(tuple, segments)))


def _plain(segment: _Segment) -> str | None:
    return None if None in segment else "".join(character for character in segment if character is not None)
