"""Stores of sparse vectors, of several embeddings, and of vectors that the database makes."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any
from zlib import crc32

import pytest
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings

from langchain_milvus_store import BaseSparseEmbedding, BM25BuiltInFunction, Milvus
from milvus_store import DataType, Function, FunctionType
from milvus_store.errors import MilvusException
from tests.langchain.conftest import HashedWords


class Words(BaseSparseEmbedding):
    """Each word of a text, hashed to an index."""

    def embed_query(self, query: str) -> dict[int, float]:
        return {crc32(word.encode()) % 1_000_000: 1.0 for word in re.findall(r"\w+", query.lower())}

    def embed_documents(self, texts: list[str]) -> list[dict[int, float]]:
        return [self.embed_query(text) for text in texts]


class Length(Embeddings):
    """Texts of the same length are near each other, whatever they say."""

    def embed_query(self, text: str) -> list[float]:
        return [float(len(text)), 1.0]

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [self.embed_query(text) for text in texts]


DOCUMENTS = [
    Document("a red apple", id="a", metadata={"kind": "fruit", "n": 1}),
    Document("a green apple pie with cream", id="b", metadata={"kind": "food", "n": 2}),
    Document("the blue car", id="c", metadata={"kind": "car", "n": 3}),
    Document("cars are red or blue and some of them are green", id="d", metadata={"kind": "car", "n": 4}),
]
MakeStore = Callable[..., Milvus]


@pytest.fixture
def make(make_of: MakeStore) -> MakeStore:
    """``make(embeddings, **arguments)``: a store on a file of its own, with the four documents."""
    return partial(make_of, DOCUMENTS)


def ids(found: list[Document]) -> list[str | None]:
    return [one.id for one in found]


def types(store: Milvus) -> dict[str, DataType]:
    described = store.client.describe_collection(store.collection_name)
    return {one["name"]: one["type"] for one in described["fields"]}


def reopened(store: Milvus, embeddings: Any, **arguments: Any) -> Milvus:
    return Milvus(embeddings, connection_args={"uri": str(store.client.uri)}, **arguments)


def test_a_store_of_sparse_vectors(make: MakeStore) -> None:
    store = make(Words())
    assert ids(store.similarity_search("red apple", k=1)) == ["a"]
    (hit,) = store.similarity_search_with_score("red apple", k=1)
    assert hit[1] == pytest.approx(2.0)
    assert ids(store.similarity_search_by_vector(Words().embed_query("car"), k=1)) == ["c"]  # type: ignore[arg-type]
    assert types(store)["vector"] is DataType.SPARSE_FLOAT_VECTOR
    with pytest.raises(ValueError, match="MMR compares dense vectors"):
        store.max_marginal_relevance_search("red")
    with pytest.raises(ValueError, match="similarity_search_with_score"):
        store.similarity_search_with_relevance_scores("red")
    with pytest.raises(ValueError, match="holds sparse embeddings, got list"):
        reopened(store, HashedWords()).add_texts(["dense"])


def test_dense_and_sparse_beside_each_other(make: MakeStore) -> None:
    store = make([HashedWords(), Words()], vector_field=["dense", "sparse"])
    assert store.vector_fields == ["dense", "sparse"]
    assert ids(store.similarity_search("red apple", k=1)) == ["a"]
    again = reopened(store, [HashedWords(), Words()], vector_field=["dense", "sparse"])
    assert ids(again.similarity_search("red apple", k=1)) == ["a"]
    again.client.close()


def test_rankers_fuse_what_the_fields_find(make: MakeStore) -> None:
    store = make([HashedWords(), Length()], vector_field=["words", "length"])
    query = "the blue car"  # "c" by its words; by its length all of "c" and "a" are near

    def scores(**options: Any) -> dict[str | None, float]:
        found = store.similarity_search_with_score(query, k=4, **options)
        assert [score for _, score in found] == sorted((score for _, score in found), reverse=True)
        return {document.id: score for document, score in found}

    assert scores(ranker_type="rrf")["c"] == pytest.approx(2 / 61)
    assert scores(ranker_type="rrf", ranker_params={"k": 10})["c"] == pytest.approx(2 / 11)
    assert scores(ranker_type="weighted", ranker_params={"weights": [1.0, 0.0]})["c"] == pytest.approx(1.0)
    assert scores()["c"] == pytest.approx(2.0)
    function = Function("f", FunctionType.RERANK, [], params={"reranker": "rrf", "k": 10})
    assert scores(reranker=function)["c"] == pytest.approx(2 / 11)
    assert len(scores(fetch_k=1)) == 1
    for options, message in (
        ({"ranker_type": "best"}, "'rrf' or 'weighted'"),
        ({"ranker_params": {"k": 3}}, "'k' is not a parameter of the None ranker"),
        ({"ranker": "rrf"}, "unexpected argument 'ranker'; did you mean 'reranker'"),
    ):
        with pytest.raises(ValueError, match=message):
            scores(**options)
    with pytest.raises(MilvusException, match="one weight for each of the 2 requests"):
        scores(ranker_type="weighted", ranker_params={"weights": [1.0]})


def test_filters_and_parameters_reach_every_field(make: MakeStore) -> None:
    store = make([HashedWords(), Length()], vector_field=["words", "length"])
    assert ids(store.similarity_search("the blue car", expr='kind == "fruit"')) == ["a"]
    found = store.similarity_search("the blue car", expr="n < {n}", filter_params={"n": 3})
    assert set(ids(found)) == {"a", "b"}
    param = [{"metric_type": "L2"}, {"metric_type": "IP"}]
    with pytest.raises(MilvusException, match="metric_type of field 'length'"):
        store.similarity_search("x", param=param)
    with pytest.raises(ValueError, match="param must be one dict for each vector field"):
        store.similarity_search("x", param=[{}, {}, {}])
    retriever = store.as_retriever(search_kwargs={"k": 1, "ranker_type": "rrf", "expr": "n > 3"})
    assert ids(retriever.invoke("the blue car")) == ["d"]


def test_a_search_by_one_vector_needs_one_embedding(make: MakeStore) -> None:
    store = make([HashedWords(), Length()], vector_field=["words", "length"])
    for call in (
        lambda: store.similarity_search_by_vector([1.0, 2.0]),
        lambda: store.max_marginal_relevance_search("car"),
    ):
        with pytest.raises(ValueError, match="embedded vector fields words, length"):
            call()
    with pytest.raises(ValueError, match="single dense vector field"):
        store.similarity_search_with_relevance_scores("car")


def test_embeddings_at_hand_are_one_of_each_kind(make: MakeStore) -> None:
    dense, sparse = HashedWords(), Words()
    store = make([dense, sparse], vector_field=["dense", "sparse"])
    text = "a yellow submarine"
    store.add_embeddings([text], [[dense.embed_query(text), sparse.embed_query(text)]], ids=["y"])
    assert ids(store.similarity_search("submarine", k=1)) == ["y"]
    with pytest.raises(ValueError, match="a vector for each of dense, sparse, got 64"):
        store.add_embeddings([text], [dense.embed_query(text)])
    store.upsert(["y"], [Document("a green submarine")])
    assert store.similarity_search("submarine", k=1)[0].page_content == "a green submarine"


def test_parameters_follow_the_names_of_the_fields(make: MakeStore) -> None:
    store = make(
        [HashedWords()],
        builtin_function=BM25BuiltInFunction(),
        vector_field=["sparse", "dense"],
        index_params=[{"metric_type": "BM25"}, {"metric_type": "COSINE", "index_type": "FLAT"}],
        vector_schema=[{}, {"dtype": DataType.FLOAT16_VECTOR}],
    )
    assert store.vector_fields == ["dense", "sparse"]
    described = store.client.describe_index("LangChainCollection", "dense")
    assert (described["metric_type"], described["index_type"]) == ("COSINE", "FLAT")
    assert types(store)["dense"] is DataType.FLOAT16_VECTOR


def test_full_text_without_any_embedding(make: MakeStore) -> None:
    store = make(None, builtin_function=BM25BuiltInFunction(analyzer_params={"type": "english"}))
    assert store.vector_fields == ["sparse"]
    assert store.embeddings is None
    assert ids(store.similarity_search("cars", k=4)) == ["c", "d"]
    assert ids(store.similarity_search("apples", k=4, expr="n > 1")) == ["b"]
    store.delete(["c"])
    assert ids(store.similarity_search("car", k=4)) == ["d"]
    again = reopened(store, None, builtin_function=BM25BuiltInFunction(analyzer_params={"type": "english"}))
    assert ids(again.similarity_search("apple", k=1)) == ["a"]
    again.client.close()


def test_full_text_and_meaning_in_one_search(make: MakeStore) -> None:
    store = make(HashedWords(), builtin_function=BM25BuiltInFunction(), vector_field=["dense", "sparse"])
    found = store.similarity_search_with_score("red apple", k=2, ranker_type="rrf")
    assert found[0][0].id == "a"
    assert found[0][1] == pytest.approx(2 / 61)
    assert found[0][0].metadata == {"kind": "fruit", "n": 1}
    # What needs one dense vector takes the embedding's.
    assert ids(store.max_marginal_relevance_search("red apple", k=1)) == ["a"]
    assert ids(store.similarity_search_by_vector(HashedWords().embed_query("the blue car"), k=1)) == ["c"]


async def test_every_kind_of_search_is_awaited(make: MakeStore) -> None:
    store = make(HashedWords(), builtin_function=BM25BuiltInFunction(), vector_field=["dense", "sparse"])
    assert await store.asimilarity_search_with_score("red", k=3, ranker_type="rrf") == (
        store.similarity_search_with_score("red", k=3, ranker_type="rrf")
    )
    await store.aadd_documents([Document("a purple plum")], ids=["p"])
    assert ids(await store.asimilarity_search("purple", k=1)) == ["p"]


def test_a_tenant_searches_several_fields_too(make: MakeStore) -> None:
    store = make(
        HashedWords(),
        builtin_function=BM25BuiltInFunction(),
        vector_field=["dense", "sparse"],
        partition_key_field="kind",
    )
    bound = store.for_tenant("car")
    found = bound.similarity_search("red apple", k=4, ranker_type="rrf", expr='kind == "fruit" or n > 0')
    assert set(ids(found)) == {"c", "d"}


def test_a_collection_whose_vectors_are_made_otherwise(make: MakeStore) -> None:
    store = make(HashedWords(), builtin_function=BM25BuiltInFunction(), vector_field=["dense", "sparse"])
    with pytest.raises(ValueError, match="'sparse' are made by the database"):
        reopened(store, [HashedWords(), Words()], vector_field=["dense", "sparse"])
    with pytest.raises(ValueError, match="the store has nothing to fill its vector field 'sparse' with"):
        reopened(store, HashedWords(), vector_field="dense")
