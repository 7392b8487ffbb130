"""Parses and checks ``analyzer_params``: one tokenizer and a chain of filters.

Names and meanings are Milvus's (https://milvus.io/docs/analyzer-overview.md). This module knows what is allowed,
not how to do it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

from ..errors import ParamError
from ..suggestions import did_you_mean

STEMMER_LANGUAGES: Final = (
    "arabic", "danish", "dutch", "english", "finnish", "french", "german", "greek", "hungarian", "italian",
    "norwegian", "portuguese", "romanian", "russian", "spanish", "swedish", "tamil", "turkish",
)  # fmt: skip
STOP_WORD_LANGUAGES: Final = (
    "danish", "dutch", "english", "finnish", "french", "german", "hungarian", "italian", "norwegian",
    "portuguese", "russian", "spanish", "swedish",
)  # fmt: skip
DEFAULT_DICTIONARY: Final = "_default_"

MAX_FILTERS: Final = 100
MAX_COMPOUND_WORDS: Final = 10_000
MAX_COMPOUND_LENGTH: Final = 200
"""The most words of a decompounder, and characters of a word: the time that tantivy takes to prepare them grows
with the square of both."""

_TOKENIZERS: Final = ("standard", "whitespace", "jieba", "lindera", "icu")
_OPTIONS: Final[Mapping[str, Sequence[str]]] = {
    "jieba": ("type", "dict", "mode", "hmm"),
    "lindera": ("type", "dict_kind", "filter"),
}
_DICTIONARIES: Final = ("ipadic", "ko-dic", "cc-cedict")
_BY_TAGS: Final = ("japanese_stop_tags", "japanese_keep_tags", "korean_stop_tags", "korean_keep_tags")
"""Filters of lindera, which look at parts of speech."""
_INSTEAD: Final = {
    "language_identifier": "name the language of each row in a field, as by_field of multi_analyzer_params",
    "grpc": "cut the texts before you insert them, and use the tokenizer 'whitespace'",
}
"""Tokenizers of Milvus that are not here → what to do."""
_PLAIN_FILTERS: Final = (
    "lowercase", "asciifolding", "alphanumonly", "cnalphanumonly", "cncharonly", "removepunct",
)  # fmt: skip
_FILTERS_WITH_OPTIONS: Final = ("stop", "length", "stemmer", "regex", "decompounder")
_BUILT_IN: Final = ("standard", "english", "chinese")


@dataclass(frozen=True)
class Step:
    """A tokenizer or a filter by name, with all its options."""

    kind: str
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Chain:
    """An analyzer: a tokenizer, and the filters of each token, in order."""

    tokenizer: Step
    filters: tuple[Step, ...]


def parse(text: str) -> Chain:
    """The chain that ``analyzer_params`` describe; ``{}`` is the standard analyzer.

    Args:
        text: JSON: ``{"type": "english"}``, or ``{"tokenizer": ..., "filter": [...]}``.

    Raises:
        ParamError: names the unknown word and the known ones.
    """
    try:
        params = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ParamError(message=f"analyzer_params are not JSON: {error}: {text!r:.80}") from None
    if not isinstance(params, dict):
        _fail("analyzer_params must be a dict", params)
    if "type" in params or not params:
        return _built_in(params)
    _check_keys("analyzer_params", params, ("tokenizer", "filter"))
    if "tokenizer" not in params:
        _fail("analyzer_params must name a 'tokenizer', or a built-in analyzer as 'type'", dict(params))
    filters = params.get("filter") or []
    if not isinstance(filters, list):
        _fail("'filter' of analyzer_params must be a list", filters)
    if len(filters) > MAX_FILTERS:
        raise ParamError(message=f"an analyzer has at most {MAX_FILTERS} filters, got {len(filters)}")
    return Chain(_tokenizer(params["tokenizer"]), tuple(map(_filter, filters)))


def _built_in(params: Mapping[str, Any]) -> Chain:
    _check_keys("a built-in analyzer", params, ("type", "stop_words"))
    kind = _one_of("'type' of analyzer_params", params.get("type", "standard"), _BUILT_IN)
    stop = (Step("stop", _stop_words(params["stop_words"])),) if params.get("stop_words") else ()
    lowercase = Step("lowercase")
    if kind == "standard":
        return Chain(_tokenizer("standard"), (lowercase, *stop))
    if kind == "english":
        # Milvus stems before it drops stop words.
        english = (Step("stemmer", {"language": "english"}), Step("stop", _stop_words("_english_")))
        return Chain(_tokenizer("standard"), (lowercase, *english, *stop))
    return Chain(_tokenizer("jieba"), (Step("cnalphanumonly"), *stop))


def _tokenizer(given: object) -> Step:
    options = {"type": given} if isinstance(given, str) else given
    if not isinstance(options, Mapping):
        _fail("'tokenizer' of analyzer_params must be a name or a dict with a 'type'", given)
    if options.get("type") in _INSTEAD:
        raise ParamError(
            message=f"the tokenizer {options['type']!r} is not there: {_INSTEAD[options['type']]}"
        )
    kind = _one_of("the tokenizer", options.get("type"), _TOKENIZERS)
    _check_keys(f"tokenizer {kind!r}", options, _OPTIONS.get(kind, ("type",)))
    if kind == "jieba":
        return _jieba(options)
    return _lindera(options) if kind == "lindera" else Step(kind)


def _lindera(options: Mapping[str, Any]) -> Step:
    filters = options.get("filter") or []
    if not isinstance(filters, list):
        _fail("'filter' of tokenizer 'lindera' must be a list", filters)
    dictionary = _one_of("'dict_kind' of tokenizer 'lindera'", options.get("dict_kind"), _DICTIONARIES)
    return Step("lindera", {"dict_kind": dictionary, "filters": tuple(map(_by_tags, filters))})


def _by_tags(given: object) -> tuple[str, dict[str, Any]]:
    """One of lindera's filters: its name, and its arguments."""
    if not isinstance(given, Mapping):
        _fail("a filter of tokenizer 'lindera' must be a dict with 'kind' and 'tags'", given)
    _check_keys("a filter of tokenizer 'lindera'", given, ("kind", "tags"))
    kind = _one_of("'kind' of a filter of tokenizer 'lindera'", given.get("kind"), _BY_TAGS)
    return kind, {"tags": list(_strings(f"'tags' of filter {kind!r}", given.get("tags")))}


