"""What scripts for langchain_milvus read, import and give as connection_args is served, or names what to use."""

from __future__ import annotations

import copy
import importlib
import inspect
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import langchain_milvus_store
from langchain_milvus_store import BM25BuiltInFunction, Milvus
from langchain_milvus_store.connecting import client_arguments
from milvus_store import AsyncMilvusClient, DataType, MilvusClient
from milvus_store.errors import ConnectionNotExistException, MilvusException

from .conftest import HashedWords

MakeStore = Callable[..., Milvus]

CALLS = (
    "add_documents add_embeddings add_texts as_retriever delete drop from_documents from_texts get_by_ids get_pks "
    "max_marginal_relevance_search max_marginal_relevance_search_by_vector search search_by_metadata "
    "similarity_search similarity_search_by_vector similarity_search_with_relevance_scores "
    "similarity_search_with_score similarity_search_with_score_by_vector upsert"
)
AWAITED = {"as_retriever", "drop"}
ATTRIBUTES = (
    "aclient auto_id builtin_func client col collection_description collection_name collection_properties "
    "consistency_level embedding_func embeddings enable_dynamic_field fields index_params metadata_schema "
    "num_partitions num_shards partition_names replica_number search_params timeout vector_fields vector_schema "
    "_primary_field _text_field _vector_field _metadata_field _partition_key_field"
)
ARGUMENTS = (
    "embedding_function collection_name collection_description collection_properties connection_args "
    "consistency_level index_params search_params drop_old auto_id primary_field text_field vector_field "
    "enable_dynamic_field metadata_field partition_key_field num_partitions partition_names replica_number "
    "timeout num_shards vector_schema metadata_schema builtin_function"
)
"""Of langchain-milvus 0.4.0."""


@pytest.mark.parametrize("name", CALLS.split())
def test_every_call_is_there_and_awaited_too(name: str) -> None:
    assert callable(getattr(Milvus, name))
    if name not in AWAITED:
        assert inspect.iscoroutinefunction(getattr(Milvus, f"a{name}"))


@pytest.mark.parametrize("name", ATTRIBUTES.split())
def test_every_attribute_is_there_with_and_without_a_collection(store: Milvus, name: str) -> None:
    getattr(store, name)
    store.add_texts(["a"])
    getattr(store, name)


def test_every_argument_of_the_constructor_is_one() -> None:
    assert list(inspect.signature(Milvus).parameters) == ARGUMENTS.split()


@pytest.mark.parametrize("name", ["alias", "default_search_params"])
def test_an_attribute_that_is_not_served_names_what_to_use(store: Milvus, name: str) -> None:
    with pytest.raises(
        AttributeError, match=rf"'Milvus' object has no attribute '{name}': .*(client|search_params)"
    ):
        getattr(store, name)


def test_col_shows_the_collection_as_it_is_now(make_store: MakeStore) -> None:
    store = make_store(partition_key_field="who", collection_description="notes")
    assert store.col is None
    assert store.fields == []
    store.add_texts(list("abc"), [{"who": "ann"}, {"who": "bob"}, {}])
    view = store.col
    assert view is not None
    assert (view.name, view.description, view.num_entities, view.is_empty) == (
        "LangChainCollection", "notes", 3, False,
    )  # fmt: skip
    assert [one.name for one in view.schema.fields] == store.fields == ["pk", "text", "vector", "who"]
    assert (view.primary_field.name, view.schema.auto_id) == ("pk", False)
    assert [one.params.get("dim") for one in view.schema.fields] == [None, None, 64, None]
    assert [one.to_dict() for one in view.indexes] == [
        {
            "collection": "LangChainCollection",
            "field": "vector",
            "index_name": "vector",
            "index_param": {"metric_type": "L2", "index_type": "AUTOINDEX"},
        }
    ]
    bound = store.for_tenant("ann").col
    assert bound is not None
    assert bound.num_entities == 1
    view.flush()
    view.release()
    view.load()
    view.set_properties({"owner": "me"})
    with pytest.raises(AttributeError, match=r"use store\.client\.query\('LangChainCollection', \.\.\.\)"):
        view.query("pk != ''")
    store.delete(expr="pk != ''")
    assert view.is_empty
    store.drop()
    assert store.col is None


