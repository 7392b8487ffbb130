"""Highlighters that pymilvus sends to a server, beside those of a client on a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pymilvus
import pytest

import milvus_store
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


def test_a_highlighter_that_asks_a_model_is_refused(server: MilvusServer) -> None:
    client = pymilvus.MilvusClient(server.uri)
    client.create_collection("quick", 2)
    semantic = pymilvus.SemanticHighlighter(queries=["fox"], input_fields=["text"])
    with pytest.raises(pymilvus.MilvusException, match="others ask a model that a file does not have"):
        client.search("quick", [[1, 2]], highlighter=semantic)
    client.close()
