"""The code of LangChain's documentation page for Milvus, block by block, on one file.

Only the import of the store and the embedding differ, and a loader that needs no further package.
"""

import getpass
import os
from pathlib import Path

import pytest
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_text_splitters import CharacterTextSplitter

from langchain_milvus_store import Milvus

SPEECH = "\n\n".join(
    [
        "Fellow citizens, the winter was long, and we came through it by helping each other. " * 6,
        "The roads and bridges of this country will be mended, mile by mile and year by year. " * 6,
        "Last week I nominated Ketanji Brown Jackson, a judge of great experience, to the court. " * 6,
        "Prices must come down, wages must go up, and the factories must come home again. " * 6,
    ]
)


class TextLoader:
    """Reads a file as one document."""

    def __init__(self, file_path: str) -> None:
        self.file_path = file_path

    def load(self) -> list[Document]:
        text = Path(self.file_path).read_text(encoding="utf-8")
        return [Document(text, metadata={"source": self.file_path})]


@pytest.fixture
def page_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the page, in a tree where the page's relative path to the speech holds."""
    folder = tmp_path / "docs" / "integrations" / "vectorstores"
    folder.mkdir(parents=True)
    (tmp_path / "docs" / "how_to").mkdir()
    (tmp_path / "docs" / "how_to" / "state_of_the_union.txt").write_text(SPEECH, encoding="utf-8")
    monkeypatch.chdir(folder)
    monkeypatch.setattr(getpass, "getpass", lambda prompt: "no key")
    monkeypatch.setenv("OPENAI_API_KEY", "")
    return folder


def test_every_block_of_the_page_works_in_order(page_folder: Path, embeddings: Embeddings) -> None:
    os.environ["OPENAI_API_KEY"] = getpass.getpass("OpenAI API Key:")

    loader = TextLoader("../../how_to/state_of_the_union.txt")
    documents = loader.load()
    text_splitter = CharacterTextSplitter(chunk_size=1000, chunk_overlap=0)
    docs = text_splitter.split_documents(documents)
    assert len(docs) > 1

    uri = "./milvus_demo.db"
    vector_db = Milvus.from_documents(docs, embeddings, connection_args={"uri": uri})
    assert (page_folder / "milvus_demo.db").exists()

    query = "What did the president say about Ketanji Brown Jackson"
    docs = vector_db.similarity_search(query)
    assert "Ketanji Brown Jackson" in docs[0].page_content
    assert docs[0].metadata == {"source": "../../how_to/state_of_the_union.txt"}

    # One collection a subject
    vector_db = Milvus.from_documents(
        docs,
        embeddings,
        collection_name="collection_1",
        connection_args={"uri": uri},
    )
    vector_db = Milvus(
        embeddings,
        connection_args={"uri": uri},
        collection_name="collection_1",
    )
    assert vector_db.similarity_search(query) == docs

    # One tenant a user
    docs = [
        Document(page_content="i worked at kensho", metadata={"namespace": "harrison"}),
        Document(page_content="i worked at facebook", metadata={"namespace": "ankush"}),
    ]
    vectorstore = Milvus.from_documents(
        docs,
        embeddings,
        connection_args={"uri": uri},
        drop_old=True,
        partition_key_field="namespace",
    )
    for tenant, content in (("ankush", "i worked at facebook"), ("harrison", "i worked at kensho")):
        found = vectorstore.as_retriever(search_kwargs={"expr": f'namespace == "{tenant}"'}).invoke(
            "where did i work?"
        )
        assert [(one.page_content, one.metadata) for one in found] == [(content, {"namespace": tenant})]
    both = vectorstore.similarity_search("work", expr='namespace in ["ankush", "harrison"]')
    assert len(both) == 2

    # Delete and upsert, in the collection of the tenants
    docs = [
        Document(page_content="foo", metadata={"id": 1}),
        Document(page_content="bar", metadata={"id": 2}),
        Document(page_content="baz", metadata={"id": 3}),
    ]
    vector_db = Milvus.from_documents(
        docs,
        embeddings,
        connection_args={"uri": uri},
    )
    expr = "id in [1,2]"
    pks = vector_db.get_pks(expr)
    assert len(pks) == 2

    result = vector_db.delete(pks)
    assert result is True
    assert vector_db.get_pks(expr) == []

    new_docs = [
        Document(page_content="new_foo", metadata={"id": 1}),
        Document(page_content="new_bar", metadata={"id": 2}),
        Document(page_content="upserted_bak", metadata={"id": 3}),
    ]
    upserted_pks = vector_db.upsert(pks, new_docs)
    assert upserted_pks[:2] == pks
    assert [one.page_content for one in vector_db.get_by_ids(upserted_pks)] == [
        "new_foo",
        "new_bar",
        "upserted_bak",
    ]
    assert all("namespace" not in one.metadata for one in vector_db.search_by_metadata("id in [1, 2, 3]"))
