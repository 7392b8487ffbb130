"""Adding, replacing and deleting documents, and the ids they go by."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from langchain_core.documents import Document

from langchain_milvus_store import Milvus
from milvus_store import MilvusClient, MilvusException

MakeStore = Callable[..., Milvus]


def stored(store: Milvus) -> dict[str | None, str]:
    return {one.id: one.page_content for one in store.similarity_search("x", k=1000)}


def test_ids_come_from_the_argument_then_the_document_then_are_made(store: Milvus) -> None:
    documents = [Document("a", id="own"), Document("b")]
    own, made = store.add_documents(documents)
    assert own == "own"
    assert len(made) == 36
    assert store.add_documents(documents, ids=["1", "2"]) == ["1", "2"]
    assert stored(store) == {"own": "a", made: "b", "1": "a", "2": "b"}
    assert documents[1].id is None


def test_documents_whose_ids_are_made_are_inserted(store: Milvus, monkeypatch: pytest.MonkeyPatch) -> None:
    """The upsert of a server may lose their partition key."""
    asked: list[str] = []
    for name in ("insert", "upsert"):
        write = getattr(MilvusClient, name)

        def note(*given: Any, name: str = name, write: Any = write, **options: Any) -> Any:
            asked.append(name)
            return write(*given, **options)

        monkeypatch.setattr(MilvusClient, name, note)
    store.add_texts(["first"])
    for ids in (None, ["1"], ["2", None]):
        store.add_texts(["a"] * len(ids or "a"), ids=ids)
    assert asked[-3:] == ["insert", "upsert", "upsert"]


def test_from_documents_takes_the_ids_of_the_documents(path: str, embeddings: Any) -> None:
    store = Milvus.from_documents(
        [Document("a", id="1"), Document("b", id="2")], embeddings, connection_args={"uri": path}
    )
    assert stored(store) == {"1": "a", "2": "b"}
    store.client.close()


def test_adding_an_id_again_replaces_the_document(store: Milvus) -> None:
    store.add_texts(["old", "other"], [{"n": 1}, {"n": 2}], ids=["1", "2"])
    store.add_texts(["new"], [{"m": 1}], ids=["1"])
    assert stored(store) == {"1": "new", "2": "other"}
    assert store.get_by_ids(["1"])[0].metadata == {"m": 1}


def test_every_batch_is_written(store: Milvus) -> None:
    texts = [f"text {place}" for place in range(25)]
    ids = store.add_texts(texts, ids=[str(place) for place in range(25)], batch_size=4)
    assert stored(store) == dict(zip(ids, texts, strict=True))


@pytest.mark.parametrize("as_array", [True, False])
def test_embeddings_at_hand_are_stored_as_they_are(store: Milvus, as_array: bool) -> None:
    vectors = np.eye(64, dtype=np.float32)[:3]
    given = vectors if as_array else vectors.tolist()
    ids = store.add_embeddings(["a", "b", "c"], given, [{"n": place} for place in range(3)])
    assert len(ids) == 3
    ((found, score),) = store.similarity_search_with_score_by_vector(vectors[1].tolist(), k=1)
    assert (found.page_content, found.metadata, score) == ("b", {"n": 1}, 0.0)


def test_auto_id_lets_the_database_number_the_documents(make_store: MakeStore) -> None:
    store = make_store(auto_id=True)
    ids = store.add_texts(["a", "b"], [{"n": 1}, {"n": 2}])
    assert all(one.isdigit() for one in ids)
    assert store.get_pks("n > 0") == [int(one) for one in ids]
    assert [one.id for one in make_store().get_by_ids(ids)] == ids
    (new,) = store.upsert([ids[0]], [Document("A", metadata={"n": 1})])
    assert stored(store) == {new: "A", ids[1]: "b"}
    store.delete(store.get_pks("n == 2"))
    assert stored(store) == {new: "A"}


def test_auto_id_says_that_ids_are_not_used(make_store: MakeStore, caplog: pytest.LogCaptureFixture) -> None:
    store = make_store(auto_id=True)
    assert store.add_documents([Document("a", id="mine")]) != ["mine"]
    assert "their ids are not used" in caplog.text


def test_upsert_replaces_by_id_and_adds_what_goes_beyond(store: Milvus) -> None:
    store.add_texts(["a", "b", "c"], ids=["1", "2", "3"])
    ids = store.upsert(["1", "9"], [Document("A"), Document("nine"), Document("ten", id="10")])
    assert ids == ["1", "9", "10"]
    assert stored(store) == {"1": "A", "2": "b", "3": "c", "9": "nine", "10": "ten"}


def test_upsert_without_ids_goes_by_the_documents_own(store: Milvus) -> None:
    store.add_texts(["a"], ids=["1"])
    assert store.upsert(documents=[Document("A", id="1")]) == ["1"]
    assert stored(store) == {"1": "A"}
    assert store.upsert() == []


def test_upsert_works_on_a_store_without_a_collection(store: Milvus) -> None:
    assert store.upsert(["1"], [Document("a")]) == ["1"]
    assert stored(store) == {"1": "a"}


def test_a_failing_upsert_leaves_the_old_documents(store: Milvus) -> None:
    store.add_texts(["a", "b"], ids=["1", "2"])
    with pytest.raises(MilvusException, match="vector"):
        store.add_embeddings(["A", "B"], [[1.0] * 64, [float("nan")] * 64], ids=["1", "2"])
    assert stored(store) == {"1": "a", "2": "b"}


def test_delete_goes_by_ids_or_by_a_filter(store: Milvus) -> None:
    store.add_texts(list("abcd"), [{"n": place} for place in range(4)], ids=list("1234"))
    assert store.delete(["1", "missing"]) is True
    assert store.delete(expr="n == {n}", filter_params={"n": 3}) is True
    assert stored(store) == {"2": "b", "3": "c"}
    assert store.delete([]) is True
    assert stored(store) == {"2": "b", "3": "c"}


def test_ids_with_quotes_are_ids_and_not_filters(store: Milvus) -> None:
    evil = "'] or pk != ['"
    store.add_texts(["a", "b"], ids=[evil, "2"])
    assert [one.page_content for one in store.get_by_ids([evil])] == ["a"]
    store.delete([evil])
    assert stored(store) == {"2": "b"}


def test_get_pks_follows_what_was_written_and_deleted(store: Milvus) -> None:
    assert store.get_pks("n > 0") == []
    store.add_texts(list("abc"), [{"n": 1}, {"n": 2}, {}], ids=list("123"))
    assert store.get_pks("n > 0") == ["1", "2"]
    store.delete(["1"])
    assert store.get_pks("n > 0") == ["2"]


def test_adding_nothing_does_nothing(store: Milvus) -> None:
    assert store.add_texts([]) == []
    assert store.add_documents([]) == []
    assert not store.client.has_collection(store.collection_name)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"ids": ["1"]}, "ids must have one item for each of the 2 texts, got 1"),
        ({"metadatas": [{}, {}, {}]}, "metadatas must have one item for each of the 2 texts, got 3"),
        ({"ids": ["1", "1"]}, "ids must be different from each other, got '1' twice"),
        ({"ids": ["1", 2]}, "must be a str, got int: 2"),
        ({"batch_size": 0}, "batch_size must be at least 1, got 0"),
        ({"batchsize": 5}, r"unexpected argument 'batchsize'"),
        ({"partition": "x"}, r"did you mean 'partition_name'\?"),
    ],
)
def test_what_cannot_be_added_is_an_error_before_anything_is_written(
    store: Milvus, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        store.add_texts(["a", "b"], **arguments)
    assert not store.client.has_collection(store.collection_name)


def test_embeddings_must_be_as_many_as_the_texts(store: Milvus) -> None:
    with pytest.raises(ValueError, match="embeddings must have one item for each of the 2 texts, got 1"):
        store.add_embeddings(["a", "b"], [[1.0] * 64])


def test_upsert_with_more_ids_than_documents_is_an_error(store: Milvus) -> None:
    with pytest.raises(ValueError, match="2 ids for 1 documents"):
        store.upsert(["1", "2"], [Document("a")])


@pytest.mark.parametrize("arguments", [{}, {"ids": ["1"], "expr": "n > 0"}, {"expr": ""}])
def test_delete_takes_exactly_one_of_ids_and_filter(store: Milvus, arguments: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="ids or a filter"):
        store.delete(**arguments)
