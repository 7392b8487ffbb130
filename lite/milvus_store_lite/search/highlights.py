"""Asks for words, or what answers a query, to be marked in the texts of hits: plain data between the layers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..errors import ParamError

Span = tuple[int, int, float]
"""A place in a text, from its first character to the one after its last, and how well it answers."""

MarkTexts = Callable[[str, list[str]], Sequence[Sequence[Span]]]
"""A query and texts → the places in each text that answer it."""


class Fragments(NamedTuple):
    """The marked fragments of a text, and where a model marks, the score of each."""

    texts: list[str]
    scores: list[float]


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
        _check_tags(self.pre_tags, self.post_tags)
        _check_int("fragment_offset", self.fragment_offset, 0)
        _check_int("fragment_size", self.fragment_size, 1)
        _check_int("num_of_fragments", self.num_of_fragments, 0)
        if not self.words and not self.search_text:
            raise ParamError(
                message="the highlighter marks nothing: expected highlight_search_text=True, in a full text "
                "search, or highlight_query with the words to mark"
            )


@dataclass(frozen=True, slots=True)
class SemanticHighlight:
    """Mark what ``mark`` finds in the texts of ``fields``.

    ``queries``: a text for each query vector. ``threshold``: the least score of what is marked. ``only``: whether
    each place is a fragment of its own, without the text around it. ``batch_size``: the most texts that ``mark``
    gets at once, None for all hits of a query.
    """

    queries: tuple[str, ...]
    fields: tuple[str, ...]
    mark: MarkTexts
    pre_tags: tuple[str, ...] = ("<em>",)
    post_tags: tuple[str, ...] = ("</em>",)
    threshold: float = 0.0
    only: bool = True
    batch_size: int | None = None

    def __post_init__(self) -> None:
        """
        Raises:
            ParamError: a value is out of its range, or nothing would be marked.
        """
        _check_tags(self.pre_tags, self.post_tags)
        for name, given in (("queries", self.queries), ("input_fields", self.fields)):
            if not given or not all(isinstance(one, str) for one in given):
                raise ParamError(
                    message=f"{name} of a highlighter must be a list of at least one str, got {list(given)!r:.80}"
                )
        is_number = isinstance(self.threshold, int | float) and not isinstance(self.threshold, bool)
        if not is_number or not 0 <= self.threshold <= 1:
            raise ParamError(
                message=f"threshold of a highlighter must be a number from 0 to 1, got {self.threshold!r:.80}"
            )
        if not isinstance(self.only, bool):
            raise ParamError(message=f"highlight_only must be a bool, got {self.only!r:.80}")
        if self.batch_size is not None:
            _check_int("max_client_batch_size", self.batch_size, 1)


def _check_tags(pre_tags: tuple[str, ...], post_tags: tuple[str, ...]) -> None:
    for name, tags in (("pre_tags", pre_tags), ("post_tags", post_tags)):
        if not tags or not all(isinstance(tag, str) for tag in tags):
            raise ParamError(
                message=f"{name} of a highlighter must be a list of at least one str, got {tags!r:.80}"
            )


def _check_int(name: str, given: Any, least: int) -> None:
    if isinstance(given, bool) or not isinstance(given, int) or given < least:
        raise ParamError(
            message=f"{name} of a highlighter must be an int of at least {least}, got {given!r:.80}"
        )
