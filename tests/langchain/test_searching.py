"""Searches: order, scores, filters, diversity, relevance, and what they refuse."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from langchain_core.documents import Document

from langchain_milvus_store import Milvus
from milvus_store import Function, FunctionType, MilvusException, UnknownOptionWarning
from milvus_store.function_chain import FunctionChain, FunctionChainStage

MakeStore = Callable[..., Milvus]

TEXTS = [
    "the cat sat on the mat",
    "the cat sat on the mat again",
    "a cat and a dog",
    "stock prices fell sharply today",
    "rain is expected in the north",
]


@pytest.fixture
def filled(make_store: MakeStore) -> Milvus:
    store = make_store()
    store.add_texts(TEXTS, [{"n": place} for place in range(len(TEXTS))], ids=list("01234"))
    return store


@pytest.mark.parametrize("metric", ["L2", "IP", "COSINE"])
def test_scores_are_the_values_of_the_metric(make_store: MakeStore, embeddings: Any, metric: str) -> None:
    store = make_store(index_params={"metric_type": metric})
    store.add_texts(TEXTS)
    query = np.array(embeddings.embed_query("cat on a mat"), dtype=np.float32).astype(float)
    vectors = np.array(embeddings.embed_documents(TEXTS), dtype=np.float32).astype(float)
    values = ((vectors - query) ** 2).sum(axis=1) if metric == "L2" else vectors @ query
    order = np.argsort(values if metric == "L2" else -values, kind="stable")[:3]
    found = store.similarity_search_with_score("cat on a mat", k=3)
    assert [one.page_content for one, _ in found] == [TEXTS[place] for place in order]
    assert [score for _, score in found] == pytest.approx(values[order].tolist(), abs=1e-6)


@pytest.mark.parametrize("metric", ["L2", "IP", "COSINE"])
def test_relevance_is_one_for_the_text_itself_and_falls_from_there(
    make_store: MakeStore, metric: str
) -> None:
    store = make_store(index_params={"metric_type": metric})
    store.add_texts(TEXTS)
    reopened = make_store()
    found = reopened.similarity_search_with_relevance_scores(TEXTS[0], k=5)
    relevances = [relevance for _, relevance in found]
    assert relevances[0] == 1.0
    assert relevances == sorted(relevances, reverse=True)
    assert 0 <= relevances[-1] < 0.9


def test_opposite_embeddings_have_relevance_zero(make_store: MakeStore) -> None:
    for metric in ("L2", "IP", "COSINE"):
        store = make_store(collection_name=metric, index_params={"metric_type": metric})
        vector = [0.6, 0.8, *[0.0] * 62]
        store.add_embeddings(["x"], [[-one for one in vector]])
        ((_, score),) = store.similarity_search_with_score_by_vector(vector)
        assert store._select_relevance_score_fn()(score) == 0.0


def test_search_by_vector_is_search_by_text_with_its_embedding(filled: Milvus, embeddings: Any) -> None:
    vector = embeddings.embed_query("a dog")
    assert filled.similarity_search_by_vector(vector, k=2) == filled.similarity_search("a dog", k=2)
    assert filled.similarity_search_with_score_by_vector(
        vector, 2, expr="n > 1"
    ) == filled.similarity_search_with_score("a dog", 2, expr="n > 1")


def test_expr_k_and_offset_restrict_what_is_found(filled: Milvus) -> None:
    assert {one.id for one in filled.similarity_search("cat", k=9, expr="n in [3, 4]")} == {"3", "4"}
    everything = filled.similarity_search("cat", k=9)
    assert len(everything) == 5
    assert filled.similarity_search("cat", k=2, offset=1) == everything[1:3]
    found = filled.similarity_search("cat", expr="n < {top}", filter_params={"top": 2})
    assert {one.id for one in found} == {"0", "1"}
    assert filled.similarity_search("cat", param={"metric_type": "L2"}) == everything[:4]


def test_documents_found_carry_their_id_and_not_the_primary_key(filled: Milvus) -> None:
    (found,) = filled.similarity_search(TEXTS[3], k=1)
    assert found == Document(TEXTS[3], id="3", metadata={"n": 3})


def test_mmr_prefers_different_documents(filled: Milvus) -> None:
    query = "the cat sat on the mat"
    assert [one.id for one in filled.similarity_search(query, k=2)] == ["0", "1"]
    diverse = filled.max_marginal_relevance_search(query, k=2, fetch_k=5, lambda_mult=0.1)
    assert diverse[0].id == "0"
    assert diverse[1].id != "1"
    near = filled.max_marginal_relevance_search(query, k=2, fetch_k=5, lambda_mult=1.0)
    assert [one.id for one in near] == ["0", "1"]
    assert diverse[0].metadata == {"n": 0}


def test_mmr_stays_within_fetch_k_and_the_filter(filled: Milvus, embeddings: Any) -> None:
    vector = embeddings.embed_query("the cat sat on the mat")
    assert len(filled.max_marginal_relevance_search_by_vector(vector, k=4, fetch_k=2)) == 2
    found = filled.max_marginal_relevance_search_by_vector(vector, k=4, expr="n >= 3", lambda_mult=0.0)
    assert {one.id for one in found} == {"3", "4"}
    assert filled.max_marginal_relevance_search_by_vector(vector, expr="n > 9") == []


def test_retrievers_pass_their_search_kwargs_on(filled: Milvus) -> None:
    retriever = filled.as_retriever(search_kwargs={"k": 1, "expr": "n > 2"})
    assert [one.id for one in retriever.invoke("rain in the north")] == ["4"]
    strict = filled.as_retriever(
        search_type="similarity_score_threshold", search_kwargs={"score_threshold": 0.99, "k": 5}
    )
    assert [one.id for one in strict.invoke(TEXTS[2])] == ["2"]
    assert retriever.tags == ["Milvus", "HashedWords"]


def test_rankers_give_documents_other_scores(make_store: MakeStore) -> None:
    store = make_store(enable_dynamic_field=False)
    store.add_texts(TEXTS, [{"n": place} for place in range(len(TEXTS))], ids=list("01234"))
    far = {"reranker": "decay", "function": "exp", "origin": 4, "scale": 0.1}
    ranker = Function("f", FunctionType.RERANK, ["n"], params=far)
    assert store.similarity_search(TEXTS[0], k=5, ranker=ranker)[0].id == "4"
    chain = FunctionChain(FunctionChainStage.L2_RERANK).sort("n", desc=True).limit(2)
    found = store.similarity_search_with_score(TEXTS[0], k=5, function_chains=chain)
    assert [one.id for one, _ in found] == ["4", "3"]
    with pytest.raises(ValueError, match="not for those of a ranker"):
        store.similarity_search_with_relevance_scores(TEXTS[0], ranker=ranker)


def test_a_store_without_a_collection_finds_nothing(store: Milvus, embeddings: Any) -> None:
    assert store.similarity_search_with_relevance_scores("x") == []
    assert store.max_marginal_relevance_search("x") == []
    assert store.get_by_ids(["1"]) == []
    assert store.get_pks("n > 0") == []
    assert store.search_by_metadata("n > 0") == []
    assert store.delete(expr="n > 0") is True
    assert store.embeddings is store.embedding_func


@pytest.mark.parametrize("exists", [True, False])
@pytest.mark.parametrize(
    ("arguments", "hint"),
    [({"filter": "n > 1"}, "did you mean 'expr'"), ({"ofset": 1}, "'offset'")],
)
def test_unknown_search_arguments_are_errors(
    make_store: MakeStore, exists: bool, arguments: dict[str, Any], hint: str
) -> None:
    store = make_store()
    if exists:
        store.add_texts(["a"])
    for call in (store.similarity_search, store.max_marginal_relevance_search):
        with pytest.raises(ValueError, match=hint):
            call("a", **arguments)
    with pytest.raises(ValueError, match=hint):
        store.get_pks("n > 0", **arguments)


def test_a_search_argument_that_nobody_knows_is_ignored_with_one_warning(filled: Milvus) -> None:
    expected = filled.similarity_search("a", k=2)
    with pytest.warns(UnknownOptionWarning, match="'verbose'") as warned:
        found = [filled.similarity_search("a", k=2, verbose=True) for _ in range(2)]
    assert found == [expected, expected]
    assert len(warned) == 1


def test_what_the_client_refuses_stays_its_error(filled: Milvus) -> None:
    for arguments in ({"expr": "n >"}, {"param": {"params": {"nprob": 8}}}, {"k": 0}):
        with pytest.raises(MilvusException):
            filled.similarity_search("a", **arguments)  # type: ignore[arg-type]
