"""LangChain's own suite for vector stores, synchronous and asynchronous."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from langchain_core.vectorstores import VectorStore
from langchain_tests.integration_tests import VectorStoreIntegrationTests

from langchain_milvus_store import BM25BuiltInFunction, Milvus

CONFIGURATIONS = {
    "as it comes": {},
    "metadata in one field": {"metadata_field": "metadata"},
    "cosine": {"index_params": {"index_type": "FLAT", "metric_type": "COSINE"}},
    "with full text": {"builtin_function": BM25BuiltInFunction(), "vector_field": ["dense", "sparse"]},
}


class TestMilvus(VectorStoreIntegrationTests):
    @pytest.fixture(params=CONFIGURATIONS.values(), ids=CONFIGURATIONS)
    def vectorstore(self, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[VectorStore]:  # type: ignore[override]
        arguments: dict[str, Any] = request.param
        store = Milvus(self.get_embeddings(), connection_args={"uri": str(tmp_path / "demo.db")}, **arguments)
        yield store
        store.client.close()
