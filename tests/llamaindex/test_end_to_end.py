"""From documents to an answer, offline: the demo's corpus and embedding, and LlamaIndex's mock of a model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from llama_index.core import MockEmbedding, StorageContext, VectorStoreIndex
from llama_index.core.embeddings import BaseEmbedding
from llama_index.core.llms import MockLLM
from llama_index.core.schema import Document
from llama_index.core.vector_stores import MetadataFilter, MetadataFilters

from corpus import load_passages
from lexical_embedding import LexicalEmbedding
from llama_index.vector_stores.milvus_store import MilvusVectorStore

from .conftest import Words


class Lexical(BaseEmbedding):
    """The demo's embedding as LlamaIndex knows embeddings."""

    inner: Any

    def _get_query_embedding(self, query: str) -> list[float]:
        return list(self.inner.embed_query(query))

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_query_embedding(query)

    def _get_text_embedding(self, text: str) -> list[float]:
        (embedding,) = self.inner.embed_documents([text])
        return list(embedding)


@pytest.fixture(scope="module")
def documents() -> list[Document]:
    return [
        Document(id_=passage.id, text=passage.page_content, metadata=passage.metadata)
        for passage in load_passages()
        if passage.metadata["topic"] in ("with", "while", "for", "lambda", "import", "try", "raise", "del")
    ]


@pytest.fixture(scope="module")
def embedding(documents: list[Document]) -> Lexical:
    return Lexical(inner=LexicalEmbedding.fit([one.text for one in documents]), embed_batch_size=64)


@pytest.fixture(scope="module")
def index(
    documents: list[Document], embedding: Lexical, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[VectorStoreIndex]:
    path = tmp_path_factory.mktemp("index") / "test.db"
    store = MilvusVectorStore(
        str(path),
        dim=len(embedding.get_query_embedding("with")),
        enable_sparse=True,
        sparse_embedding_function=Words(),
        similarity_metric="COSINE",
    )
    index = VectorStoreIndex.from_documents(
        documents, storage_context=StorageContext.from_defaults(vector_store=store), embed_model=embedding
    )
    yield index
    store.client.close()


def test_a_question_finds_its_passage(index: VectorStoreIndex) -> None:
    retriever = index.as_retriever(similarity_top_k=3)
    found = retriever.retrieve("which method is called when a context manager is entered?")
    assert found[0].metadata["topic"] == "with"
    assert found[0].score is not None
    assert found[0].score > found[2].score  # type: ignore[operator]


async def test_a_question_is_awaited(index: VectorStoreIndex) -> None:
    retriever = index.as_retriever(similarity_top_k=3)
    question = "what does the else clause of a while loop do?"
    assert [one.node_id for one in await retriever.aretrieve(question)] == [
        one.node_id for one in retriever.retrieve(question)
    ]


@pytest.mark.parametrize("mode", ["hybrid", "text_search", "mmr", "default"])
def test_every_mode_and_filters_reach_the_store(index: VectorStoreIndex, mode: str) -> None:
    filters = MetadataFilters(filters=[MetadataFilter(key="topic", value="lambda")])
    retriever = index.as_retriever(similarity_top_k=2, vector_store_query_mode=mode, filters=filters)
    found = retriever.retrieve("lambda expression parameter list")
    assert found
    assert {one.metadata["topic"] for one in found} == {"lambda"}


def test_the_query_engine_answers_from_the_passages(index: VectorStoreIndex) -> None:
    engine = index.as_query_engine(llm=MockLLM(), similarity_top_k=2)
    answer = engine.query("which names does an import statement bind?")
    assert "import" in str(answer)
    assert {one.metadata["topic"] for one in answer.source_nodes} == {"import"}


def test_documents_are_inserted_updated_and_deleted_through_the_index(path: Path) -> None:
    store = MilvusVectorStore(str(path), dim=4)
    context = StorageContext.from_defaults(vector_store=store)
    index = VectorStoreIndex([], storage_context=context, embed_model=MockEmbedding(embed_dim=4))
    index.insert(Document(id_="one", text="the first"))
    index.insert(Document(id_="two", text="the second"))
    index.update_ref_doc(Document(id_="one", text="the first, again"))
    index.delete_ref_doc("two")
    again = VectorStoreIndex.from_vector_store(store, embed_model=MockEmbedding(embed_dim=4))
    (found,) = again.as_retriever(similarity_top_k=9).retrieve("anything")
    assert found.get_content() == "the first, again"
    store.client.close()
