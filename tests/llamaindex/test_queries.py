from __future__ import annotations

from typing import Any

import pytest
from llama_index.core.schema import TextNode
from llama_index.core.vector_stores.types import (
    MetadataFilter,
    MetadataFilters,
    VectorStoreQuery,
    VectorStoreQueryMode,
)

from llama_index.vector_stores.milvus_store import MilvusVectorStore
from milvus_store.errors import FilterError

MODES = VectorStoreQueryMode


def ask(store: MilvusVectorStore, mode: MODES = MODES.DEFAULT, **options: Any) -> Any:
    keywords = options.pop("keywords", {})
    arguments = {"query_embedding": [1.0, 0.0], "query_str": "red car", "similarity_top_k": 3, **options}
    return store.query(VectorStoreQuery(mode=mode, **arguments), **keywords)


def test_the_default_mode_ranks_by_embedding(store: MilvusVectorStore) -> None:
    found = ask(store)
    assert found.ids == ["a", "b", "e"]
    assert found.similarities == pytest.approx([1.0, 0.993884, 0.707107], abs=1e-5)
    texts = [one.get_content() for one in found.nodes]
    assert texts == ["a red apple", "a green apple", 'nothing is known of it\'s "colour"']
    assert found.nodes[0].metadata == {"color": "red", "price": 3, "tags": ["sweet", "round"]}
    assert found.nodes[0].embedding is None


@pytest.mark.parametrize("mode", [MODES.TEXT_SEARCH, MODES.SPARSE])
def test_text_search_ranks_by_words(store: MilvusVectorStore, mode: MODES) -> None:
    assert ask(store, mode, query_embedding=None).ids == ["d", "a", "c"]
    assert ask(store, mode, query_embedding=None, sparse_top_k=1).ids == ["d"]


def test_hybrid_mode_fuses_both(store: MilvusVectorStore, nodes: list[TextNode]) -> None:
    found = ask(store, MODES.HYBRID)
    assert found.ids[0] == "a"
    assert found.similarities[0] == pytest.approx(1 / 61 + 1 / 62)
    assert len(ask(store, MODES.HYBRID, hybrid_top_k=1).ids) == 1
    store.hybrid_ranker, store.hybrid_ranker_params = "WeightedRanker", {"weights": [0.0, 1.0]}
    assert ask(store, MODES.HYBRID).ids[0] == "d"


def test_mmr_prefers_nodes_unlike_each_other(store: MilvusVectorStore) -> None:
    assert ask(store, MODES.MMR, similarity_top_k=2, mmr_threshold=1.0).ids == ["a", "b"]
    diverse = ask(store, MODES.MMR, similarity_top_k=2, keywords={"mmr_threshold": 0.1})
    assert diverse.ids[0] == "a"
    assert diverse.ids[1] in ("c", "d")
    assert diverse.nodes[1].metadata["color"] in ("blue", "red")
    near = ask(store, MODES.MMR, similarity_top_k=2, keywords={"mmr_threshold": 0.1, "mmr_prefetch_k": 2})
    assert near.ids == ["a", "b"]
    with pytest.raises(ValueError, match="give one of them"):
        ask(store, MODES.MMR, keywords={"mmr_prefetch_k": 4, "mmr_prefetch_factor": 2.0})


@pytest.mark.parametrize("mode", [MODES.DEFAULT, MODES.TEXT_SEARCH, MODES.HYBRID, MODES.MMR])
def test_every_mode_keeps_to_filters_documents_and_nodes(store: MilvusVectorStore, mode: MODES) -> None:
    red = MetadataFilters(filters=[MetadataFilter(key="color", value="red")])
    assert set(ask(store, mode, filters=red).ids) == {"a", "d"}
    assert set(ask(store, mode, filters=red, doc_ids=["fruit"]).ids) == {"a"}
    assert set(ask(store, mode, node_ids=["a", "c"]).ids) == {"a", "c"}
    assert set(ask(store, mode, node_ids=["a", "c"], filters=red).ids) == {"a"}
    assert ask(store, mode, doc_ids=['fruit" or id != "']).ids == []
    assert ask(store, mode, doc_ids=[]).ids == []
    written = {"string_expr": "price > 100 or color == 'green'"}
    assert set(ask(store, mode, filters=red, keywords=written).ids) == {"d"}


def test_a_written_filter_cannot_escape_what_it_is_put_beside(store: MilvusVectorStore) -> None:
    red = MetadataFilters(filters=[MetadataFilter(key="color", value="red")])
    everything = {"string_expr": 'color == "x" or id != ""'}
    assert set(ask(store, filters=red, keywords=everything).ids) == {"a", "d"}
    with pytest.raises(FilterError):
        ask(store, filters=red, keywords={"string_expr": 'color == "x") or (id != ""'})


def test_answers_may_be_limited_to_some_metadata(store: MilvusVectorStore) -> None:
    found = ask(store, output_fields=["color"])
    assert [(one.text, one.metadata) for one in found.nodes][:2] == [
        ("a red apple", {"color": "red"}),
        ("a green apple", {"color": "green"}),
    ]
    assert found.ids == ["a", "b", "e"]


def test_queries_that_cannot_be_answered(store: MilvusVectorStore) -> None:
    for arguments, message in (
        ({"mode": MODES.SVM}, "is not supported: use default"),
        ({"query_embedding": None}, "needs a query_embedding"),
        ({"mode": MODES.HYBRID, "query_str": None}, "needs a query_str"),
        ({"keywords": {"partition": "x"}}, "'partition'; did you mean 'milvus_partition_names'"),
    ):
        with pytest.raises(ValueError, match=message):
            ask(store, **arguments)  # type: ignore[arg-type]


def test_sparse_modes_need_sparse_vectors(store: MilvusVectorStore, nodes: list[TextNode]) -> None:
    dense = MilvusVectorStore(store.uri, dim=2, collection_name="dense")
    dense.add(nodes)
    for mode in (MODES.TEXT_SEARCH, MODES.SPARSE, MODES.HYBRID):
        with pytest.raises(ValueError, match="enable_sparse=True"):
            ask(dense, mode)
    dense.client.close()