def test_parameters_are_one_dict_or_a_list_of_one_for_each_vector_field(
    make_store: MakeStore, path: str
) -> None:
    one = make_store(index_params=[{"metric_type": "IP"}])
    assert one.index_params == {"index_type": "AUTOINDEX", "metric_type": "IP"}
    assert one.search_params is None
    one.add_texts(["a"])
    assert one.search_params == {"metric_type": "IP", "params": {}}
    assert make_store().index_params == {"index_type": "AUTOINDEX", "metric_type": "IP"}
    several = Milvus(
        HashedWords(),
        builtin_function=BM25BuiltInFunction(),
        vector_field=["dense", "sparse"],
        connection_args={"uri": path},
        collection_name="several",
    )
    several.add_texts(["a", "b"])
    assert several.index_params == [
        {"index_type": "AUTOINDEX", "metric_type": "L2"},
        {"index_type": "SPARSE_INVERTED_INDEX", "metric_type": "BM25"},
    ]
    assert several.search_params == [
        {"metric_type": "L2", "params": {}}, {"metric_type": "BM25", "params": {}}
    ]  # fmt: skip
    assert several.similarity_search("a", param=several.search_params) == several.similarity_search("a")
    several.search_params = [{"params": {}}, {"params": {}}]
    assert several.similarity_search("a", k=1)[0].page_content == "a"
    several.client.close()


async def test_aclient_is_of_the_same_client_and_closes_with_it(store: Milvus, path: str) -> None:
    store.add_texts(["a"], ids=["1"])
    assert store.aclient is store.aclient
    assert isinstance(store.aclient, AsyncMilvusClient)
    assert [dict(row) for row in await store.aclient.get(store.collection_name, ["1"], ["text"])] == [
        {"text": "a", "pk": "1"}
    ]
    store.client.close()
    for call in (store.aclient.list_collections(), store.asimilarity_search("a"), store.aadd_texts(["b"])):
        with pytest.raises(ConnectionNotExistException, match="closed"):
            await call
    assert [one.name for one in Path(path).parent.iterdir()] == [Path(path).name]


@pytest.mark.parametrize(
    ("module", "names"),
    [
        ("langchain_milvus_store.vectorstores", ["Milvus"]),
        ("langchain_milvus_store.vectorstores.milvus", ["Milvus"]),
        ("langchain_milvus_store.function", ["BM25BuiltInFunction", "TextEmbeddingBuiltInFunction"]),
        ("langchain_milvus_store.utils.sparse", ["BaseSparseEmbedding"]),
    ],
)
def test_modules_have_the_paths_of_the_original(module: str, names: list[str]) -> None:
    for name in names:
        assert getattr(importlib.import_module(module), name) is getattr(langchain_milvus_store, name)


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("langchain_milvus_store", "Zilliz"),
        ("langchain_milvus_store", "ZillizCloudPipelineRetriever"),
        ("langchain_milvus_store", "MilvusCollectionHybridSearchRetriever"),
        ("langchain_milvus_store.vectorstores", "Zilliz"),
        ("langchain_milvus_store.function", "BM25SparseEmbedding"),
        ("langchain_milvus_store.utils.sparse", "BM25SparseEmbedding"),
    ],
)
def test_a_name_that_is_not_served_says_what_to_use(module: str, name: str) -> None:
    with pytest.raises(
        ImportError, match=f"{name} of langchain_milvus is not in langchain_milvus_store: (use|give)"
    ):
        exec(f"from {module} import {name}")
    with pytest.raises(AttributeError, match=f"module '{module}' has no attribute 'Nothing'"):
        _ = importlib.import_module(module).Nothing


