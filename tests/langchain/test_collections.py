"""Opening, reopening, replacing and sharing collections of one file."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from threading import Barrier, Thread
from typing import Any

import pytest

from langchain_milvus_store import Milvus
from milvus_store import DataType, MilvusClient, MilvusException

MakeStore = Callable[..., Milvus]


def contents(store: Milvus, query: str = "anything") -> set[str]:
    return {one.page_content for one in store.similarity_search(query, k=100)}


def test_collections_of_one_file_know_nothing_of_each_other(make_store: MakeStore) -> None:
    cats, dogs = make_store(collection_name="cats"), make_store(collection_name="dogs", dim=16)
    cats.add_texts(["tom", "felix"])
    dogs.add_texts(["rex"])
    assert contents(cats) == {"tom", "felix"}
    assert contents(dogs) == {"rex"}
    dogs.drop()
    assert contents(dogs) == set()
    assert contents(cats) == {"tom", "felix"}


def test_drop_old_begins_anew_even_with_another_dimension(make_store: MakeStore) -> None:
    make_store().add_texts(["old"])
    store = make_store(drop_old=True, dim=16)
    assert contents(store) == set()
    store.add_texts(["new"])
    assert contents(store) == {"new"}


def test_a_store_sees_that_another_one_has_replaced_its_collection(make_store: MakeStore) -> None:
    first = make_store()
    first.add_texts(["old"], [{"n": 1}])
    second = make_store(drop_old=True, partition_key_field="tenant")
    second.add_texts(["new"], [{"tenant": "ann"}])
    assert [one.metadata for one in first.similarity_search("new")] == [{"tenant": "ann"}]


def test_a_collection_is_opened_by_name_in_a_new_store(make_store: MakeStore) -> None:
    ids = make_store(collection_name="notes").add_texts(["kept"], [{"n": [1, {"a": None}]}])
    (found,) = make_store(collection_name="notes").similarity_search("kept")
    assert (found.id, found.page_content, found.metadata) == (ids[0], "kept", {"n": [1, {"a": None}]})


def test_a_second_process_reads_and_writes_the_same_collection(store: Milvus, path: str) -> None:
    store.add_texts(["from the first"], [{"n": 1}])
    script = (
        "import sys\n"
        "from langchain_core.embeddings import DeterministicFakeEmbedding\n"
        "from langchain_milvus_store import Milvus\n"
        "store = Milvus(DeterministicFakeEmbedding(size=64), connection_args={'uri': sys.argv[1]})\n"
        "print(store.similarity_search('x')[0].page_content)\n"
        "store.add_texts(['from the second'], [{'n': 2}])\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", script, path],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (result.stdout, result.returncode) == ("from the first\n", 0), result.stderr
    assert [one.metadata for one in store.similarity_search("x", expr="n == 2")] == [{"n": 2}]


def test_stores_that_add_first_documents_at_once_share_one_collection(make_store: MakeStore) -> None:
    stores = [make_store() for _ in range(4)]
    barrier = Barrier(len(stores))
    errors: list[BaseException] = []

    def add(store: Milvus, text: str) -> None:
        barrier.wait()
        try:
            store.add_texts([text])
        except BaseException as error:
            errors.append(error)

    threads = [Thread(target=add, args=(store, str(place))) for place, store in enumerate(stores)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert contents(stores[0]) == {"0", "1", "2", "3"}


def test_the_default_file_is_milvus_demo_db(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch, embeddings: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    Milvus(embeddings).client.close()
    assert (tmp_path / "milvus_demo.db").exists()


def test_another_embedding_dimension_is_an_error_when_adding_and_searching(make_store: MakeStore) -> None:
    make_store().add_texts(["a"])
    other = make_store(dim=16)
    for call in (other.add_texts, lambda texts: other.similarity_search(texts[0])):
        with pytest.raises(ValueError, match="holds embeddings of dimension 64, got one of dimension 16"):
            call(["b"])


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"primary_field": "id"}, r"primary_field='id' .* not among its fields pk, text, vector"),
        ({"text_field": "body"}, r"text_field='body' \(VARCHAR\)"),
        ({"vector_field": "text", "text_field": "pk", "primary_field": "x"}, "primary_field='x'"),
        ({"text_field": "vector", "vector_field": "text"}, "text_field='vector' is FLOAT_VECTOR there"),
        ({"metadata_field": "metadata"}, r"metadata_field='metadata' \(JSON\)"),
        ({"auto_id": True}, "expected auto_id"),
        (
            {"index_params": {"metric_type": "IP"}},
            "index with metric L2 on 'vector', index_params ask for IP",
        ),
    ],
)
def test_a_collection_that_does_not_fit_is_an_error_that_says_why(
    make_store: MakeStore, arguments: dict[str, Any], reason: str
) -> None:
    make_store().add_texts(["a"])
    with pytest.raises(ValueError, match=reason):
        make_store(**arguments)


def test_a_collection_made_by_a_client_is_used_with_its_own_names_and_keys(
    path: str, make_store: MakeStore
) -> None:
    with MilvusClient(path) as client:
        schema = client.create_schema(enable_dynamic_field=True)
        schema.add_field("number", DataType.INT64, is_primary=True)
        schema.add_field("body", DataType.VARCHAR, max_length=100)
        schema.add_field("embedding", DataType.FLOAT_VECTOR, dim=64)
        schema.add_field("year", DataType.INT64, nullable=True)
        client.create_collection("made", schema=schema)
    store = make_store(
        collection_name="made", primary_field="number", text_field="body", vector_field="embedding"
    )
    assert store.add_texts(["a", "b"], [{"year": 1999}, {"free": 1}], ids=["7", "8"]) == ["7", "8"]
    assert store.get_pks("year > 0") == [7]
    assert [(one.id, one.metadata) for one in store.get_by_ids(["8", "7", "x"])] == [
        ("8", {"free": 1}),
        ("7", {"year": 1999}),
    ]
    with pytest.raises(ValueError, match="must be an int"):
        store.add_texts(["c"])
    assert store.delete(["7", "not a number"])
    assert store.get_pks("number > 0") == [8]


def test_two_vector_fields_are_an_error(path: str, make_store: MakeStore) -> None:
    with MilvusClient(path) as client:
        schema = client.create_schema()
        schema.add_field("pk", DataType.VARCHAR, is_primary=True, max_length=10)
        schema.add_field("text", DataType.VARCHAR, max_length=100)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=8)
        schema.add_field("other", DataType.FLOAT_VECTOR, dim=8)
        client.create_collection("made", schema=schema)
    with pytest.raises(ValueError, match="nothing to fill its vector field 'other' with"):
        make_store(collection_name="made")


def test_index_types_that_do_not_exist_are_the_clients_error(make_store: MakeStore) -> None:
    store = make_store(index_params={"index_type": "HNSWX", "metric_type": "L2", "params": {"M": 8}})
    with pytest.raises(MilvusException, match="HNSWX"):
        store.add_texts(["a"])
    assert not store.client.has_collection(store.collection_name)


def test_names_and_properties_of_a_new_collection_are_kept(make_store: MakeStore) -> None:
    store = make_store(
        collection_description="notes",
        collection_properties={"owner": "me"},
        consistency_level="Strong",
        partition_key_field="tenant",
        num_partitions=7,
        num_shards=1,
    )
    store.add_texts(["a"])
    description = store.client.describe_collection(store.collection_name)
    assert description["description"] == "notes"
    assert description["properties"] == {"owner": "me"}
    assert description["consistency_level_name"] == "Strong"
    assert description["num_partitions"] == 7


def test_documents_of_a_store_with_a_lifetime_expire(
    make_store: MakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = make_store(collection_properties={"collection.ttl.seconds": 60})
    store.add_texts(["soon gone"], ids=["a"])
    later = time.time() + 62
    monkeypatch.setattr(time, "time", lambda: later)
    assert contents(store) == set()
    assert store.get_by_ids(["a"]) == []
    store.add_texts(["young"], ids=["a"])
    assert contents(store) == {"young"}
