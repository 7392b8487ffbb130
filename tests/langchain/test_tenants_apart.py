"""Nothing that a bound store answers depends on the documents of others: see the client's test of this name."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from langchain_core.documents import Document

from langchain_milvus_store import BM25BuiltInFunction, Milvus

MakeStore = Callable[..., Milvus]

KINDS = ("similarity", "mmr")


def _reads(store: Milvus) -> list[Any]:
    embedding = store.embeddings.embed_query("red sky")
    options = {"search_kwargs": {"k": 50}}
    retrievers = [store.as_retriever(search_type=kind, **options) for kind in KINDS]
    return [
        *(partial(store.search, "red", kind, k=50) for kind in KINDS),
        *(partial(retriever.invoke, "red") for retriever in retrievers),
        lambda: store.similarity_search("red sky", k=50),
        lambda: store.similarity_search_by_vector(embedding, k=50),
        lambda: store.similarity_search_with_score("red sky", k=50),
        lambda: store.similarity_search_with_score_by_vector(embedding, k=50),
        lambda: store.similarity_search_with_relevance_scores("red sky", k=50),
        lambda: store.max_marginal_relevance_search("red sky", k=9, fetch_k=50),
        lambda: store.max_marginal_relevance_search_by_vector(embedding, k=9, fetch_k=50),
        lambda: store.get_by_ids(["ann-1", "bob-1", "bob-2", "nope"]),
        lambda: store.get_pks('pk != ""'),
        lambda: store.search_by_metadata('pk != ""', limit=50),
        lambda: store.search_by_metadata('tenant == "bob"', limit=50),
    ]


def _writes(store: Milvus) -> list[Any]:
    return [
        lambda: store.delete(ids=["bob-1", "bob-7", "nope", "ann-2"]),
        lambda: store.delete(expr='tenant == "bob" or place == 3'),
        lambda: store.add_texts(["red"], ids=["ann-50"]),
        lambda: store.add_documents([Document("blue", id="ann-51"), Document("sky", id="ann-1")]),
        lambda: store.add_embeddings(["red"], [store.embeddings.embed_query("red")], ids=["ann-52"]),
        lambda: store.upsert(["ann-4"], [Document("green")]),
        lambda: store.add_texts(["red"], [{"tenant": "bob"}], ids=["bob-1"]),
        lambda: store.for_tenant("bob"),
        lambda: store.drop(),
    ]


def _script(store: Milvus) -> list[Any]:
    """Every answer and error of a bound store; what is seen after each write as well."""
    found = []
    for call in [*_reads(store), *_writes(store)]:
        try:
            found.append(call())
        except Exception as error:
            found.append((type(error).__name__, str(error)))
        found += [store.get_pks('pk != ""'), store.similarity_search_with_score("red", k=50)]
    return found


CALLS = {
    "search",
    "as_retriever",
    "similarity_search",
    "similarity_search_by_vector",
    "similarity_search_with_score",
    "similarity_search_with_score_by_vector",
    "similarity_search_with_relevance_scores",
    "get_by_ids",
    "get_pks",
    "max_marginal_relevance_search",
    "max_marginal_relevance_search_by_vector",
    "search_by_metadata",
    "delete",
    "add_texts",
    "add_documents",
    "add_embeddings",
    "upsert",
    "for_tenant",
    "drop",
}
"""The calls of the script. A new one belongs there; those that make a store are of no tenant."""


def test_every_call_of_a_store_is_in_the_script() -> None:
    calls = {name for name in dir(Milvus) if not name.startswith("_") and callable(getattr(Milvus, name))}
    asynchronous = {name for name in calls if name[0] == "a" and name[1:] in calls}
    assert calls - asynchronous == {*CALLS, "from_texts", "from_documents"}


def test_no_answer_of_a_bound_store_depends_on_the_documents_of_others(
    tmp_path: Path, make_store: MakeStore
) -> None:
    found = []
    for place, foreign in enumerate((["red"], ["red sky", "blue", "rare red", "green", "sky"])):
        path = {"uri": str(tmp_path / f"{place}.db")}
        store = make_store(partition_key_field="tenant", connection_args=path)
        others = [{"tenant": "bob", "place": n} for n, _ in enumerate(foreign)]
        store.add_texts(foreign, others, ids=[f"bob-{n}" for n, _ in enumerate(foreign)])
        texts = ["red sky", "blue", "red", "green sky", "sky"]
        own = [{"tenant": "ann", "place": n} for n, _ in enumerate(texts)]
        store.add_texts(texts, own, ids=[f"ann-{n}" for n, _ in enumerate(texts)])
        found.append(_script(store.for_tenant("ann")))
        assert store.get_pks('tenant == "bob"') == [f"bob-{n}" for n, _ in enumerate(foreign)]
    assert found[0] == found[1]


def test_no_score_of_a_bound_full_text_store_depends_on_the_documents_of_others(
    tmp_path: Path, make_store: MakeStore
) -> None:
    found = []
    for place, foreign in enumerate((["blue"], ["red", "red red", "sky", "red sky"])):
        store = make_store(
            builtin_function=BM25BuiltInFunction(),
            vector_field=["vector", "sparse"],
            partition_key_field="tenant",
            connection_args={"uri": str(tmp_path / f"{place}.db")},
        )
        store.add_texts(foreign, [{"tenant": "bob"} for _ in foreign])
        store.add_texts(["red sky", "blue sky", "green"], [{"tenant": "ann"}] * 3, ids=["a", "b", "c"])
        scored = store.for_tenant("ann").similarity_search_with_score("red sky", k=9)
        found.append([(one.id, round(score, 6)) for one, score in scored])
    assert found[0] == found[1]
