"""The stores of LangChain and LlamaIndex answer on a server as on a file."""

from __future__ import annotations

from pathlib import Path

import pytest
from langchain_core.documents import Document
from langchain_core.embeddings import DeterministicFakeEmbedding
from llama_index.core.schema import TextNode
from llama_index.core.vector_stores import FilterOperator, MetadataFilter, MetadataFilters, VectorStoreQuery

from langchain_milvus_store import Milvus
from llama_index.vector_stores.milvus_store import MilvusVectorStore

pytestmark = pytest.mark.filterwarnings("default")  # pymilvus's own warnings are not ours to answer for


@pytest.fixture(scope="module")
def uri(milvus_server: tuple[str, int]) -> str:
    return "http://{}:{}".format(*milvus_server)


def test_the_langchain_store_works_on_a_server_as_on_a_file(uri: str, path: Path) -> None:
    documents = [
        Document("i worked at kensho", metadata={"namespace": "harrison"}, id="a"),
        Document("i worked at facebook", metadata={"namespace": "ankush", "more": {"x": 1}}, id="b"),
    ]
    answers = []
    for address in (uri, str(path)):
        store = Milvus.from_documents(
            documents,
            DeterministicFakeEmbedding(size=16),
            connection_args={"uri": address},
            collection_name="for_langchain",
            partition_key_field="namespace",
            drop_old=True,
        )
        retriever = store.as_retriever(search_kwargs={"expr": 'namespace == "ankush"'})
        found = retriever.invoke("where did i work?")
        assert found == documents[1:]
        store.delete(["a"])
        answers.append(store.similarity_search("where", k=5))
    assert answers[0] == answers[1] == documents[1:]


def test_the_llamaindex_store_works_on_a_server_as_on_a_file(uri: str, path: Path) -> None:
    nodes = [
        TextNode(text="a", id_="1", embedding=[1.0, 0], metadata={"year": 1999, "tag": 'it\'s "x"'}),
        TextNode(text="b", id_="2", embedding=[0, 1.0], metadata={"year": 2005, "tag": "y"}),
    ]
    wanted = MetadataFilters(
        filters=[
            MetadataFilter(key="tag", value='it\'s "x"'),
            MetadataFilter(key="year", value=2000, operator=FilterOperator.LT),
        ]
    )
    for address in (uri, str(path)):
        store = MilvusVectorStore(uri=address, dim=2, overwrite=True, collection_name="for_llamaindex")
        store.add(nodes)
        found = store.query(VectorStoreQuery([0, 1.0], similarity_top_k=2, filters=wanted))
        assert found.ids == ["1"]
