"""Highlighters, with pymilvus's names: they mark words in the texts that a search finds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from milvus_store_lite import Highlight, ParamError, WordsInField

from .options import judge_options

__all__ = ["LexicalHighlighter"]

_TAGS: Final = ("pre_tags", "post_tags")
_NUMBERS: Final = ("fragment_offset", "fragment_size", "num_of_fragments")
_PARAMS: Final = frozenset({*_TAGS, *_NUMBERS, "highlight_query", "highlight_search_text"})
_WORDS: Final = "TextMatch"
"""The only type of a query that Milvus has."""


class LexicalHighlighter:
    """Marks words in the texts of the hits of a search: those searched for, or others.

    Args:
        highlight_query: words to mark: a list of ``{"type": "TextMatch", "field": ..., "text": ...}``.
        highlight_search_text: whether to mark the words of a full text search.
        pre_tags, post_tags: what stands before and after marked words, taken in turn; ``<em>`` and ``</em>``.
        fragment_offset: how many characters a fragment begins before its first marked word; 0.
        fragment_size: characters of a fragment, or more if its last marked word ends later; 100.
        num_of_fragments: the most fragments of a text; 5.
    """

    def __init__(
        self,
        *,
        highlight_query: list[dict[str, str]] | None = None,
        highlight_search_text: bool | None = None,
        pre_tags: list[str] | None = None,
        post_tags: list[str] | None = None,
        fragment_offset: int | None = None,
        fragment_size: int | None = None,
        num_of_fragments: int | None = None,
    ) -> None:
        self.highlight_query = highlight_query
        self.highlight_search_text = highlight_search_text
        self.pre_tag = pre_tags
        self.post_tag = post_tags
        self.fragment_offset = fragment_offset
        self.fragment_size = fragment_size
        self.num_of_fragments = num_of_fragments

    def with_query(self, field: str, text: str, query_type: str) -> None:
        """Mark the words of ``text`` in ``field``, too; ``query_type`` is "TextMatch"."""
        self.highlight_query = [
            *(self.highlight_query or ()),
            {"type": query_type, "field": field, "text": text},
        ]

    @property
    def params(self) -> dict[str, Any]:
        """What was given, by its names."""
        given = {
            "pre_tags": self.pre_tag,
            "post_tags": self.post_tag,
            "fragment_offset": self.fragment_offset,
            "fragment_size": self.fragment_size,
            "num_of_fragments": self.num_of_fragments,
            "highlight_query": self.highlight_query,
            "highlight_search_text": self.highlight_search_text,
        }
        return {name: value for name, value in given.items() if value is not None}


def highlighter_of(params: Mapping[str, Any]) -> LexicalHighlighter:
    """The highlighter with ``params``; what is wrong with their values is found when it is used.

    Raises:
        ParamError: there is no parameter of a name.
    """
    judge_options("LexicalHighlighter", params, _PARAMS)
    return LexicalHighlighter(**{name: value for name, value in params.items() if name in _PARAMS})


def as_highlight(given: Any) -> Highlight | None:
    """What a highlighter, this package's or pymilvus's, asks for; None for no highlighter.

    Raises:
        ParamError: it is none, or one that asks a model, or a parameter is out of its range.
    """
    if given is None:
        return None
    params = getattr(given, "params", None)
    if "Semantic" in type(given).__name__ or not isinstance(params, dict):
        raise ParamError(
            message="highlighter must be a LexicalHighlighter: others ask a model that a file does not have, got "
            f"{type(given).__name__}"
        )
    searched = params.get("highlight_search_text", False)
    if not isinstance(searched, bool):
        raise ParamError(message=f"highlight_search_text must be a bool, got {searched!r:.80}")
    queries = params.get("highlight_query", [])
    if not isinstance(queries, list):
        raise ParamError(message=f"highlight_query must be a list of dicts, got {queries!r:.80}")
    shape: dict[str, Any] = {name: params[name] for name in _NUMBERS if name in params}
    shape |= {name: _tags(name, params[name]) for name in _TAGS if name in params}
    return Highlight(tuple(map(_words, queries)), searched, **shape)


def _tags(name: str, given: Any) -> tuple[Any, ...]:
    if not isinstance(given, list | tuple):
        raise ParamError(message=f"{name} of a highlighter must be a list of str, got {given!r:.80}")
    return tuple(given)


def _words(given: Any) -> WordsInField:
    parts: list[Any] = []
    if isinstance(given, dict):
        parts = [given.get(name) for name in ("type", "field", "text")]
    if not parts or not all(isinstance(part, str) for part in parts):
        raise ParamError(
            message='an element of highlight_query must be a dict such as {"type": "TextMatch", "field": "text", '
            f'"text": "words"}}, got {given!r:.80}'
        )
    kind, field, text = parts
    if kind != _WORDS:
        raise ParamError(message=f"the type of a highlight_query must be {_WORDS!r}, got {kind!r:.80}")
    return WordsInField(field, text)
