"""A search that comes again is not worked out again: nothing that it was worked out from may have changed unseen.

Each test asks the same before and after a change that was made by this client, by another client of the process,
or by another process; clients with other settings share nothing but the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from milvus_store import DataType, MilvusClient
from milvus_store.errors import (
    CollectionNotExistException,
    CollectionNotLoadedException,
    ConnectionNotExistException,
    FilterError,
    IndexNotExistException,
    MilvusException,
    ParamError,
)
from milvus_store_lite.storage.file import open_files
from tests.properties.other_process import OTHER_PROCESS

Ask = Callable[[], Any]


@pytest.fixture(params=["by the log's header", "by PRAGMA data_version"])
def client(
    path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[MilvusClient]:
    if "PRAGMA" in request.param:
        monkeypatch.setattr(open_files, "IS_READABLE", False)
    with MilvusClient(path) as made:
        yield made


@pytest.fixture(params=["this client", "another client", "another process"])
def writer(client: MilvusClient, path: Path, request: pytest.FixtureRequest) -> Iterator[Any]:
    """Who makes the change."""
    make(client, "c", 6)
    if request.param == "this client":
        yield client
    elif request.param == "another client":
        with MilvusClient(path, busy_timeout=20) as other:
            yield other
    else:
        yield OTHER_PROCESS.open(path)
        OTHER_PROCESS.close()


def make(client: Any, name: str, count: int, metric: str = "L2", first: int = 0) -> None:
    schema = MilvusClient.create_schema(enable_dynamic_field=False)
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
    schema.add_field("n", DataType.INT64)
    index = MilvusClient.prepare_index_params("vector", index_type="FLAT", metric_type=metric)
    client.create_collection(name, schema=schema, index_params=index)
    client.insert(name, rows(count, first))


def rows(count: int, first: int = 0) -> list[dict[str, Any]]:
    return [{"id": i, "vector": [i, 1.0], "n": i % 2} for i in range(first, first + count)]


def ids(client: MilvusClient, name: str = "c", **options: Any) -> Ask:
    return lambda: client.search(name, [[0.0, 1.0]], limit=100, **options)[0].ids


def twice(ask: Ask) -> Any:
    """The answer to a question that is asked for the second time."""
    first = ask()
    assert ask() == first
    return first


def test_rows_written_and_removed(client: MilvusClient, writer: Any) -> None:
    every, odd = ids(client), ids(client, filter="n == 1")
    assert (twice(every), twice(odd)) == ([0, 1, 2, 3, 4, 5], [1, 3, 5])
    writer.insert("c", rows(2, 6))
    assert (twice(every), twice(odd)) == ([0, 1, 2, 3, 4, 5, 6, 7], [1, 3, 5, 7])
    writer.delete("c", ids=[0, 1])
    assert (twice(every), twice(odd)) == ([2, 3, 4, 5, 6, 7], [3, 5, 7])
    writer.upsert("c", [{"id": 3, "vector": [99.0, 1.0], "n": 0}])
    assert (twice(every), twice(odd)) == ([2, 4, 5, 6, 7, 3], [5, 7])


def test_each_of_many_commits_is_seen(client: MilvusClient, writer: Any) -> None:
    every = ids(client)
    for number in range(6, 60):
        writer.insert("c", rows(1, number))
        assert every() == list(range(number + 1))


def test_a_collection_dropped_and_made_anew(client: MilvusClient, writer: Any) -> None:
    every = ids(client)
    assert twice(every) == [0, 1, 2, 3, 4, 5]
    writer.drop_collection("c")
    with pytest.raises(CollectionNotExistException):
        every()
    make(writer, "c", 3, "IP", first=10)
    assert twice(every) == [10, 11, 12]
    assert client.search("c", [[1.0, 0.0]], limit=1)[0][0] == {"id": 12, "distance": 12.0, "entity": {}}


def test_a_collection_renamed(client: MilvusClient, writer: Any) -> None:
    every, renamed = ids(client), ids(client, "d")
    assert twice(every) == [0, 1, 2, 3, 4, 5]
    writer.rename_collection("c", "d")
    with pytest.raises(CollectionNotExistException):
        every()
    assert twice(renamed) == [0, 1, 2, 3, 4, 5]
    make(writer, "c", 1)
    assert (twice(every), twice(renamed)) == ([0], [0, 1, 2, 3, 4, 5])


def test_an_alias_moved(client: MilvusClient, writer: Any) -> None:
    make(writer, "d", 2, first=20)
    writer.create_alias("c", "a")
    aliased = ids(client, "a", filter="n >= 0")
    assert twice(aliased) == [0, 1, 2, 3, 4, 5]
    writer.alter_alias("d", "a")
    assert twice(aliased) == [20, 21]
    writer.drop_alias("a")
    with pytest.raises(CollectionNotExistException):
        aliased()


def test_a_field_added_and_dropped(client: MilvusClient, writer: Any) -> None:
    reds = ids(client, filter="color == 'red'")
    shown = ids(client, output_fields=["color"])
    for ask, error in ((reds, FilterError), (shown, ParamError), (reds, FilterError)):
        with pytest.raises(error, match="color"):
            ask()
    writer.add_collection_field("c", "color", DataType.VARCHAR, max_length=9, nullable=True)
    writer.insert("c", [{**rows(1, 6)[0], "color": "red"}])
    assert (twice(reds), twice(shown)) == ([6], [0, 1, 2, 3, 4, 5, 6])
    writer.drop_collection_field("c", "color")
    for ask, error in ((reds, FilterError), (shown, ParamError)):
        with pytest.raises(error, match="color"):
            ask()


def test_loaded_and_released(client: MilvusClient, writer: Any) -> None:
    writer.create_partition("c", "p")
    writer.insert("c", rows(2, 6), partition_name="p")
    every, part = ids(client), ids(client, partition_names=["p"])
    assert (twice(every), twice(part)) == ([0, 1, 2, 3, 4, 5, 6, 7], [6, 7])
    writer.release_partitions("c", ["p"])
    assert twice(every) == [0, 1, 2, 3, 4, 5]
    with pytest.raises(CollectionNotLoadedException):
        part()
    writer.release_collection("c")
    with pytest.raises(CollectionNotLoadedException):
        every()
    writer.load_collection("c")
    assert (twice(every), twice(part)) == ([0, 1, 2, 3, 4, 5, 6, 7], [6, 7])
    writer.release_partitions("c", ["p"])
    writer.drop_partition("c", "p")
    with pytest.raises(MilvusException, match="'p'"):
        part()


def test_an_index_dropped_and_created(client: MilvusClient, writer: Any) -> None:
    nearest = ids(client, search_params={"metric_type": "L2"})
    probing = ids(client, search_params={"params": {"nprobe": 2}})
    assert twice(nearest) == [0, 1, 2, 3, 4, 5]
    assert twice(probing) == [0, 1, 2, 3, 4, 5]  # an AUTOINDEX takes no notice of it
    writer.release_collection("c")
    writer.drop_index("c", "vector")
    with pytest.raises(MilvusException):
        nearest()
    index = MilvusClient.prepare_index_params(
        "vector", index_type="IVF_FLAT", metric_type="IP", params={"nlist": 4}
    )
    writer.create_index("c", index)
    writer.load_collection("c")
    with pytest.raises(ParamError, match="metric_type"):
        nearest()
    assert len(twice(probing)) == 6
    assert ids(client)() == [0, 1, 2, 3, 4, 5]


def test_isolation_of_tenants_demanded(client: MilvusClient, path: Path) -> None:
    schema = client.create_schema()
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
    schema.add_field("who", DataType.VARCHAR, max_length=9, is_partition_key=True)
    index = client.prepare_index_params("vector", index_type="FLAT", metric_type="L2")
    client.create_collection("t", schema=schema, index_params=index)
    client.insert("t", [{"id": i, "vector": [i, 1.0], "who": "ab"[i % 2]} for i in range(4)])
    every, one = ids(client, "t"), ids(client, "t", filter="who == 'a'")
    bound = [ids(client.for_tenant("t", who), "t") for who in "ab"]  # type: ignore[arg-type]
    assert (twice(every), twice(one)) == ([0, 1, 2, 3], [0, 2])
    assert [twice(ask) for ask in bound] == [[0, 2], [1, 3]]
    with MilvusClient(path, busy_timeout=20) as other:
        other.insert("t", [{"id": 4, "vector": [4.0, 1.0], "who": "a"}])
        assert [twice(ask) for ask in bound] == [[0, 2, 4], [1, 3]]
        other.alter_collection_properties("t", {"partitionkey.isolation": True})
    with pytest.raises(ParamError, match="isolation"):
        every()
    assert twice(one) == [0, 2, 4]
    assert [twice(ask) for ask in bound] == [[0, 2, 4], [1, 3]]


def test_another_database(client: MilvusClient) -> None:
    make(client, "c", 2)
    every = ids(client)
    assert twice(every) == [0, 1]
    client.create_database("other")
    client.use_database("other")
    with pytest.raises(CollectionNotExistException):
        every()
    make(client, "c", 3, first=7)
    assert twice(every) == [7, 8, 9]
    client.use_database("default")
    assert twice(every) == [0, 1]


def test_a_client_closed(path: Path) -> None:
    client = MilvusClient(path)
    make(client, "c", 2)
    every = ids(client)
    assert twice(every) == [0, 1]
    client.close()
    with pytest.raises(ConnectionNotExistException):
        every()


def test_the_file_closed_written_by_others_and_opened_again(path: Path) -> None:
    """A log that was folded into the file and begun anew may look as it looked before."""
    with MilvusClient(path) as client:
        make(client, "c", 2)
    for number in range(2, 6):
        with MilvusClient(path) as client:
            assert twice(ids(client)) == list(range(number))
        with MilvusClient(path) as other:
            other.insert("c", rows(1, number))


def test_arguments_that_are_equal_and_of_another_type(client: MilvusClient) -> None:
    make(client, "c", 3)
    ask = ids(client)
    assert twice(ask) == [0, 1, 2]
    for wrong in ({"limit": True}, {"limit": 1.0}, {"limit": 1, "round_decimal": True}):
        client.search("c", [[0.0, 1.0]], limit=1, round_decimal=1)
        with pytest.raises(ParamError):
            client.search("c", [[0.0, 1.0]], **wrong)  # type: ignore[arg-type]
    found = {"radius": 1, "range_filter": 0}
    assert client.search("c", [[0.0, 1.0]], search_params=found)[0].ids == [0]
    with pytest.raises(MilvusException):
        client.search("c", [[0.0, 1.0]], search_params={"radius": True, "range_filter": False})


def test_arguments_that_the_caller_changes_afterwards(client: MilvusClient) -> None:
    make(client, "c", 4)
    wanted, fields = [0, 1], ["n"]
    params: dict[str, Any] = {"metric_type": "L2", "params": {"radius": 5.0}}

    def ask() -> list[dict[str, Any]]:
        options = {"filter": "id in {wanted}", "filter_params": {"wanted": wanted}, "output_fields": fields}
        return [dict(hit) for hit in client.search("c", [[0.0, 1.0]], search_params=params, **options)[0]]

    assert [(hit["id"], hit["entity"]) for hit in twice(ask)] == [(0, {"n": 0}), (1, {"n": 1})]
    wanted.append(2)
    fields[0] = "id"
    assert [(hit["id"], hit["entity"]) for hit in twice(ask)] == [
        (0, {"id": 0}),
        (1, {"id": 1}),
        (2, {"id": 2}),
    ]
    params["params"]["radius"] = 0.5
    assert [hit["id"] for hit in twice(ask)] == [0]


def test_query_vectors_are_checked_each_time(client: MilvusClient) -> None:
    make(client, "c", 3)
    assert twice(ids(client)) == [0, 1, 2]
    for wrong, what in (
        ([[0.0, 1.0, 2.0]], "dimension"),
        ([[0.0, float("nan")]], "finite"),
        ([["a", "b"]], "vector"),
        ([], "at least one"),
    ):
        with pytest.raises(MilvusException, match=what):
            client.search("c", wrong, limit=100)
    assert ids(client)() == [0, 1, 2]


def test_samples_are_drawn_anew(client: MilvusClient) -> None:
    make(client, "c", 1000)
    ask = ids(client, filter="random_sample(0.05)")
    assert len({tuple(ask()) for _ in range(5)}) > 1


def test_the_same_search_of_other_collections(client: MilvusClient) -> None:
    for place, name in enumerate(("c", "d", "e")):
        make(client, name, 2, first=10 * place)
    found = [ids(client, name, filter="n >= 0")() for name in ("c", "d", "e", "c", "d", "e")]
    assert found == [[0, 1], [10, 11], [20, 21]] * 2


def test_an_index_missing_is_said(client: MilvusClient) -> None:
    schema = client.create_schema()
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
    client.create_collection("bare", schema=schema)
    with pytest.raises((IndexNotExistException, CollectionNotLoadedException)):
        ids(client, "bare")()
