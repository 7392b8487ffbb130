"""Sparse vectors that the database makes: BM25 over the text of the nodes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from llama_index.core.schema import TextNode
from llama_index.core.vector_stores.types import VectorStoreQuery, VectorStoreQueryMode

from llama_index.vector_stores.milvus_store import BM25BuiltInFunction, MilvusVectorStore

from .conftest import Words

MODES = VectorStoreQueryMode


def found(store: MilvusVectorStore, text: str, mode: MODES = MODES.TEXT_SEARCH, **options: Any) -> list[str]:
    query = VectorStoreQuery([1.0, 0.0], 3, query_str=text, mode=mode, **options)
    return store.query(query).ids or []


def test_bm25_is_the_sparse_embedding_when_none_is_given(path: Path, nodes: list[TextNode]) -> None:
    store = MilvusVectorStore(str(path), dim=2, enable_sparse=True)
    store.add(nodes)
    assert found(store, "blue car") == ["c", "d"]
    assert found(store, "nothing like it") == ["e"]
    assert found(store, "blue car", MODES.HYBRID)[0] == "a"
    store.delete_nodes(["c"])
    assert found(store, "blue car") == ["d"]
    store.client.close()
    again = MilvusVectorStore(str(path), dim=2, enable_sparse=True)
    assert found(again, "red car") == ["d", "a"]
    again.client.close()


def test_an_analyzer_knows_the_language(path: Path, nodes: list[TextNode]) -> None:
    function = BM25BuiltInFunction(analyzer_params={"type": "english"}, enable_match=True)
    store = MilvusVectorStore(
        str(path), enable_dense=False, enable_sparse=True, sparse_embedding_function=function
    )
    store.add(nodes)
    assert set(found(store, "cars")) == {"c", "d"}
    query = VectorStoreQuery(query_str="apples and cars", mode=MODES.SPARSE, similarity_top_k=9)
    matching = store.query(query, string_expr="text_match(text, 'red')")
    assert set(matching.ids or []) == {"a", "d"}
    store.client.close()


async def test_full_text_is_awaited(path: Path, nodes: list[TextNode]) -> None:
    store = MilvusVectorStore(str(path), dim=2, enable_sparse=True)
    await store.async_add(nodes)
    query = VectorStoreQuery(query_str="blue car", mode=MODES.TEXT_SEARCH, similarity_top_k=2)
    assert (await store.aquery(query)).ids == ["c", "d"]
    store.client.close()


def test_vectors_made_outside_are_not_taken_for_bm25(path: Path, nodes: list[TextNode]) -> None:
    store = MilvusVectorStore(str(path), dim=2, enable_sparse=True, sparse_embedding_function=Words())
    store.add(nodes)
    store.client.close()
    with pytest.raises(ValueError, match="computes no sparse vectors by itself"):
        MilvusVectorStore(str(path), dim=2, enable_sparse=True)