def _jieba(options: Mapping[str, Any]) -> Step:
    hmm = options.get("hmm", True)
    if not isinstance(hmm, bool):
        _fail("'hmm' of tokenizer 'jieba' must be a bool", hmm)
    return Step(
        "jieba",
        {
            "dict": _strings("'dict' of tokenizer 'jieba'", options.get("dict", [DEFAULT_DICTIONARY])),
            "mode": _one_of(
                "'mode' of tokenizer 'jieba'", options.get("mode", "search"), ("search", "exact")
            ),
            "hmm": hmm,
        },
    )


def _filter(given: object) -> Step:
    if isinstance(given, str):
        if given in _FILTERS_WITH_OPTIONS:
            _fail(f"filter {given!r} needs options: a dict with 'type': {given!r}", given)
        return Step(_one_of("a filter", given, (*_PLAIN_FILTERS, *_FILTERS_WITH_OPTIONS)))
    if not isinstance(given, Mapping):
        _fail("a filter must be a name or a dict with a 'type'", given)
    kind = _one_of("a filter's 'type'", given.get("type"), (*_PLAIN_FILTERS, *_FILTERS_WITH_OPTIONS))
    owner = f"filter {kind!r}"
    if kind in _PLAIN_FILTERS:
        _check_keys(owner, given, ("type",))
        return Step(kind)
    name = {"stop": "stop_words", "length": "max", "stemmer": "language", "regex": "expr"}.get(
        kind, "word_list"
    )
    _check_keys(owner, given, ("type", name))
    if name not in given:
        _fail(f"{owner} must have {name!r}", dict(given))
    value = given[name]
    what = f"{name!r} of {owner}"
    if kind == "stop":
        return Step(kind, _stop_words(value))
    if kind == "length":
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            _fail(f"{what} must be an int of at least 0", value)
        return Step(kind, {"max": value})
    if kind == "stemmer":
        language = value.lower() if isinstance(value, str) else value
        return Step(kind, {"language": _one_of(what, language, STEMMER_LANGUAGES)})
    if kind == "regex":
        if not isinstance(value, str):
            _fail(f"{what} must be a regular expression as a str", value)
        return Step(kind, {"expr": value})
    words = _strings(what, value)
    if not all(words):
        _fail(f"{what} must be words, not empty", value)
    if len(words) > MAX_COMPOUND_WORDS or max(map(len, words), default=0) > MAX_COMPOUND_LENGTH:
        raise ParamError(
            message=f"{what} has at most {MAX_COMPOUND_WORDS} words of at most {MAX_COMPOUND_LENGTH} characters, "
            f"got {len(words)} of at most {max(map(len, words))}"
        )
    return Step(kind, {"word_list": words})


def _stop_words(given: object) -> dict[str, Any]:
    """The languages whose stop words are named, and the words that are listed."""
    listed = _strings("'stop_words'", [given] if isinstance(given, str) else given)
    languages = tuple(word[1:-1] for word in listed if re.fullmatch(r"_\w+_", word))
    for language in languages:
        _one_of("a list of stop words", f"_{language}_", tuple(f"_{name}_" for name in STOP_WORD_LANGUAGES))
    return {
        "languages": languages,
        "words": tuple(word for word in listed if not re.fullmatch(r"_\w+_", word)),
    }


def _strings(what: str, given: object) -> tuple[str, ...]:
    if not isinstance(given, list) or not all(isinstance(item, str) for item in given):
        _fail(f"{what} must be a list of str", given)
    return tuple(given)


def _one_of(what: str, given: object, known: Sequence[str]) -> str:
    if not isinstance(given, str) or given not in known:
        _fail(f"{what} must be one of {', '.join(known)}", given)
    return given


def _check_keys(owner: str, given: Mapping[Any, Any], known: Sequence[str]) -> None:
    for key in given:
        if key not in known:
            raise ParamError(
                message=f"{owner} takes {', '.join(known)}, got {key!r}{did_you_mean(key, known)}"
            )


def _fail(expected: str, given: object) -> NoReturn:
    raise ParamError(message=f"{expected}, got {given!r:.80}")
