"""``LexicalHighlighter``: words marked in the texts of the hits of a search."""

from __future__ import annotations

from typing import Any

import pymilvus
import pytest

from milvus_store import DataType, Function, FunctionType, LexicalHighlighter, MilvusClient
from milvus_store.errors import ParamError

TEXTS = ["the quick brown fox runs", "a lazy dog", "foxes and dogs run, and the fox runs", None]


@pytest.fixture
def texts(client: MilvusClient) -> MilvusClient:
    schema = client.create_schema()
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field(
        "text",
        DataType.VARCHAR,
        max_length=100,
        enable_analyzer=True,
        analyzer_params={"type": "english"},
        nullable=True,
    )
    schema.add_field("title", DataType.VARCHAR, max_length=100, enable_analyzer=True)
    schema.add_field("plain", DataType.VARCHAR, max_length=100)
    schema.add_field("sparse", DataType.SPARSE_FLOAT_VECTOR)
    schema.add_field("dense", DataType.FLOAT_VECTOR, dim=2)
    schema.add_function(Function("bm25", FunctionType.BM25, "text", "sparse"))
    index = client.prepare_index_params("sparse", metric_type="BM25")
    index.add_index("dense", index_type="FLAT", metric_type="L2")
    client.create_collection("docs", schema=schema, index_params=index)
    rows = [
        {"id": n, "text": text, "title": f"title {n} of many", "plain": "fox", "dense": [n, 0]}
        for n, text in enumerate(TEXTS)
    ]
    client.insert("docs", rows)
    return client


def found(client: MilvusClient, queries: list[str], highlighter: Any, **more: Any) -> list[dict[int, Any]]:
    """For each query the highlights of each hit."""
    result = client.search("docs", queries, anns_field="sparse", highlighter=highlighter, **more)
    return [{hit["id"]: hit["highlight"] for hit in hits} for hits in result]


def test_the_words_that_were_searched_for_are_marked_as_the_analyzer_cuts_them(texts: MilvusClient) -> None:
    first, second = found(texts, ["fox running", "dogs"], LexicalHighlighter(highlight_search_text=True))
    assert {key: value["text"]["fragments"] for key, value in first.items()} == {
        0: ["<em>fox</em> <em>runs</em>"],
        2: ["<em>foxes</em> and dogs <em>run</em>, and the <em>fox</em> <em>runs</em>"],
    }
    assert {key: value["text"]["fragments"] for key, value in second.items()} == {
        1: ["<em>dog</em>"],
        2: ["<em>dogs</em> run, and the fox runs"],
    }
    assert first[0]["text"]["scores"] == []


def test_other_words_are_marked_in_any_field_with_an_analyzer(texts: MilvusClient) -> None:
    highlighter = LexicalHighlighter(
        highlight_query=[{"type": "TextMatch", "field": "title", "text": "MANY of"}],
        pre_tags=["[", "("],
        post_tags=["]", ")"],
        fragment_offset=2,
        fragment_size=8,
        num_of_fragments=1,
    )
    highlighter.with_query("text", "dog", "TextMatch")
    hits = texts.search("docs", [[0, 0]], anns_field="dense", highlighter=highlighter, limit=4)[0]
    assert [hit.highlight["title"]["fragments"] for hit in hits] == [[f"{n} [of] (many)"] for n in range(4)]
    assert [hit.highlight["text"]["fragments"] for hit in hits] == [
        [],
        ["y [dog]"],
        ["d [dogs] r"],
        [],
    ]
    assert hits[0]["entity"] == {}


def test_both_kinds_are_marked_together_and_a_highlighter_of_pymilvus_says_the_same(
    texts: MilvusClient,
) -> None:
    for package in (pymilvus.LexicalHighlighter, LexicalHighlighter):
        highlighter = package(
            highlight_search_text=True,
            highlight_query=[{"type": "TextMatch", "field": "text", "text": "quick"}],
        )
        assert found(texts, ["fox"], highlighter)[0][0] == {
            "text": {"fragments": ["<em>quick</em> brown <em>fox</em> runs"], "scores": []}
        }


def test_a_highlighter_that_changes_is_asked_anew(texts: MilvusClient) -> None:
    highlighter = LexicalHighlighter(highlight_search_text=True)
    assert "<em>" in found(texts, ["fox"], highlighter)[0][0]["text"]["fragments"][0]
    highlighter.pre_tag = ["<b>"]
    assert "<b>" in found(texts, ["fox"], highlighter)[0][0]["text"]["fragments"][0]


def test_without_a_highlighter_nothing_is_marked(texts: MilvusClient) -> None:
    hit = texts.search("docs", ["fox"], anns_field="sparse")[0][0]
    assert hit.highlight is None
    assert "highlight" not in hit


