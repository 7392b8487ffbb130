"""Analyzers: text to tokens, by tantivy's tokenizers and filters, which Milvus itself is built on.

tantivy runs its own filters over whole texts. The filters that it lacks run afterwards on each distinct token.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain, groupby
from types import ModuleType
from typing import Any, Final, NamedTuple

from ..errors import ParamError, shown
from ..extras import import_extra
from .icu import Icu
from .jieba import Jieba
from .lindera import Lindera
from .parameters import Chain, Step, parse
from .predicates import predicate

_CACHED_TOKENS: Final = 65_536
"""Tokens for which the result of the later filters is cached."""

_OF_TANTIVY: Final = ("standard", "whitespace")
"""Its tokenizers; it cannot run its filters inside another."""

Finish = Callable[[str], tuple[str, ...]]


class Token(NamedTuple):
    """A token, and its offsets in the text in characters.

    ``position`` counts the tokens before it, dropped ones as well. Words of ``jieba`` overlap: there, and with
    ``icu``, it counts characters, and ``length`` is the number of characters of the token.
    """

    text: str
    start: int
    end: int
    position: int
    length: int = 1


class Analyzer:
    """A compiled chain of a tokenizer and filters."""

    def __init__(self, described: Chain) -> None:
        inside, after = _split(described)
        self._tokenizer = _tokenizer(described.tokenizer, inside)
        self._finish = _finish(after)
        self._bare = _tokenizer(described.tokenizer, []) if inside else self._tokenizer
        self._filter = _finish(described.filters) if inside else self._finish

    def tokens(self, texts: Iterable[str]) -> list[list[str]]:
        """The tokens of each text, in order.

        Raises:
            UnicodeEncodeError: a text has a lone surrogate, which UTF-8 cannot hold.
        """
        found: list[list[str]] = list(map(self._tokenizer.analyze, texts))
        finish = self._finish
        if finish is None:
            return found
        return [list(chain.from_iterable(map(finish, tokens))) for tokens in found]

    def positioned(self, text: str) -> list[Token]:
        """The same tokens of one text, with their offsets. Dropped tokens leave a gap in the positions."""
        cut = self._cut(text)
        if self._filter is None:
            return [Token(*parts) for parts in cut]
        filtered = self._filter
        return [Token(token, *span) for word, *span in cut for token in filtered(word)]

    def _cut(self, text: str) -> Iterator[tuple[str, int, int, int, int]]:
        """The tokens before any filter, each with the values of a ``Token``."""
        if hasattr(self._bare, "placed"):
            yield from self._bare.placed(text)
            return
        end = 0
        for position, word in enumerate(self._bare.analyze(text)):
            # Between two words there are only characters that belong to no word.
            start = text.index(word, end)
            end = start + len(word)
            yield word, start, end, position, 1


def analyzer(params: Mapping[str, Any] | str | None = None) -> Analyzer:
    """The analyzer that ``analyzer_params`` describe; None is the standard one.

    >>> analyzer({"type": "english"}).tokens(["The runners were running", "Hello"])
    [['runner', 'were', 'run'], ['hello']]

    Raises:
        ParamError: Milvus does not take the parameters.
        MilvusException: a package that the analyzer needs is not installed.
    """
    if params is None or isinstance(params, str):
        return _compiled(params or "{}")
    try:
        return _compiled(json.dumps(params))
    except (TypeError, ValueError, RecursionError) as error:
        raise ParamError(message=f"analyzer_params must be JSON ({error}), got {shown(params)}") from None


@lru_cache(maxsize=64)
def _compiled(params: str) -> Analyzer:
    return Analyzer(parse(params))


def _split(described: Chain) -> tuple[list[Step], list[Step]]:
    """The filters that tantivy applies while it tokenizes, and those that follow."""
    filters = list(described.filters)
    if described.tokenizer.kind not in _OF_TANTIVY:
        return [], filters
    inside = next((n for n, step in enumerate(filters) if predicate(step) is not None), len(filters))
    return filters[:inside], filters[inside:]


def _tokenizer(step: Step, filters: list[Step]) -> Any:
    options = step.options
    if step.kind == "jieba":
        return Jieba(options["dict"], options["mode"], options["hmm"])
    if step.kind == "lindera":
        return Lindera(options["dict_kind"], options["filters"])
    if step.kind == "icu":
        return Icu()
    tantivy = _tantivy()
    # Milvus's standard tokenizer splits at characters that are not alphanumeric: tantivy calls it simple.
    kind = tantivy.Tokenizer.whitespace if step.kind == "whitespace" else tantivy.Tokenizer.simple
    return _built(tantivy, kind(), filters)


def _finish(steps: Sequence[Step]) -> Finish | None:
    """The tokens that ``steps`` make of one token: itself, none, another one or several."""
    if not steps:
        return None
    stages: list[Finish] = []
    for is_ours, group in groupby(steps, lambda step: predicate(step) is not None):
        some = list(group)
        stages += map(_keeping, some) if is_ours else [_by_tantivy(some)]

    @lru_cache(maxsize=_CACHED_TOKENS)
    def finish(token: str) -> tuple[str, ...]:
        tokens: tuple[str, ...] = (token,)
        for stage in stages:
            tokens = tuple(chain.from_iterable(map(stage, tokens)))
        return tokens

    return finish


def _keeping(step: Step) -> Finish:
    keeps = predicate(step)
    assert keeps is not None
    return lambda token: (token,) if keeps(token) else ()


def _by_tantivy(steps: list[Step]) -> Finish:
    tantivy = _tantivy()
    analyze = _built(tantivy, tantivy.Tokenizer.raw(), steps).analyze
    return lambda token: tuple(analyze(token))


def _built(tantivy: ModuleType, tokenizer: Any, steps: list[Step]) -> Any:
    builder = tantivy.TextAnalyzerBuilder(tokenizer)
    for step in steps:
        for built in _filters(tantivy.Filter, step):
            builder = builder.filter(built)
    return builder.build()


def _filters(known: Any, step: Step) -> list[Any]:
    """tantivy's filters for one of Milvus's."""
    options = step.options
    if step.kind == "stop":
        listed = [known.custom_stopword(list(options["words"]))] if options["words"] else []
        return [*map(known.stopword, options["languages"]), *listed]
    if step.kind == "length":
        # tantivy's bound is the first length that is too long.
        return [known.remove_long(options["max"] + 1)]
    if step.kind == "stemmer":
        return [known.stemmer(options["language"])]
    if step.kind == "decompounder":
        return [known.split_compound(list(options["word_list"]))]
    plain = {"lowercase": "lowercase", "asciifolding": "ascii_fold", "alphanumonly": "alphanum_only"}
    return [getattr(known, plain[step.kind])()]


def _tantivy() -> ModuleType:
    return import_extra("tantivy", "analyzers")
