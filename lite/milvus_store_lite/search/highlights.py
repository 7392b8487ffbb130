"""Asks for the words of a search to be marked in the texts of its hits: plain data between the layers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..errors import ParamError


@dataclass(frozen=True, slots=True)
class WordsInField:
    """Mark, in the texts of ``field``, the words of ``text``."""

    field: str
    text: str


@dataclass(frozen=True, slots=True)
class Highlight:
    """Mark words in the texts of the hits.

    ``words``: which, whatever was searched for. ``search_text``: mark the words of the full text search, too.
    ``pre_tags`` and ``post_tags``: what stands before and after the first, second, … marked word of a fragment,
    from the beginning again when there are more. A fragment begins ``fragment_offset`` characters before a marked
    word and has ``fragment_size`` characters, or as many as its last marked word needs; of each text there are
    ``num_of_fragments`` at most.
    """

    words: tuple[WordsInField, ...] = ()
    search_text: bool = False
    pre_tags: tuple[str, ...] = ("<em>",)
    post_tags: tuple[str, ...] = ("</em>",)
    fragment_offset: int = 0
    fragment_size: int = 100
    num_of_fragments: int = 5

    def __post_init__(self) -> None:
        """
        Raises:
            ParamError: a value is out of its range, or nothing would be marked.
        """
        for name, tags in (("pre_tags", self.pre_tags), ("post_tags", self.post_tags)):
            if not tags or not all(isinstance(tag, str) for tag in tags):
                raise ParamError(
                    message=f"{name} of a highlighter must be a list of at least one str, got {tags!r:.80}"
                )
        _check_int("fragment_offset", self.fragment_offset, 0)
        _check_int("fragment_size", self.fragment_size, 1)
        _check_int("num_of_fragments", self.num_of_fragments, 0)
        if not self.words and not self.search_text:
            raise ParamError(
                message="the highlighter marks nothing: expected highlight_search_text=True, in a full text "
                "search, or highlight_query with the words to mark"
            )


def _check_int(name: str, given: Any, least: int) -> None:
    if isinstance(given, bool) or not isinstance(given, int) or given < least:
        raise ParamError(
            message=f"{name} of a highlighter must be an int of at least {least}, got {given!r:.80}"
        )