def test_each_row_is_cut_by_its_own_analyzer(client: MilvusClient) -> None:
    schema = client.create_schema()
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("language", DataType.VARCHAR, max_length=10)
    schema.add_field(
        "text",
        DataType.VARCHAR,
        max_length=100,
        enable_analyzer=True,
        multi_analyzer_params={
            "by_field": "language",
            "analyzers": {"en": {"type": "english"}, "default": {"type": "standard"}},
        },
    )
    schema.add_field("sparse", DataType.SPARSE_FLOAT_VECTOR)
    schema.add_function(Function("bm25", FunctionType.BM25, "text", "sparse"))
    index = client.prepare_index_params("sparse", metric_type="BM25")
    client.create_collection("docs", schema=schema, index_params=index)
    client.insert(
        "docs",
        [
            {"id": 1, "language": "en", "text": "he runs run"},
            {"id": 2, "language": "x", "text": "he runs run"},
        ],
    )
    (hits,) = found(
        client,
        ["running"],
        LexicalHighlighter(highlight_search_text=True),
        search_params={"analyzer_name": "en"},
    )
    assert hits == {
        1: {"text": {"fragments": ["<em>runs</em> <em>run</em>"], "scores": []}},
        2: {"text": {"fragments": ["<em>run</em>"], "scores": []}},
    }


TEXT_MATCH = {"type": "TextMatch", "field": "text", "text": "a"}


@pytest.mark.parametrize(
    ("highlighter", "message"),
    [
        (LexicalHighlighter(), "marks nothing"),
        (LexicalHighlighter(highlight_search_text=True, pre_tags=[]), "pre_tags of a highlighter"),
        (LexicalHighlighter(highlight_search_text=True, post_tags="x"), "post_tags of a highlighter"),  # type: ignore[arg-type]
        (
            LexicalHighlighter(highlight_search_text=True, fragment_size=0),
            "fragment_size .* at least 1, got 0",
        ),
        (LexicalHighlighter(highlight_search_text=True, fragment_offset=-1), "fragment_offset"),
        (LexicalHighlighter(highlight_search_text=True, num_of_fragments=True), "num_of_fragments"),
        (LexicalHighlighter(highlight_search_text="yes"), "must be a bool"),  # type: ignore[arg-type]
        (LexicalHighlighter(highlight_query=TEXT_MATCH), "must be a list of dicts"),  # type: ignore[arg-type]
        (LexicalHighlighter(highlight_query=[{"text": "a"}]), "an element of highlight_query must be a dict"),
        (LexicalHighlighter(highlight_query=[TEXT_MATCH | {"type": "Phrase"}]), "must be 'TextMatch'"),
        (LexicalHighlighter(highlight_query=[TEXT_MATCH | {"field": "txet"}]), "did you mean 'text'"),
        (LexicalHighlighter(highlight_query=[TEXT_MATCH | {"field": "plain"}]), "has no analyzer"),
        (object(), "must be a LexicalHighlighter"),
    ],
)
def test_a_highlighter_that_cannot_be_is_an_error(
    texts: MilvusClient, highlighter: Any, message: str
) -> None:
    with pytest.raises(ParamError, match=message):
        texts.search("docs", ["fox"], anns_field="sparse", highlighter=highlighter)


def test_words_of_a_search_are_marked_where_there_are_any(texts: MilvusClient) -> None:
    highlighter = LexicalHighlighter(highlight_search_text=True)
    with pytest.raises(ParamError, match="needs a full text search: field 'dense'"):
        texts.search("docs", [[0, 0]], anns_field="dense", highlighter=highlighter)
    with pytest.raises(ParamError, match="needs texts to search for, got ids"):
        texts.search("docs", ids=[1], anns_field="sparse", highlighter=highlighter)


def test_a_search_marks_words_or_is_reranked(texts: MilvusClient) -> None:
    params = {"reranker": "decay", "function": "gauss", "origin": 0, "scale": 1}
    ranker = Function("near", FunctionType.RERANK, ["id"], [], params=params)
    with pytest.raises(ParamError, match="a highlighter or a ranker, got both"):
        texts.search(
            "docs",
            ["fox"],
            anns_field="sparse",
            ranker=ranker,
            highlighter=LexicalHighlighter(highlight_search_text=True),
        )


def test_what_is_no_highlighter_is_refused(texts: MilvusClient) -> None:
    with pytest.raises(ParamError, match="must be a LexicalHighlighter or a SemanticHighlighter, got dict"):
        texts.search("docs", ["fox"], anns_field="sparse", highlighter={"queries": ["fox"]})
