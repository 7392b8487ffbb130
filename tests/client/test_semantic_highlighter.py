"""``SemanticHighlighter``: what a registered callable finds is marked in the texts of the hits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from milvus_store import DataType, MilvusClient, SemanticHighlighter, highlighters
from milvus_store.errors import ParamError


def _marked(client: MilvusClient, spans: Any, **options: Any) -> Any:
    """What a callable that returns ``spans`` for every text makes of two rows."""
    highlighters.register("given", lambda query, texts: [spans for _ in texts])
    try:
        given = {"queries": ["q"], "input_fields": ["text"], "model_deployment_id": "GIVEN", **options}
        (hits,) = client.search("docs", [[1.0, 1.0]], limit=1, highlighter=SemanticHighlighter(**given))
        return hits[0]["highlight"]["text"]
    finally:
        highlighters.unregister("given")


@pytest.fixture
def texts(client: MilvusClient) -> MilvusClient:
    schema = client.create_schema().add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2).add_field("text", DataType.TEXT)
    index = client.prepare_index_params("vector", index_type="FLAT", metric_type="L2")
    client.create_collection("docs", schema=schema, index_params=index)
    client.insert("docs", [{"id": 1, "vector": [1, 1], "text": "abcdef"}])
    return client


def test_places_are_marked_from_the_front_with_tags_in_turn(texts: MilvusClient) -> None:
    spans = [(4, 6, np.float32(0.5)), (np.int64(0), 1, 1), (2, 3, 0.25)]
    tags = {"pre_tags": ["<", "["], "post_tags": [">", "]"]}
    assert _marked(texts, spans, **tags) == {"fragments": ["<a>", "[c]", "<ef>"], "scores": [1.0, 0.25, 0.5]}
    assert _marked(texts, spans, **tags, threshold=0.5) == {
        "fragments": ["<a>", "[ef]"],
        "scores": [1.0, 0.5],
    }
    whole = _marked(texts, spans, **tags, highlight_only=False)
    assert whole == {"fragments": ["<a>b[c]d<ef>"], "scores": [1.0]}
    nothing = _marked(texts, spans, threshold=1, highlight_only=False)
    assert nothing == {"fragments": ["<em>a</em>bcdef"], "scores": [1.0]}
    assert _marked(texts, [], highlight_only=False) == {"fragments": [], "scores": []}


@pytest.mark.parametrize(
    "spans", [[(0, 7, 1.0)], [(-1, 2, 1.0)], [(3, 2, 1.0)], [(0, 3, 1.0), (2, 4, 1.0)], 5, [1]]
)
def test_a_place_that_is_no_part_of_the_text_is_refused(texts: MilvusClient, spans: Any) -> None:
    with pytest.raises(ParamError, match="for each of the 1 texts a list of .start, end, score."):
        _marked(texts, spans)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"model_deployment_id": "give"},
            "model_deployment_id='give' .*; there are given; did you mean 'given'",
        ),
        ({"model_deployment_id": None}, "nothing is registered as model_deployment_id=None"),
        ({"queries": []}, "queries of a highlighter must be a list of at least one str"),
        ({"queries": ["a", "b"]}, "one text in queries for each of the 1 query vectors, got 2"),
        ({"input_fields": ["id"]}, "must be VARCHAR or TEXT, got field 'id'"),
        ({"input_fields": ["tex"]}, "names 'tex', the collection has id, vector, text; did you mean 'text'"),
        ({"input_fields": "text"}, "must be a list of str, got 'text'"),
        ({"threshold": 2}, "threshold of a highlighter must be a number from 0 to 1, got 2"),
        ({"highlight_only": 1}, "highlight_only must be a bool, got 1"),
        ({"max_client_batch_size": 0}, "max_client_batch_size of a highlighter must be an int of at least 1"),
        ({"pre_tags": []}, "pre_tags of a highlighter must be a list of at least one str"),
    ],
)
def test_what_is_wrong_with_a_semantic_highlighter_is_named(
    texts: MilvusClient, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ParamError, match=message):
        _marked(texts, [], **options)


def test_what_marks_must_be_callable() -> None:
    with pytest.raises(ParamError, match="highlighter 'x' must be callable, got int"):
        highlighters.register("x", 5)  # type: ignore[arg-type]
    assert highlighters.registered() == []
