"""Highlighters, with pymilvus's names: they mark words in the texts that a search finds, or what answers a query.

What answers a query, a callable of the program finds, which is registered by a name as rerankers are::

    def sentences(query, texts):
        found = [[*re.finditer("[^.]+", text)] for text in texts]
        return [[(one.start(), one.end(), float(query in one[0])) for one in parts] for parts in found]

    highlighters.register("sentences", sentences)
    highlighter = SemanticHighlighter(["red apples"], ["text"], model_deployment_id="sentences")
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from milvus_store_lite import (
    Highlight,
    MarkTexts,
    ParamError,
    Registry,
    SemanticHighlight,
    WordsInField,
    check_callable,
    did_you_mean,
)

from .options import judge_options

__all__ = ["LexicalHighlighter", "SemanticHighlighter", "register", "registered", "unregister"]

_TAGS: Final = ("pre_tags", "post_tags")
_NUMBERS: Final = ("fragment_offset", "fragment_size", "num_of_fragments")
_PARAMS: Final = frozenset({*_TAGS, *_NUMBERS, "highlight_query", "highlight_search_text"})
_WORDS: Final = "TextMatch"
"""The only type of a query that Milvus has."""

_MODEL: Final = "model_deployment_id"
_SEMANTIC: Final[Mapping[str, str]] = {
    "threshold": "threshold",
    "highlight_only": "only",
    "max_client_batch_size": "batch_size",
}
"""Parameters of a SemanticHighlighter → what they are called in the engine."""

_SEMANTIC_PARAMS: Final = frozenset({*_TAGS, *_SEMANTIC, _MODEL, "queries", "input_fields"})

_registered: Final[Registry[MarkTexts]] = Registry("a highlighter")


def register(name: str, mark: MarkTexts) -> None:
    """Let ``SemanticHighlighter(..., model_deployment_id=name)`` mark what ``mark`` finds, in this process.

    Args:
        name: in lower case or not; a name that was registered before now means this.
        mark: called as ``mark(query, texts)``; returns for each text a list of ``(start, end, score)``: places in
            the text that do not overlap, and how well each answers, from 0 to 1. Several threads may call it at
            the same time.
    """
    check_callable(f"highlighter {name!r:.80}", mark)
    _registered.add(name, mark)


def unregister(name: str) -> None:
    """Forget the highlighter called ``name``; nothing happens if there is none."""
    _registered.remove(name)


def registered() -> list[str]:
    """The names that are registered."""
    return _registered.names()


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


class SemanticHighlighter:
    """Marks what answers a query in the texts of the hits of a search, as a registered callable finds it.

    Args:
        queries: a text for each query vector.
        input_fields: the VARCHAR and TEXT fields in which to mark.
        pre_tags, post_tags: what stands before and after marked places, taken in turn; ``<em>`` and ``</em>``.
        threshold: the least score of a marked place, from 0 to 1; 0.
        highlight_only: whether each marked place is a fragment, or the whole text with its marks is one; True.
        model_deployment_id: the name of the callable, see ``register``.
        max_client_batch_size: the most texts that it gets at once; all hits of a query.
    """

    def __init__(
        self,
        queries: list[str],
        input_fields: list[str],
        *,
        pre_tags: list[str] | None = None,
        post_tags: list[str] | None = None,
        threshold: float | None = None,
        highlight_only: bool | None = None,
        model_deployment_id: str | None = None,
        max_client_batch_size: int | None = None,
    ) -> None:
        self.queries = queries
        self.input_fields = input_fields
        self.pre_tags = pre_tags
        self.post_tags = post_tags
        self.threshold = threshold
        self.highlight_only = highlight_only
        self.model_deployment_id = model_deployment_id
        self.max_client_batch_size = max_client_batch_size

    @property
    def params(self) -> dict[str, Any]:
        """What was given, by its names."""
        return {name: value for name, value in vars(self).items() if value is not None}


def semantic_highlighter_of(params: Mapping[str, Any]) -> SemanticHighlighter:
    """The highlighter with ``params``; what is wrong with their values is found when it is used.

    Raises:
        ParamError: there is no parameter of a name.
    """
    judge_options("SemanticHighlighter", params, _SEMANTIC_PARAMS)
    known = {"queries": [], "input_fields": []} | {
        name: value for name, value in params.items() if name in _SEMANTIC_PARAMS
    }
    return SemanticHighlighter(**known)


def highlighter_of(params: Mapping[str, Any]) -> LexicalHighlighter:
    """The highlighter with ``params``; what is wrong with their values is found when it is used.

    Raises:
        ParamError: there is no parameter of a name.
    """
    judge_options("LexicalHighlighter", params, _PARAMS)
    return LexicalHighlighter(**{name: value for name, value in params.items() if name in _PARAMS})


def as_highlight(given: Any) -> Highlight | SemanticHighlight | None:
    """What a highlighter, this package's or pymilvus's, asks for; None for no highlighter.

    Raises:
        ParamError: it is none, names a callable that is not registered, or a parameter is out of its range.
    """
    if given is None:
        return None
    params = getattr(given, "params", None)
    if not isinstance(params, dict):
        raise ParamError(
            message="highlighter must be a LexicalHighlighter or a SemanticHighlighter, got "
            f"{type(given).__name__}"
        )
    if "Semantic" in type(given).__name__:
        return _semantic(params)
    searched = params.get("highlight_search_text", False)
    if not isinstance(searched, bool):
        raise ParamError(message=f"highlight_search_text must be a bool, got {searched!r:.80}")
    queries = params.get("highlight_query", [])
    if not isinstance(queries, list):
        raise ParamError(message=f"highlight_query must be a list of dicts, got {queries!r:.80}")
    shape: dict[str, Any] = {name: params[name] for name in _NUMBERS if name in params}
    shape |= {name: _tags(name, params[name]) for name in _TAGS if name in params}
    return Highlight(tuple(map(_words, queries)), searched, **shape)


def _semantic(params: Mapping[str, Any]) -> SemanticHighlight:
    name = params.get(_MODEL)
    mark = _registered.get(name)
    if mark is None:
        known = _registered.names()
        raise ParamError(
            message=f"nothing is registered as {_MODEL}={name!r:.80} in this process: call "
            "milvus_store.highlighters.register(name, mark) first, in a server by a module that is named as "
            f"functions; there are {', '.join(known) or 'none'}"
            f"{did_you_mean(name, known) if isinstance(name, str) else ''}"
        )
    shape: dict[str, Any] = {ours: params[theirs] for theirs, ours in _SEMANTIC.items() if theirs in params}
    shape |= {name: _tags(name, params[name]) for name in _TAGS if name in params}
    return SemanticHighlight(
        _tags("queries", params.get("queries", [])),
        _tags("input_fields", params.get("input_fields", [])),
        mark,
        **shape,
    )


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
