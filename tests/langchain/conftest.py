"""An embedding that needs no model, and a store in a file of its own."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import pytest
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings

from langchain_milvus_store import Milvus

DIM = 64


class HashedWords(Embeddings):
    """Texts with the same words are near each other: every word counts in one of ``dim`` places."""

    def __init__(self, dim: int = DIM) -> None:
        self.dim = dim

    def embed_query(self, text: str) -> list[float]:
        vector = np.full(self.dim, 1e-3)
        for word in text.lower().split():
            vector[crc32(word.strip(".,;:?!\"'").encode()) % self.dim] += 1
        return list(map(float, vector / np.linalg.norm(vector)))

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [self.embed_query(text) for text in texts]


MakeStore = Callable[..., Milvus]


@pytest.fixture
def embeddings() -> HashedWords:
    return HashedWords()


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "demo.db")


@pytest.fixture
def make_store(path: str, embeddings: HashedWords) -> Iterator[MakeStore]:
    """``make_store(**arguments)``: another store on the test's file."""
    opened: list[Milvus] = []

    def make(**arguments: Any) -> Milvus:
        dim = arguments.pop("dim", DIM)
        arguments.setdefault("connection_args", {"uri": path})
        store = Milvus(HashedWords(dim), **arguments)
        opened.append(store)
        return store

    yield make
    for store in opened:
        store.client.close()


@pytest.fixture
def make_of(tmp_path: Path) -> Iterator[MakeStore]:
    """``make_of(documents, embeddings, **arguments)``: a store on a file of its own, with documents."""
    opened: list[Milvus] = []

    def make(documents: list[Document], embeddings: Any, **arguments: Any) -> Milvus:
        uri = {"uri": str(tmp_path / f"{len(opened)}.db")}
        store = Milvus.from_documents(documents, embeddings, connection_args=uri, **arguments)
        opened.append(store)
        return store

    yield make
    for store in opened:
        store.client.close()


@pytest.fixture
def store(make_store: MakeStore) -> Milvus:
    return make_store()
