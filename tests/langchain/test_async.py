"""Every call has an asynchronous form that does the same."""

import asyncio
import inspect
from collections.abc import Callable
from typing import Any

from langchain_core.documents import Document

from langchain_milvus_store import Milvus

MakeStore = Callable[..., Milvus]

CALLS = [
    "add_documents",
    "add_embeddings",
    "add_texts",
    "delete",
    "get_by_ids",
    "get_pks",
    "max_marginal_relevance_search",
    "max_marginal_relevance_search_by_vector",
    "search",
    "search_by_metadata",
    "similarity_search",
    "similarity_search_by_vector",
    "similarity_search_with_relevance_scores",
    "similarity_search_with_score",
    "similarity_search_with_score_by_vector",
    "upsert",
]


def test_there_is_an_asynchronous_form_of_every_call() -> None:
    for name in CALLS:
        assert inspect.iscoroutinefunction(getattr(Milvus, f"a{name}")), name


async def test_a_life_of_a_store_in_coroutines(path: str, embeddings: Any) -> None:
    store = await Milvus.afrom_documents(
        [Document("a", metadata={"n": 1}), Document("b", metadata={"n": 2})],
        embeddings,
        ids=["1", "2"],
        connection_args={"uri": path},
    )
    vector = embeddings.embed_query("c")
    assert await store.aadd_embeddings(["c"], [vector], [{"n": 3}], ids=["3"]) == ["3"]
    assert await store.aadd_texts(["d"], [{"n": 4}], ids=["4"]) == ["4"]
    assert await store.aget_pks("n > 1") == ["2", "3", "4"]
    assert await store.aupsert(["2"], [Document("B", metadata={"n": 2})]) == ["2"]
    assert await store.adelete(expr="n == 1") is True
    assert [one.page_content for one in await store.aget_by_ids(["1", "2"])] == ["B"]
    assert [one.id for one in await store.asearch_by_metadata("n == 4")] == ["4"]
    assert [one.id for one in await store.asimilarity_search("c", k=1)] == ["3"]
    assert [one.id for one in await store.asimilarity_search_by_vector(vector, k=1)] == ["3"]
    assert [one.id for one, _ in await store.asimilarity_search_with_score("c", k=1)] == ["3"]
    assert [one.id for one, _ in await store.asimilarity_search_with_score_by_vector(vector, k=1)] == ["3"]
    assert [one.id for one in await store.amax_marginal_relevance_search("c", k=1)] == ["3"]
    assert [one.id for one in await store.amax_marginal_relevance_search_by_vector(vector, k=1)] == ["3"]
    retriever = store.as_retriever(search_kwargs={"expr": "n == 4"})
    assert [one.id for one in await retriever.ainvoke("d")] == ["4"]
    store.client.close()


async def test_many_coroutines_may_add_the_first_documents_together(store: Milvus) -> None:
    await asyncio.gather(*(store.aadd_texts([f"text {place}"], ids=[str(place)]) for place in range(20)))
    assert sorted(await store.aget_pks('pk != ""'), key=int) == [str(place) for place in range(20)]


async def test_an_override_changes_the_asynchronous_form_too(path: str, embeddings: Any) -> None:
    class Counting(Milvus):
        def get_pks(self, expr: str, **kwargs: Any) -> list[Any]:
            return ["counted"]

    store = Counting(embeddings, connection_args={"uri": path})
    assert await store.aget_pks("n > 0") == ["counted"]
    store.client.close()
