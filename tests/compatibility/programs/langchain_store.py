"""LangChain's own store for Milvus, on the path that this is given."""

import asyncio
import sys

from langchain_core.documents import Document
from langchain_core.embeddings import DeterministicFakeEmbedding
from langchain_milvus import BM25BuiltInFunction, Milvus

at = {"connection_args": {"uri": sys.argv[1]}}
embeddings = DeterministicFakeEmbedding(size=16)
documents = [
    Document(page_content=f"document number {i} about {'apples' if i % 2 else 'pears'}", metadata={"n": i})
    for i in range(30)
]

store = Milvus.from_documents(documents, embeddings, collection_name="plain", drop_old=True, **at)
found = store.similarity_search("document number 7 about apples", k=3)
assert found[0].metadata["n"] == 7, found
scored = store.similarity_search_with_score("document number 8 about pears", k=3, expr="n > 10")
assert len(scored) == 3
assert all(document.metadata["n"] > 10 for document, _ in scored), scored
assert len(store.max_marginal_relevance_search("pears", k=4)) == 4
added = store.add_documents([Document(page_content="new", metadata={"n": 99})])
assert store.similarity_search("new", k=1)[0].metadata["n"] == 99
assert store.delete(added)
assert store.similarity_search("new", k=1)[0].metadata["n"] != 99
again = Milvus(embeddings, collection_name="plain", **at)
assert again.similarity_search("document number 7 about apples", k=1)[0].metadata["n"] == 7

hybrid = Milvus.from_documents(
    documents,
    embeddings,
    builtin_function=BM25BuiltInFunction(),
    vector_field=["dense", "sparse"],
    collection_name="hybrid",
    drop_old=True,
    **at,
)
assert len(hybrid.similarity_search("apples", k=3, ranker_type="rrf", ranker_params={"k": 60})) == 3


async def main() -> None:
    store = Milvus(embeddings, collection_name="asynchronous", drop_old=True, **at)
    await store.aadd_documents(documents)
    found = await store.asimilarity_search("document number 3 about apples", k=2)
    assert found[0].metadata["n"] == 3, found


asyncio.run(main())
print("done")
