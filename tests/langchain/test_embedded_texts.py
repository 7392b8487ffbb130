"""Stores whose texts the database embeds, by a model that the process has registered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from langchain_core.documents import Document

from langchain_milvus_store import BM25BuiltInFunction, Milvus, TextEmbeddingBuiltInFunction
from milvus_store import DataType, embeddings
from tests.langchain.conftest import DIM, HashedWords

DOCUMENTS = [
    Document("a red apple", id="a", metadata={"n": 1}),
    Document("a green apple pie with cream", id="b", metadata={"n": 2}),
    Document("the blue car", id="c", metadata={"n": 3}),
]
MakeStore = Callable[..., Milvus]


@pytest.fixture
def model() -> Iterator[str]:
    """The name of a registered model."""
    embeddings.register("hashed words", HashedWords().embed_documents)
    yield "hashed words"
    embeddings.unregister("hashed words")


@pytest.fixture
def function(model: str) -> TextEmbeddingBuiltInFunction:
    return TextEmbeddingBuiltInFunction(
        input_field_names="text", output_field_names="dense", dim=DIM, params={"provider": model}
    )


@pytest.fixture
def make(make_of: MakeStore) -> MakeStore:
    """``make(embedding, **arguments)``: a store on a file of its own, with the three documents."""
    return partial(make_of, DOCUMENTS)


def ids(documents: list[Document]) -> list[str | None]:
    return [document.id for document in documents]


def test_the_database_embeds_documents_and_queries(
    make: MakeStore, function: TextEmbeddingBuiltInFunction
) -> None:
    store = make(None, builtin_function=function, vector_field="dense")
    assert store.vector_fields == ["dense"]
    assert store.embeddings is None
    described = store.client.describe_index("LangChainCollection", "dense")
    assert described["metric_type"] == "COSINE"
    assert ids(store.similarity_search("a red apple", k=2)) == ["a", "b"]
    assert ids(store.similarity_search("apple", k=3, expr="n > 1"))[0] == "b"
    ((document, score),) = store.similarity_search_with_score("the blue car", k=1)
    assert (document.id, score) == ("c", pytest.approx(1))
    store.upsert(["c"], [Document("a blue ship", metadata={"n": 4})])
    assert ids(store.similarity_search("a blue ship", k=1)) == ["c"]


def test_the_words_of_a_text_count_as_an_embedding_of_it_would(
    make: MakeStore, function: TextEmbeddingBuiltInFunction
) -> None:
    embedded = make(HashedWords(), index_params={"metric_type": "COSINE"})
    store = make(None, builtin_function=function, vector_field="dense")
    for query in ("apple", "blue pie", "the cream"):
        found = store.similarity_search_with_score(query, k=3)
        expected = embedded.similarity_search_with_score(query, k=3)
        assert [one.id for one, _ in found] == [one.id for one, _ in expected]
        assert [score for _, score in found] == pytest.approx([score for _, score in expected], abs=1e-6)


def test_a_vector_searches_where_the_database_embeds(
    make: MakeStore, function: TextEmbeddingBuiltInFunction
) -> None:
    store = make(None, builtin_function=function, vector_field="dense")
    vector = HashedWords().embed_query("the blue car")
    assert ids(store.similarity_search_by_vector(vector, k=1)) == ["c"]
    found = store.max_marginal_relevance_search_by_vector(vector, k=2)
    assert found[0].id == "c"


def test_a_query_by_vector_is_checked(make: MakeStore, function: TextEmbeddingBuiltInFunction) -> None:
    store = make(None, builtin_function=function, vector_field="dense")
    with pytest.raises(ValueError, match="the database makes those of 'dense': use max_marginal"):
        store.max_marginal_relevance_search("the blue car")
    with pytest.raises(ValueError, match="holds embeddings of dimension 64, got one of dimension 2"):
        store.similarity_search_by_vector([1.0, 2.0])


def test_relevance_is_that_of_the_metric(make: MakeStore, function: TextEmbeddingBuiltInFunction) -> None:
    store = make(None, builtin_function=function, vector_field="dense")
    ((document, relevance),) = store.similarity_search_with_relevance_scores("a red apple", k=1)
    assert (document.id, relevance) == ("a", pytest.approx(1))


def test_words_and_meaning_are_both_made_by_the_database(
    make: MakeStore, function: TextEmbeddingBuiltInFunction
) -> None:
    store = make(None, builtin_function=[function, BM25BuiltInFunction()], vector_field=["dense", "sparse"])
    assert store.vector_fields == ["dense", "sparse"]
    assert ids(store.similarity_search("red apple", k=1, ranker_type="rrf")) == ["a"]
    both = make(HashedWords(), builtin_function=function, vector_field=["vector", "dense"])
    assert both.vector_fields == ["vector", "dense"]
    assert ids(both.similarity_search("red apple", k=1, ranker_type="rrf")) == ["a"]


def test_a_vector_does_not_say_which_field_it_is_for(
    make: MakeStore, function: TextEmbeddingBuiltInFunction
) -> None:
    both = make(HashedWords(), builtin_function=function, vector_field=["vector", "dense"])
    with pytest.raises(ValueError, match="vector fields vector, dense: a search by one vector needs"):
        both.similarity_search_by_vector([0.0] * DIM)


def test_a_collection_is_opened_again(
    make: MakeStore, function: TextEmbeddingBuiltInFunction, tmp_path: Path
) -> None:
    make(None, builtin_function=function, vector_field="dense")
    uri = {"uri": str(tmp_path / "0.db")}
    again = Milvus(None, builtin_function=function, vector_field="dense", connection_args=uri)
    assert ids(again.similarity_search("the blue car", k=1)) == ["c"]
    again.client.close()


def test_a_collection_that_is_made_otherwise_is_an_error(
    make: MakeStore, function: TextEmbeddingBuiltInFunction, tmp_path: Path
) -> None:
    make(None, builtin_function=function, vector_field="dense")
    uri = {"uri": str(tmp_path / "0.db")}
    with pytest.raises(ValueError, match="vectors of 'dense' are made by the database there"):
        Milvus(HashedWords(), vector_field="dense", connection_args=uri)
    function.dim = 8
    with pytest.raises(ValueError, match="'dense' has the dimension 64, the store asks for 8"):
        Milvus(None, builtin_function=function, vector_field="dense", connection_args=uri)


def test_a_model_that_is_not_registered_stores_nothing(make: MakeStore) -> None:
    function = TextEmbeddingBuiltInFunction(
        input_field_names="text", output_field_names="dense", dim=2, params={"provider": "nobody"}
    )
    with pytest.raises(Exception, match="'nobody'"):
        make(None, builtin_function=function, vector_field="dense")


def test_a_dimension_is_said_once(function: TextEmbeddingBuiltInFunction, path: str) -> None:
    with pytest.raises(ValueError, match="vector_schema gives the dimension 8, .* makes vectors of 64"):
        Milvus(None, builtin_function=function, vector_schema={"dim": 8}, connection_args={"uri": path})
    store = Milvus(
        None,
        builtin_function=function,
        vector_field="dense",
        vector_schema={"dtype": DataType.FLOAT_VECTOR, "dim": DIM},
        connection_args={"uri": path},
    )
    store.client.close()
