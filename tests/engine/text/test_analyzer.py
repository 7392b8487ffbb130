"""What analyzers make of text. Expected tokens are those that Milvus's documentation and sources give."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milvus_store_lite.errors import MilvusException, ParamError
from milvus_store_lite.text.analyzer import analyzer

TEXT = "The Runners' naïve bankhaus_2 is RUNNING, 32.3 times"


def tokens(params: Any, text: str = TEXT) -> list[str]:
    return analyzer(params).tokens([text])[0]


def chain(*filters: Any) -> dict[str, Any]:
    return {"tokenizer": "standard", "filter": list(filters)}


def lindera(dictionary: str, *filters: Any) -> dict[str, Any]:
    return {"tokenizer": {"type": "lindera", "dict_kind": dictionary, "filter": list(filters)}}


def test_the_standard_analyzer_cuts_at_what_is_not_alphanumeric_and_lowers() -> None:
    expected = ["the", "runners", "naïve", "bankhaus", "2", "is", "running", "32", "3", "times"]
    assert tokens(None) == tokens({}) == tokens("") == tokens({"type": "standard"}) == expected
    assert tokens(chain("lowercase")) == tokens(
        '{"tokenizer": {"type": "standard"}, "filter": ["lowercase"]}'
    )
    assert tokens({"type": "standard", "stop_words": ["the", "_english_"]}) == [
        one for one in expected if one not in ("the", "is")
    ]


def test_the_english_analyzer_stems_and_then_drops_stop_words() -> None:
    assert tokens({"type": "english"}) == ["runner", "naïv", "bankhaus", "2", "run", "32", "3", "time"]
    spelled_out = chain(
        "lowercase", {"type": "stemmer", "language": "english"}, {"type": "stop", "stop_words": "_english_"}
    )
    assert tokens(spelled_out) == tokens({"type": "english"})
    assert "time" not in tokens({"type": "english", "stop_words": ["time"]})


def test_the_chinese_analyzer_finds_words_inside_long_words_and_drops_punctuation() -> None:
    text = "我来到北京清华大学。Milvus 3.0"
    assert tokens({"type": "chinese"}, text) == [
        *("我", "来到", "北京", "清华", "华大", "大学", "清华大学"),
        *("Milvus", "3.0"),
    ]
    exact = {"tokenizer": {"type": "jieba", "mode": "exact"}, "filter": ["cncharonly"]}
    assert tokens(exact, text) == ["我", "来到", "北京", "清华大学"]
    own = {"tokenizer": {"type": "jieba", "dict": ["京清"], "hmm": False}, "filter": ["removepunct"]}
    assert "京清" in tokens(own, text)
    assert "清华大学" not in tokens(own, text)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (["asciifolding"], "The Runners naive bankhaus 2 is RUNNING 32 3 times"),
        (["alphanumonly"], "The Runners bankhaus 2 is RUNNING 32 3 times"),
        ([{"type": "length", "max": 3}], "The 2 is 32 3"),
        ([{"type": "regex", "expr": "^[^0-9]*$"}, "lowercase"], "the runners naïve bankhaus is running times"),
        (
            ["removepunct", {"type": "stop", "stop_words": ["The", "is"]}],
            "Runners naïve bankhaus 2 RUNNING 32 3 times"),
        (
            [{"type": "decompounder", "word_list": ["bank", "haus"]}],
            "The Runners naïve bank haus 2 is RUNNING 32 3 times"),
        (["lowercase", {"type": "stemmer", "language": "German"}], "the runn naïv bankhaus 2 is running 32 3 tim"),
        (["cncharonly"], ""),
    ],
)  # fmt: skip
def test_filters_do_what_their_names_say_in_their_order(filters: list[Any], expected: str) -> None:
    assert tokens(chain(*filters)) == expected.split()


def test_the_whitespace_tokenizer_leaves_punctuation() -> None:
    assert tokens({"tokenizer": "whitespace"}, "a-b, c's\td") == ["a-b,", "c's", "d"]
    assert tokens({"tokenizer": "whitespace", "filter": ["removepunct"]}, "a-b, c's\td") == ["d"]


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"type": "klingon"}, "'type' of analyzer_params must be one of standard, english, chinese"),
        ({"tokenizer": "nori"}, "must be one of standard, whitespace, jieba, lindera, icu, got 'nori'"),
        ({"tokenizer": "lindera"}, "'dict_kind' of tokenizer 'lindera' must be one of ipadic, ko-dic"),
        (lindera("unidic"), "must be one of ipadic, ko-dic, cc-cedict, got 'unidic'"),
        (lindera("ipadic", "lowercase"), "must be a dict with 'kind' and 'tags'"),
        (lindera("ipadic", {"kind": "japanese_stop_tags"}), "'tags' of filter 'japanese_stop_tags'"),
        (lindera("ipadic", {"kind": "stop", "tags": []}), "must be one of japanese_stop_tags"),
        (lindera("ipadic", {"type": "japanese_stop_tags"}), "takes kind, tags, got 'type'"),
        ({"tokenizer": {"type": "language_identifier"}}, "by_field of multi_analyzer_params"),
        ({"tokenizer": {"type": "icu", "locale": "ja"}}, "tokenizer 'icu' takes type, got 'locale'"),
        ({"filter": []}, "must name a 'tokenizer'"),
        ({"tokenizer": "standard", "filters": []}, "got 'filters'; did you mean 'filter'"),
        ({"tokenizer": "standard", "filter": "lowercase"}, "'filter' of analyzer_params must be a list"),
        ({"tokenizer": {"type": "standard", "uax29": True}}, "tokenizer 'standard' takes type, got 'uax29'"),
        ({"tokenizer": {"type": "jieba", "mode": "fast"}}, "must be one of search, exact, got 'fast'"),
        ({"tokenizer": {"type": "jieba", "hmm": 1}}, "must be a bool"),
        (chain("lowcase"), "a filter must be one of lowercase"),
        (chain("stop"), "filter 'stop' needs options"),
        (chain({"type": "stop"}), "must have 'stop_words'"),
        (chain({"type": "stop", "stop_words": ["_klingon_"]}), "must be one of _danish_"),
        (chain({"type": "stop", "stop_words": [1]}), "must be a list of str"),
        (chain({"type": "length", "max": -1}), "must be an int of at least 0, got -1"),
        (chain({"type": "length", "min": 1}), "filter 'length' takes type, max, got 'min'"),
        (chain({"type": "stemmer", "language": "klingon"}), "must be one of arabic"),
        (chain({"type": "regex", "expr": "("}), "RE2 does not take"),
        (chain({"type": "decompounder", "word_list": [""]}), "must be words"),
        ("{", "are not JSON"),
        ({"stop": {1}}, "must be JSON"),
        ([1], "must be a dict"),
        (7, "must be a dict"),
    ],
)
def test_unknown_parameters_are_refused_with_what_is_known(params: Any, message: str) -> None:
    with pytest.raises(ParamError, match=message):
        analyzer(params)


@pytest.mark.parametrize(
    "params",
    [
        None,
        {"type": "english"},
        {"type": "chinese"},
        {"tokenizer": {"type": "jieba", "dict": ["_default_", "清华大"], "mode": "search"}},
        chain("removepunct", {"type": "regex", "expr": "."}, "lowercase"),
    ],
)
@given(text=st.text(st.sampled_from("aB 9,é'ß清华大学北京我ि👩"), max_size=30))
def test_positions_are_those_of_the_same_tokens(params: Any, text: str) -> None:
    found = analyzer(params).positioned(text)
    assert [token.text for token in found] == tokens(params, text)
    for token in found:
        if params != {"type": "english"}:
            assert text[token.start : token.end].lower() == token.text.lower()
    assert all(0 <= token.start < token.end <= len(text) for token in found)


def test_dropped_words_leave_gaps_in_the_positions() -> None:
    found = analyzer({"type": "english"}).positioned("The quick and the dead")
    assert [(token.text, token.position) for token in found] == [("quick", 1), ("dead", 4)]


@pytest.mark.parametrize(
    ("package", "params"), [("tantivy", {"tokenizer": "whitespace"}), ("rjieba", "jieba")]
)
def test_a_missing_package_is_named_with_the_extra_that_brings_it(
    package: str, params: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    given = params if isinstance(params, dict) else {"tokenizer": {"type": params, "dict": ["x"]}}
    with pytest.raises(MilvusException, match=rf"{package}: pip install 'milvus-store\[text\]'"):
        analyzer({**given, "filter": ["lowercase", {"type": "length", "max": 77}]})


@pytest.mark.parametrize(
    ("one_filter", "bound"),
    [
        ({"type": "decompounder", "word_list": [f"w{n}" for n in range(200_000)]}, "10000 words"),
        ({"type": "decompounder", "word_list": ["a" * 20_000]}, "200 characters"),
        ({"type": "regex", "expr": "a" * 100_000}, "65536"),
        ({"type": "regex", "expr": "(abcdefghij){900}(klmnopqrst){900}"}, "at most 10000"),
    ],
)
def test_an_analyzer_that_would_take_forever_is_refused(one_filter: dict[str, Any], bound: str) -> None:
    with pytest.raises(ParamError, match=bound):
        analyzer({"tokenizer": "standard", "filter": [one_filter]})


def test_no_regular_expression_takes_forever() -> None:
    # Python's own expressions would take years for the first one.
    for expr in ("(a+)+$", "(" * 5_000 + "a" + ")" * 5_000, "(a|aa)+$"):
        made = analyzer({"tokenizer": "whitespace", "filter": [{"type": "regex", "expr": expr}]})
        made.tokens(["a" * 40 + "b", "a" * 40_000 + "b"])


def test_parameters_that_nest_without_end_are_refused() -> None:
    nested: Any = []
    for _ in range(5_000):
        nested = [nested]
    for params in (
        {"tokenizer": nested},
        '{"tokenizer":' + "[" * 100_000,
        {"tokenizer": "standard", "filter": ["lowercase"] * 101},
    ):
        with pytest.raises(ParamError):
            analyzer(params)
