"""Constructor arguments that ask for what is not supported are refused, none are passed over in silence."""

from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.embeddings import Embeddings

from langchain_milvus_store import BM25BuiltInFunction, Milvus
from milvus_store import DataType, MilvusException

MakeStore = Callable[..., Milvus]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"builtin_function": object()}, "builtin_function must be a BM25BuiltInFunction or a TextEmb"),
        ({"builtin_function": BM25BuiltInFunction(input_field_names="title")}, "reads field 'title'"),
        (
            {"vector_field": ["dense", "sparse"]},
            "vector_field names 2 fields for 1 embeddings: dense, sparse",
        ),
        ({"vector_schema": {"dtype": DataType.BINARY_VECTOR}}, "vector_schema must be"),
        ({"vector_schema": {"dim": "8"}}, "vector_schema must be"),
        ({"vector_schema": {"max_length": 8}}, "vector_schema must be"),
        ({"vector_schema": {"dtype": DataType.SPARSE_FLOAT_VECTOR, "dim": 8}}, "have no dimension"),
        (
            {"index_params": [{}, {}]},
            r"index_params must be one dict for each vector field \(vector\), got 2",
        ),
        ({"index_params": "HNSW"}, "index_params must be a dict"),
        ({"search_params": [{}, {}]}, "search_params must be one dict for each vector field"),
        ({"text_field": "vector"}, "'vector' is the name of two"),
        ({"partition_key_field": "pk"}, "'pk' is the name of two"),
        ({"metadata_field": "m", "metadata_schema": {"n": {"dtype": DataType.INT8}}}, "one of the two"),
        ({"metadata_schema": {"text": {"dtype": DataType.VARCHAR}}}, "own fields"),
        (
            {"metadata_schema": {"n": {"max_length": 5}}},
            r"metadata_schema\['n'\] must be a dict with a 'dtype'",
        ),
    ],
)
def test_arguments_that_are_not_served_or_contradict_each_other(
    make_store: MakeStore, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        make_store(**arguments)


@pytest.mark.parametrize("given", [None, [], "openai"])
def test_an_embedding_is_needed(path: str, given: Any) -> None:
    with pytest.raises(ValueError, match="embedding_function must be"):
        Milvus(given, connection_args={"uri": path})


def test_lists_of_one_are_taken_as_the_one(path: str, embeddings: Embeddings) -> None:
    store = Milvus(
        [embeddings],
        connection_args={"uri": path},
        vector_field=["embedding"],
        index_params=[{"metric_type": "IP"}],
        search_params=[{"metric_type": "IP"}],
        vector_schema=[{"dtype": DataType.FLOAT_VECTOR}],
    )
    store.add_texts(["a"])
    assert [one.page_content for one in store.similarity_search("a")] == ["a"]
    store.client.close()


def test_arguments_without_meaning_for_a_file_are_taken(make_store: MakeStore) -> None:
    store = make_store(replica_number=2, num_shards=3, timeout=1.5)
    store.add_texts(["a"], timeout=2.0)
    assert len(store.similarity_search("a", timeout=2.0)) == 1


def test_wrong_connection_arguments_are_the_clients_error(embeddings: Embeddings, path: str) -> None:
    with pytest.raises(MilvusException, match="Fail connecting to server"):
        Milvus(embeddings, connection_args={"uri": "http://localhost:1", "timeout": 1})
    with pytest.raises(MilvusException, match="busy_timeout"):
        Milvus(embeddings, connection_args={"uri": path, "busy_timeuot": 1})