@pytest.mark.parametrize(
    ("given", "uri", "rest"),
    [
        (None, "./milvus_demo.db", {}),
        ({}, "./milvus_demo.db", {}),
        ({"uri": "x.db", "busy_timeout": 1}, "x.db", {"busy_timeout": 1}),
        ({"host": "db", "port": "19531"}, "http://db:19531", {}),
        ({"host": "db", "port": 19531, "secure": True}, "https://db:19531", {}),
        ({"host": "db"}, "http://db:19530", {}),
        ({"port": 1}, "http://localhost:1", {}),
        ({"address": "db:7", "user": "u", "password": "p"}, "http://db:7", {"user": "u", "password": "p"}),
        ({"address": "https://db:7", "secure": True}, "https://db:7", {}),
        ({"uri": "http://db", "secure": True}, "http://db", {"secure": True}),
    ],
)
def test_older_words_for_the_place_become_a_uri(
    given: dict[str, Any] | None, uri: str, rest: dict[str, Any]
) -> None:
    before = copy.copy(given)
    assert client_arguments(given) == {"uri": uri, **rest}
    assert given == before


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"uri": "x.db", "host": "db"}, "as 'uri' and as 'host': give one"),
        ({"address": "a:1", "port": 2}, "as 'address' and as 'port': give one"),
        ({"host": "db", "port": "many"}, "port must be a number from 1 to 65535, got 'many'"),
        ({"host": "db", "port": 99_999}, "port must be"),
        (
            {"path": "x.db"},
            "'path' is not an argument of this store, got 'x.db': name the file or the server as 'uri'",
        ),
        ({"url": "http://db"}, "'uri'"),
        ({"database": "x.db"}, "'uri'"),
    ],
)
def test_a_place_that_is_not_understood_is_never_the_default_file(
    given: dict[str, Any], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=message):
        Milvus(HashedWords(), connection_args=given)
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_is_not_there_reminds_of_the_file() -> None:
    given = {"host": "127.0.0.1", "port": 1, "timeout": 1}
    with pytest.raises(MilvusException, match=r"is a server; for a file give connection_args=.*'uri'"):
        Milvus(HashedWords(), connection_args=given)
    with pytest.raises(MilvusException) as caught:
        Milvus(HashedWords(), connection_args={"uri": "http://127.0.0.1:1", "timeout": 1})
    assert "for a file" not in str(caught.value)


@pytest.mark.parametrize(
    "given",
    [
        {"dtype": DataType.FLOAT_VECTOR, "dim": 64},
        {"dtype": DataType.FLOAT16_VECTOR, "dim": 64},
        {"dtype": DataType.FLOAT_VECTOR, "kwargs": {"dim": 64}},
        {"dim": 64},
    ],
)
def test_vector_schema_may_give_the_dimension(make_store: MakeStore, given: dict[str, Any]) -> None:
    before = copy.deepcopy(given)
    store = make_store(vector_schema=given)
    store.add_texts(["a"])
    assert store.vector_schema == given == before
    assert store.similarity_search("a")[0].page_content == "a"
    for other, reason in (
        ({**given, "kwargs": {}, "dim": 32}, "has the dimension 64, the store asks for 32"),
        ({"dtype": DataType.BFLOAT16_VECTOR}, "vector_schema asks for BFLOAT16_VECTOR"),
    ):
        with pytest.raises(ValueError, match=reason):
            make_store(vector_schema=other)


