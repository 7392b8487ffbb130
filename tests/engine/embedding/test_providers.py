"""Hosted services: what their packages are asked, with stand-ins of these packages."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from milvus_store_lite import DataType, EmbeddingError, Field, Function, FunctionType, ParamError
from milvus_store_lite.embedding import check_provider, register, register_credential, unregister, vectors_of
from milvus_store_lite.embedding.providers import _client

FIELD = Field("vector", DataType.FLOAT_VECTOR, dim=2)


def function(provider: str, **params: Any) -> Function:
    kind = FunctionType.TEXTEMBEDDING
    return Function("embed", kind, ("text",), ("vector",), params={"provider": provider, **params})


class StandIn:
    """Answers like the clients of all three packages, and remembers how it was made and asked."""

    def __init__(self, **made: Any) -> None:
        self.made = made
        self.asked: list[dict[str, Any]] = []
        self.embeddings = self
        CLIENTS.append(self)

    def create(self, **asked: Any) -> Any:
        self.asked.append(asked)
        vectors = [SimpleNamespace(index=n, embedding=[n, 1]) for n in range(len(asked["input"]))]
        return SimpleNamespace(data=vectors[::-1])

    def embed(self, texts: list[str], **asked: Any) -> Any:
        self.asked.append({"texts": texts, **asked})
        vectors = [[n, 1] for n in range(len(texts))]
        is_cohere = "embedding_types" in asked
        return SimpleNamespace(embeddings=SimpleNamespace(float_=vectors) if is_cohere else vectors)


CLIENTS: list[StandIn] = []


@pytest.fixture(autouse=True)
def packages(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    _client.cache_clear()
    CLIENTS.clear()
    for package, client in (("openai", "OpenAI"), ("voyageai", "Client"), ("cohere", "ClientV2")):
        module = ModuleType(package)
        setattr(module, client, StandIn)
        monkeypatch.setitem(sys.modules, package, module)
    yield
    _client.cache_clear()


@pytest.mark.parametrize(
    ("provider", "of_texts", "of_queries"),
    [
        (
            "openai",
            {"model": "m", "input": ["a", "b"], "dimensions": 2},
            {"model": "m", "input": ["a", "b"], "dimensions": 2},
        ),
        (
            "voyageai",
            {"model": "m", "texts": ["a", "b"], "input_type": "document", "output_dimension": 2},
            {"model": "m", "texts": ["a", "b"], "input_type": "query", "output_dimension": 2},
        ),
        (
            "cohere",
            {
                "model": "m",
                "texts": ["a", "b"],
                "input_type": "search_document",
                "embedding_types": ["float"],
                "output_dimension": 2,
            },
            {
                "model": "m",
                "texts": ["a", "b"],
                "input_type": "search_query",
                "embedding_types": ["float"],
                "output_dimension": 2,
            },
        ),
    ],
)
def test_a_service_is_asked_by_its_package(
    provider: str, of_texts: dict[str, Any], of_queries: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"MILVUSAI_{provider.upper()}_API_KEY", "from the environment")
    embeds = function(provider.upper(), model_name="m", dim="2")
    found = vectors_of(embeds, FIELD, ["a", "b"])
    assert np.array_equal(found, [[0, 1], [1, 1]])
    vectors_of(embeds, FIELD, ["a", "b"], as_queries=True)
    (client,) = CLIENTS
    assert client.made == {"api_key": "from the environment"}
    assert client.asked == [of_texts, of_queries]


def test_without_a_key_of_milvus_the_package_looks_for_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MILVUSAI_OPENAI_API_KEY", raising=False)
    vectors_of(function("openai", model_name="m"), FIELD, ["a"])
    assert CLIENTS[0].made == {"api_key": None}
    assert CLIENTS[0].asked == [{"model": "m", "input": ["a"]}]


def test_a_credential_is_one_that_the_process_has_registered() -> None:
    with pytest.raises(ParamError, match=r"register_credential\('mine', key\)"):
        check_provider(function("openai", model_name="m", credential="mine"))
    register_credential("mine", "secret")
    check_provider(function("openai", model_name="m", credential="mine"))
    assert CLIENTS[0].made == {"api_key": "secret"}


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({}, "needs a model_name"),
        ({"model_name": 5}, "needs a model_name"),
        ({"model_name": "m", "url": "http://elsewhere"}, "takes provider, model_name, credential, dim"),
        ({"modle_name": "m"}, "did you mean 'model_name'"),
    ],
)
def test_a_file_names_the_model_and_neither_an_address_nor_a_key(
    params: dict[str, Any], message: str
) -> None:
    with pytest.raises(ParamError, match=message):
        check_provider(function("openai", **params))
    assert not CLIENTS


def test_a_package_that_is_missing_is_an_error_with_the_line_for_pip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openai", None)
    with pytest.raises(EmbeddingError, match="pip install openai") as caught:
        check_provider(function("openai", model_name="m"))
    assert "milvus_store.embeddings.register('openai', embed)" in caught.value.message


def test_what_a_package_raises_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**made: Any) -> Any:
        raise ValueError("no key")

    monkeypatch.setattr(sys.modules["openai"], "OpenAI", refuse)
    with pytest.raises(EmbeddingError, match="provider 'openai' cannot be used: no key"):
        check_provider(function("openai", model_name="m"))


def test_a_callable_of_the_same_name_takes_the_place_of_a_service() -> None:
    register("openai", lambda texts, model_name: [[5, len(model_name)]] * len(texts))
    try:
        found = vectors_of(function("openai", model_name="long"), FIELD, ["a"])
    finally:
        unregister("openai")
    assert np.array_equal(found, [[5, 4]])
    assert not CLIENTS
