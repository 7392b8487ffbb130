"""Highlighters that pymilvus sends to a server, beside those of a client on a file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pymilvus
import pytest

import milvus_store
from milvus_store import highlighters
from milvus_store.server.endpoint import MilvusServer


def highlighted(client: Any, package: Any) -> list[Any]:
    schema = client.create_schema()
    schema.add_field("id", package.DataType.INT64, is_primary=True)
    schema.add_field("text", package.DataType.VARCHAR, max_length=100, enable_analyzer=True)
    schema.add_field("sparse", package.DataType.SPARSE_FLOAT_VECTOR)
    schema.add_function(package.Function("bm25", package.FunctionType.BM25, ["text"], ["sparse"]))
    index = client.prepare_index_params()
    index.add_index("sparse", index_type="SPARSE_INVERTED_INDEX", metric_type="BM25")
    client.create_collection("docs", schema=schema, index_params=index)
    client.insert("docs", [{"id": 1, "text": "a red fox and a blue bird"}, {"id": 2, "text": "red red wine"}])
    highlighters = [
        None,
        package.LexicalHighlighter(highlight_search_text=True),
        package.LexicalHighlighter(
            highlight_search_text=True,
            highlight_query=[{"type": "TextMatch", "field": "text", "text": "bird wine"}],
            pre_tags=["{", "["],
            post_tags=["}", "]"],
            fragment_offset=1,
            fragment_size=9,
            num_of_fragments=3,
        ),
    ]
    return [
        [[(hit["id"], hit.get("highlight")) for hit in hits] for hits in found]
        for highlighter in highlighters
        for found in [client.search("docs", ["red", "fox"], anns_field="sparse", highlighter=highlighter)]
    ]


def test_every_client_gets_the_same_from_a_server_as_from_a_file(server: MilvusServer, path: Path) -> None:
    with milvus_store.MilvusClient(path) as local:
        expected = highlighted(local, milvus_store)
    assert expected[1][1] == [(1, {"text": {"fragments": ["<em>fox</em> and a blue bird"], "scores": []}})]
    for package in (pymilvus, milvus_store):
        client = package.MilvusClient(server.uri)
        assert highlighted(client, package) == expected
        client.drop_collection("docs")
        client.close()


@pytest.fixture
def sentences() -> Iterator[None]:
    """Marks sentences with the query in them, and half as well those with a word of three letters."""

    def mark(query: str, texts: list[str]) -> list[list[tuple[int, int, float]]]:
        found = [[*re.finditer("[^. ][^.]*", text)] for text in texts]
        return [
            [(one.start(), one.end(), 1.0 if query in one[0] else 0.5 * (len(one[0]) == 3)) for one in parts]
            for parts in found
        ]

    highlighters.register("Sentences", mark)
    yield
    highlighters.unregister("sentences")


def test_every_client_marks_by_what_the_server_has_registered(
    server: MilvusServer, path: Path, sentences: None
) -> None:
    def marked(client: Any, package: Any) -> list[Any]:
        client.create_collection("docs", dimension=2)
        client.insert("docs", [{"id": 1, "vector": [1, 1], "note": "x"}])
        client.drop_collection("docs")
        schema = client.create_schema()
        schema.add_field("id", package.DataType.INT64, is_primary=True)
        schema.add_field("vector", package.DataType.FLOAT_VECTOR, dim=2)
        schema.add_field("text", package.DataType.VARCHAR, max_length=100, nullable=True)
        index = client.prepare_index_params()
        index.add_index("vector", index_type="FLAT", metric_type="L2")
        client.create_collection("docs", schema=schema, index_params=index)
        client.insert("docs", [{"id": 1, "vector": [1, 1], "text": "A red fox. And. A bird"}])
        client.insert("docs", [{"id": 2, "vector": [2, 2], "text": None}])
        found = []
        for options in (
            {"threshold": 0.6},
            {"threshold": 0.5, "highlight_only": False, "max_client_batch_size": 1},
        ):
            highlighter = package.SemanticHighlighter(
                ["fox", "bird"],
                ["text"],
                pre_tags=["<1>", "<2>"],
                post_tags=["</>"],
                model_deployment_id="sentences",
                **options,
            )
            hits = client.search("docs", [[1, 1], [2, 2]], highlighter=highlighter)
            found.append([[(hit["id"], hit["highlight"]["text"]) for hit in one] for one in hits])
        client.drop_collection("docs")
        return found

    with milvus_store.MilvusClient(path) as local:
        only, whole = marked(local, milvus_store)
    nothing = {"fragments": [], "scores": []}
    fox, bird = ({"fragments": [f"<1>{text}</>"], "scores": [1.0]} for text in ("A red fox", "A bird"))
    assert only == [[(1, fox), (2, nothing)], [(2, nothing), (1, bird)]]
    assert whole[0][0][1] == {"fragments": ["<1>A red fox</>. <2>And</>. A bird"], "scores": [1.0]}
    for package in (pymilvus, milvus_store):
        client = package.MilvusClient(server.uri)
        assert marked(client, package) == [only, whole]
        client.close()


def test_a_highlighter_that_is_not_registered_is_named(server: MilvusServer) -> None:
    client = pymilvus.MilvusClient(server.uri)
    client.create_collection("quick", 2)
    semantic = pymilvus.SemanticHighlighter(queries=["fox"], input_fields=["text"], model_deployment_id="12")
    with pytest.raises(pymilvus.MilvusException, match="nothing is registered as model_deployment_id='12'"):
        client.search("quick", [[1.0, 2.0]], highlighter=semantic)
    client.close()