@pytest.mark.parametrize("arguments", [{}, {"metadata_field": "m"}, {"enable_dynamic_field": False}])
def test_an_empty_tenant_is_a_tenant_of_its_own(make_store: MakeStore, arguments: dict[str, Any]) -> None:
    store = make_store(partition_key_field="who", **arguments)
    metadatas: list[dict[str, Any]] = [{"who": "ann"}, {"who": ""}, {}, {"who": None}]
    ids = store.add_texts(list("abcd"), metadatas)
    kept = [one.metadata for one in store.get_by_ids(ids)]
    assert kept == (metadatas if "metadata_field" in arguments else [{"who": "ann"}, {"who": ""}, {}, {}])
    for opened in (store, make_store(**arguments)):
        assert [one.page_content for one in opened.similarity_search("b", expr='who == ""')] == ["b"]
        bound = opened.for_tenant("")
        assert [one.page_content for one in bound.similarity_search("a")] == ["b"]
        bound.add_texts(["B"], ids=["B"])
        assert bound.get_by_ids(["B"])[0].metadata == {"who": ""}
        bound.delete(["B"])


def test_documents_without_a_tenant_in_a_file_of_an_earlier_version_stay_so(
    path: str, make_store: MakeStore
) -> None:
    with MilvusClient(path) as client:
        schema = client.create_schema(enable_dynamic_field=True)
        schema.add_field("pk", DataType.VARCHAR, is_primary=True, max_length=100)
        schema.add_field("text", DataType.VARCHAR, max_length=100)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=64)
        schema.add_field("who", DataType.VARCHAR, max_length=9, is_partition_key=True, default_value="")
        client.create_collection("LangChainCollection", schema=schema)
    store = make_store()
    ids = store.add_texts(["a", "b"], [{"n": 1}, {"who": "ann"}])
    assert [one.metadata for one in store.get_by_ids(ids)] == [{"n": 1}, {"who": "ann"}]


@pytest.mark.parametrize(
    "take", [lambda store: pickle.loads(pickle.dumps(store)), copy.deepcopy], ids=["pickle", "deepcopy"]
)
def test_a_store_can_be_pickled_and_deep_copied(
    make_store: MakeStore, take: Callable[[Milvus], Milvus]
) -> None:
    store = make_store(partition_key_field="who", drop_old=True)
    store.add_texts(["a", "b"], [{"who": "ann"}, {"who": "bob"}])
    _ = store.aclient
    other, bound = take(store), take(store.for_tenant("ann"))
    assert len(other.similarity_search("x")) == 2
    assert [one.page_content for one in bound.similarity_search("x")] == ["a"]
    other.add_texts(["c"])
    for one in (other, bound):
        one.client.close()
    assert len(store.similarity_search("x")) == 3
    memory = Milvus(HashedWords(), connection_args={"uri": ":memory:"})
    with pytest.raises(TypeError, match="in memory belongs to its client"):
        take(memory)
    memory.client.close()
    with pytest.raises(ConnectionNotExistException, match="closed"):
        take(memory)


@pytest.mark.parametrize("search_type", ["similarity", "mmr", "similarity_score_threshold"])
def test_a_retriever_is_confined_by_its_filter_and_its_tenant(
    make_store: MakeStore, search_type: str
) -> None:
    store = make_store(partition_key_field="who", index_params={"metric_type": "COSINE"})
    store.add_texts(list("abc"), [{"who": "ann", "n": 1}, {"who": "ann", "n": 2}, {"who": "bob", "n": 2}])
    threshold = {"score_threshold": 0.0} if search_type == "similarity_score_threshold" else {}

    def found(store: Milvus, **arguments: Any) -> list[str]:
        retriever = store.as_retriever(search_type=search_type, search_kwargs={**threshold, **arguments})
        return sorted(one.page_content for one in retriever.invoke("a"))

    assert found(store, expr="n == 2") == ["b", "c"]
    assert found(store, expr="n == {n} and who == {who}", filter_params={"n": 2, "who": "ann"}) == ["b"]
    assert found(store.for_tenant("bob")) == ["c"]
    assert found(store.for_tenant("bob"), expr='who == "ann" or n > 0') == ["c"]
    with pytest.raises(ValueError, match="did you mean 'expr'"):
        found(store, filter="n == 2")
