"""A call that failed has changed nothing, and says where in the caller's lists the fault is."""

from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.documents import Document

from langchain_milvus_store import Milvus
from milvus_store import MilvusException

from .conftest import HashedWords

MakeStore = Callable[..., Milvus]


def contents(store: Milvus) -> list[str]:
    return sorted(one.page_content for one in store.similarity_search("x", k=100))


REFUSED: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    # (arguments of the store, of add_texts, what the error says)
    ({"enable_dynamic_field": False}, {"metadatas": [{"x": 1}, {"x": 1.5}]}, r"'x'.*document 0.*document 1"),
    ({"enable_dynamic_field": False}, {"metadatas": [{"x": "a"}, {"x": 5}]}, r"'x'.*document 0.*document 1"),
    ({"enable_dynamic_field": False}, {"metadatas": [{"x": 1}, {"x": 2**70}]}, "row 1.*'x'"),
    ({"enable_dynamic_field": False}, {"metadatas": [{"x": 1}, {"y": 2}]}, r"'y'.*document 1"),
    ({"enable_dynamic_field": False}, {"metadatas": [{"x": None}, {"x": 1j}]}, r"'x'.*complex.*document 1"),
    ({}, {"metadatas": [{"x": 1}, {"x": object()}]}, "row 1"),
    ({}, {"metadatas": [{}, {"pk": 1}]}, r"'pk'.*document 1"),
    ({"metadata_field": "m"}, {"metadatas": [{}, {"x": object()}]}, "row 1"),
    ({}, {"metadatas": [{}, {}], "partition_name": "nope"}, "'nope' does not exist"),
    ({"index_params": {"index_type": "HNSWX"}}, {}, "HNSWX"),
    ({"collection_properties": {"collection.ttl.seconds": "soon"}}, {}, "ttl"),
    ({"partition_key_field": "who"}, {"metadatas": [{"who": "a"}, {"who": "b" * 70_000}]}, "row 1.*'who'"),
    ({"partition_key_field": "who"}, {"metadatas": [{"who": "a"}, {"who": "__no_tenant__"}]}, "document 1"),
    ({"vector_schema": {"dim": 8}}, {}, "dimension 8"),
]


@pytest.mark.parametrize(("arguments", "added", "message"), REFUSED)
@pytest.mark.parametrize("batch_size", [1, 1000])
def test_first_documents_that_are_refused_leave_no_collection(
    make_store: MakeStore, arguments: dict[str, Any], added: dict[str, Any], message: str, batch_size: int
) -> None:
    store = make_store(**arguments)
    with pytest.raises((ValueError, MilvusException), match=message):
        store.add_texts(["a", "b"], batch_size=batch_size, **added)
    assert store.client.list_collections() == []
    make_store().add_texts(["c"], [{"x": "another type"}])


def test_a_bound_store_makes_no_collection_of_another_tenants_documents(make_store: MakeStore) -> None:
    store = make_store(partition_key_field="who").for_tenant("ann")
    with pytest.raises(MilvusException, match="row 1: field 'who'.*'ann'"):
        store.add_texts(["a", "b"], [{}, {"who": "bob"}])
    assert store.client.list_collections() == []
    store.add_texts(["a"])
    assert [one.metadata for one in store.similarity_search("a")] == [{"who": "ann"}]


@pytest.mark.parametrize("batch_size", [1, 2, 1000])
def test_a_later_call_is_written_wholly_or_not_at_all(store: Milvus, batch_size: int) -> None:
    store.add_texts(["old"], ids=["1"])
    for call in (
        lambda: store.add_texts(list("abcd"), [{}, {}, {}, {"x": object()}], batch_size=batch_size),
        lambda: store.add_embeddings(
            list("abcd"), [[1.0] * 64] * 3 + [[float("nan")] * 64], batch_size=batch_size
        ),
        lambda: store.upsert(
            ["1"], [Document("new"), Document("b"), Document("c"), Document("d" * 70_000)], batch_size
        ),
    ):
        with pytest.raises(MilvusException, match="row 3"):
            call()
        assert contents(store) == ["old"]


class Failing(HashedWords):
    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        raise ConnectionError("the model is away")


@pytest.mark.parametrize(
    ("embeddings", "metadata", "arguments"),
    [
        (Failing(), {}, {}),
        (HashedWords(16), {"x": object()}, {}),
        (HashedWords(16), {"pk": 1}, {}),
        (HashedWords(16), {}, {"index_params": {"index_type": "HNSWX"}}),
        (HashedWords(16), {}, {"partition_key_field": "n", "metadata_field": "n"}),
    ],
)
def test_drop_old_keeps_the_old_documents_until_the_new_ones_are_in(
    store: Milvus, path: str, embeddings: Any, metadata: dict[str, Any], arguments: dict[str, Any]
) -> None:
    store.add_texts(["old"])
    documents = [Document("new"), Document("newer", metadata=metadata)]
    with pytest.raises((ValueError, MilvusException, ConnectionError)):
        Milvus.from_documents(
            documents, embeddings, connection_args={"uri": path}, drop_old=True, **arguments
        )
    assert contents(store) == ["old"]


def test_drop_old_replaces_what_does_not_fit(store: Milvus, path: str) -> None:
    store.add_texts(["old"])
    new = Milvus.from_documents(
        [Document("new")],
        HashedWords(16),
        connection_args={"uri": path},
        drop_old=True,
        text_field="body",
    )
    assert contents(new) == ["new"]
    new.add_texts(["newer"])
    assert contents(new) == ["new", "newer"]
    nothing = Milvus.from_texts([], HashedWords(16), connection_args={"uri": path}, drop_old=True)
    assert nothing.client.list_collections() == []
    for one in (new, nothing):
        one.client.close()


def test_a_server_that_fails_in_the_middle_is_said_to_have_stored_what_came_before(
    store: Milvus, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[int] = []

    def write(name: str, rows: list[dict[str, Any]], **_: Any) -> dict[str, Any]:
        if len(written) == 2:
            raise MilvusException(5, "disk full")
        written.append(len(rows))
        return {"ids": [row["pk"] for row in rows]}

    store.add_texts(["old"])
    monkeypatch.setattr(store.client, "uri", "http://localhost:19530")
    monkeypatch.setattr(store.client, "upsert", write)
    with pytest.raises(MilvusException, match="disk full; the documents 0 to 5 are stored") as caught:
        store.add_texts(list("abcdefgh"), ids=list("abcdefgh"), batch_size=3)
    assert (caught.value.code, written) == (5, [3, 3])
