"""On a server too, what a call that failed has made is taken back, and what was there is left alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from langchain_core.documents import Document
from langchain_core.embeddings import DeterministicFakeEmbedding

from langchain_milvus_store import Milvus
from milvus_store import CollectionSchema, DataType, IndexParams, MilvusClient
from milvus_store.backends.remote.creation import taking_back_indexes
from milvus_store.errors import CollectionExistsError, MilvusException

pytestmark = pytest.mark.filterwarnings("default")  # pymilvus's own warnings are not ours to answer for

GOOD = [{"id": 1, "v": [1.0, 2.0]}, {"id": 2, "v": [3.0, 4.0]}]


@pytest.fixture
def client(milvus_server: tuple[str, int]) -> Iterator[MilvusClient]:
    with MilvusClient("http://{}:{}".format(*milvus_server)) as client:
        before = client.list_collections()
        yield client
        for name in client.list_collections():
            if name not in before:
                client.drop_collection(name)


def schema() -> CollectionSchema:
    made = MilvusClient.create_schema()
    made.add_field("id", DataType.INT64, is_primary=True)
    return made.add_field("v", DataType.FLOAT_VECTOR, dim=2)


def index(**options: Any) -> IndexParams:
    return MilvusClient.prepare_index_params("v", **{"index_type": "FLAT", "metric_type": "L2", **options})


def rows(client: MilvusClient, name: str) -> Any:
    found = client.query(name, "id > 0", consistency_level="Strong")
    return sorted(row["id"] for row in found)


@pytest.mark.parametrize("call", ["create_collection", "create_and_insert"])
def test_a_collection_whose_index_is_refused_is_none(client: MilvusClient, call: str) -> None:
    before = client.list_collections()
    given: dict[str, Any] = {} if call == "create_collection" else {"data": GOOD}
    with pytest.raises(MilvusException):
        getattr(client, call)("half", schema=schema(), index_params=index(metric_type="JACCARD"), **given)
    assert client.list_collections() == before
    client.create_and_insert("half", GOOD, schema(), index(), batch_size=1)
    with pytest.raises(MilvusException):
        getattr(client, call)("half", schema=schema(), index_params=index(metric_type="JACCARD"), **given)
    assert rows(client, "half") == [1, 2]


def test_a_collection_that_is_there_is_left_alone(client: MilvusClient) -> None:
    client.create_and_insert("mine", GOOD, schema(), index())
    for data in (GOOD[:1], [{"id": 3, "v": [1.0, 2.0, 3.0]}]):
        with pytest.raises(CollectionExistsError, match="'mine' already exists"):
            client.create_and_insert("mine", data, schema(), index())
        assert rows(client, "mine") == [1, 2]


def test_a_collection_that_another_fills_at_the_same_moment_is_left_alone(
    client: MilvusClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = client._server
    assert server is not None
    ask = server.ask

    def ask_beside_another(name: str, *args: Any, **options: Any) -> Any:
        answer = ask(name, *args, **options)
        if name == "create_collection":
            ask("insert", args[0], [{"id": 9, "v": [0.0, 0.0]}])
        return answer

    monkeypatch.setattr(server, "ask", ask_beside_another)
    bad = [*GOOD, {"id": 3, "v": [1.0, 2.0, 3.0]}]
    with pytest.raises(
        MilvusException, match="'both' stays, with 2 rows of this call: it has rows of others"
    ):
        client.create_and_insert("both", bad, schema(), index(), batch_size=2)
    assert rows(client, "both") == [1, 2, 9]


def test_rows_that_are_refused_leave_nothing_and_replace_nothing(client: MilvusClient) -> None:
    before = client.list_collections()
    bad = [*GOOD, {"id": 3, "v": [1.0, 2.0, 3.0]}]
    with pytest.raises(MilvusException):
        client.create_and_insert("first", bad, schema(), index(), batch_size=2)
    assert client.list_collections() == before
    client.create_and_insert("first", GOOD, schema(), index())
    with pytest.raises(MilvusException):
        client.create_and_insert("first", bad, schema(), index(), replace=True, batch_size=2)
    assert rows(client, "first") == [1, 2]
    client.create_and_insert("first", GOOD[:1], schema(), index(), replace=True)
    assert rows(client, "first") == [1]
    assert sorted(client.list_collections()) == sorted([*before, "first"])


class Failing(DeterministicFakeEmbedding):
    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        raise ConnectionError("the model is away")


def test_the_langchain_store_reports_what_the_server_refuses(client: MilvusClient) -> None:
    arguments: dict[str, Any] = {
        "connection_args": {"uri": client.uri},
        "collection_name": "documents",
        "consistency_level": "Strong",
    }
    embeddings = DeterministicFakeEmbedding(size=4)
    with pytest.raises(MilvusException):
        Milvus.from_texts(["a"], embeddings, index_params={"metric_type": "JACCARD"}, **arguments)
    assert not client.has_collection("documents")
    store = Milvus.from_documents([Document("old", id="1")], embeddings, **arguments)
    for failing, wrong in ((Failing(size=4), {}), (embeddings, {"index_params": {"metric_type": "JACCARD"}})):
        with pytest.raises((ConnectionError, MilvusException)):
            Milvus.from_documents([Document("new")], failing, drop_old=True, **arguments, **wrong)
        assert [one.page_content for one in store.similarity_search("x")] == ["old"]
    new = Milvus.from_documents([Document("new")], embeddings, drop_old=True, **arguments)
    assert [one.page_content for one in new.similarity_search("x")] == ["new"]
    for one in (store, new):
        one.client.close()


def test_a_client_of_a_server_can_be_pickled(client: MilvusClient) -> None:
    import pickle

    client.create_and_insert("c", GOOD, schema(), index())
    with pickle.loads(pickle.dumps(client)) as other:
        assert type(other) is type(client)
        assert rows(other, "c") == [1, 2]


class _Stubborn:
    """A server that has made index ``b`` and does not drop it."""

    def __init__(self) -> None:
        self.answers = iter([["a"], ["a", "b"]])

    def ask(self, name: str, *args: object, **_: object) -> list[str]:
        if name == "list_indexes":
            return next(self.answers)
        raise MilvusException(message=f"{args[-1]} is in use")


def test_indexes_that_cannot_be_taken_back_are_named() -> None:
    said = "refused; indexes made before it may stay: b is in use"
    with pytest.raises(MilvusException, match=said), taking_back_indexes(_Stubborn(), "docs"):
        raise MilvusException(message="refused")
