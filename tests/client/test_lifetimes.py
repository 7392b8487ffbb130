"""Rows that expire, by the age of their insertion or by a time of their own: no call returns them."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from milvus_store import AnnSearchRequest, DataType, MilvusClient, RRFRanker, SearchAggregation
from milvus_store.errors import DataNotMatchException, ParamError
from milvus_store_lite.checks import check_file
from milvus_store_lite.collection import expired_rows
from tests.lifetimes import Clock, make, row


@pytest.fixture(params=["collection.ttl.seconds", "ttl_field"])
def docs(client: MilvusClient, clock: Clock, request: pytest.FixtureRequest) -> MilvusClient:
    """Of rows 1 to 4, 1 and 2 have expired 10 seconds after the start."""
    by_age = request.param == "collection.ttl.seconds"
    make(client, {"collection.ttl.seconds": 10} if by_age else {"ttl_field": "until"})
    client.insert("docs", [row(pk, clock.at(10)) for pk in (1, 2)])
    clock.go(5)
    client.insert("docs", [row(pk, clock.at(15)) for pk in (3, 4)])
    return client


def _ids(hits: Any) -> list[int]:
    return sorted(hit["pk"] for hit in hits[0])


def _pages(iterator: Any) -> list[int]:
    found = []
    while page := iterator.next():
        found += [one["pk"] for one in page]
    return sorted(found)


def _sub(field: str, data: Any) -> AnnSearchRequest:
    return AnnSearchRequest([data], field, {}, limit=9)


READS: dict[str, Callable[[MilvusClient], list[int]]] = {
    "search": lambda client: _ids(client.search("docs", [[0, 0]], anns_field="vector")),
    "filtered": lambda client: _ids(
        client.search("docs", [[0, 0]], anns_field="vector", filter="n > 0 and n < 9")
    ),
    "of a tenant": lambda client: sorted(
        pk
        for tenant in ("t0", "t1")
        for pk in _ids(client.search("docs", [[0, 0]], anns_field="vector", filter=f"tenant == '{tenant}'"))
    ),
    "bound to a tenant": lambda client: sorted(
        one["pk"]
        for tenant in ("t0", "t1")
        for one in client.for_tenant("docs", tenant).query("docs", "pk > 0")
    ),
    "range": lambda client: _ids(
        client.search("docs", [[0, 0]], anns_field="vector", search_params={"params": {"radius": 99.0}})
    ),
    "groups": lambda client: _ids(
        client.search("docs", [[0, 0]], anns_field="vector", group_by_field="pk", group_size=2)
    ),
    "text": lambda client: _ids(client.search("docs", ["red"], anns_field="words")),
    "hybrid": lambda client: _ids(
        client.hybrid_search("docs", [_sub("vector", [0, 0]), _sub("words", "red")], RRFRanker(), limit=9)
    ),
    "query": lambda client: [one["pk"] for one in client.query("docs", "pk > 0")],
    "query, all": lambda client: [one["pk"] for one in client.query("docs", limit=9)],
    "query in order": lambda client: sorted(
        one["pk"] for one in client.query("docs", limit=9, order_by_fields="tenant:desc")
    ),
    "query of groups": lambda client: [
        one["max(pk)"]
        for one in client.query("docs", group_by_fields=["pk"], output_fields=["max(pk)", "count(*)"])
        if one["count(*)"]
    ],
    "search in order": lambda client: _ids(
        client.search("docs", [[0, 0]], anns_field="vector", order_by_fields="pk:desc")
    ),
    "buckets": lambda client: sorted(
        bucket.key[0]["value"]
        for bucket in client.search(
            "docs", [[0, 0]], anns_field="vector", search_aggregation=SearchAggregation(["pk"], 9)
        ).agg_buckets[0]
    ),
    "get": lambda client: [one["pk"] for one in client.get("docs", [1, 2, 3, 4, 5])],
    "query iterator": lambda client: _pages(client.query_iterator("docs", batch_size=1, filter="")),
    "search iterator": lambda client: _pages(
        client.search_iterator("docs", [[0, 0]], anns_field="vector", batch_size=1)
    ),
}


@pytest.mark.parametrize("read", READS)
def test_no_read_returns_a_row_that_has_expired(docs: MilvusClient, clock: Clock, read: str) -> None:
    found = READS[read]
    clock.go(9.9)
    assert found(docs) == [1, 2, 3, 4]
    clock.go(10)
    assert found(docs) == [3, 4]
    docs.insert("docs", row(5, clock.at(20)))
    docs.delete("docs", [3])
    assert found(docs) == [4, 5]
    clock.go(15)
    assert found(docs) == [5]
    clock.go(20)
    assert found(docs) == []


def test_counts_leave_expired_rows_out_and_stats_have_them_until_they_are_removed(
    docs: MilvusClient, clock: Clock
) -> None:
    clock.go(10)
    assert docs.query("docs", output_fields=["count(*)"]) == [{"count(*)": 2}]
    assert docs.query("docs", "n < 3", output_fields=["count(*)"]) == [{"count(*)": 0}]
    assert docs.get_collection_stats("docs") == {"row_count": 4}
    assert remove(docs) is False
    assert docs.get_collection_stats("docs") == {"row_count": 2}


def test_an_expired_row_is_as_good_as_gone_to_every_write(docs: MilvusClient, clock: Clock) -> None:
    clock.go(10)
    with pytest.raises(DataNotMatchException, match="no row has the primary key 1"):
        docs.upsert("docs", {"pk": 1, "n": 7}, partial_update=True)
    with pytest.raises(ParamError, match=r"missing IDs = \[2\]"):
        docs.search("docs", ids=[2, 3], anns_field="vector")
    assert docs.delete("docs", [1, 3])["delete_count"] == 1
    assert docs.delete("docs", filter="pk > 0")["delete_count"] == 1
    # Its key is free, even for another tenant.
    fresh = {name: value for name, value in row(2, clock.at(20)).items() if name != "tenant"}
    docs.for_tenant("docs", "t1").insert("docs", fresh)
    docs.upsert("docs", {**row(1, clock.at(20)), "n": 8}, partial_update=True)
    assert [(one["pk"], one["tenant"], one["n"]) for one in docs.query("docs", "pk > 0")] == [
        (2, "t1", 2),
        (1, "t1", 8),
    ]
    assert docs.get_collection_stats("docs") == {"row_count": 2}


def test_scores_of_full_text_do_not_change_when_expired_rows_are_removed(
    docs: MilvusClient, clock: Clock
) -> None:
    def scores(client: Any) -> list[float]:
        found = client.search("docs", ["red 3"], anns_field="words", filter="pk > 0")
        return [hit["distance"] for hit in found[0]]

    bound, before = docs.for_tenant("docs", "t1"), scores(docs)
    clock.go(10)
    hidden = scores(docs), scores(bound)
    assert hidden[0] != before[:2]
    remove(docs)
    assert (scores(docs), scores(bound)) == hidden


def test_an_iterator_shows_the_moment_it_began(docs: MilvusClient, clock: Clock) -> None:
    clock.go(9)
    iterator = docs.query_iterator("docs", batch_size=2, filter="")
    clock.go(16)
    assert _pages(iterator) == [1, 2, 3, 4]
    assert READS["query iterator"](docs) == []


def remove(client: MilvusClient) -> bool:
    """Remove what the background would remove some time later."""
    collection = client._database.collection("docs")
    return collection._opener.remover.remove(collection.describe().id)


def test_expired_rows_are_removed_beside_the_calls(
    docs: MilvusClient, clock: Clock, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expired_rows, "PAUSE", 0.0)
    monkeypatch.setattr(expired_rows, "ROWS_AT_ONCE", 1)
    clock.go(10)
    assert READS["search"](docs) == [3, 4]
    end = time.monotonic() + 30
    while docs.get_collection_stats("docs") != {"row_count": 2} and time.monotonic() < end:
        time.sleep(0.01)
    docs.close()
    with closing(sqlite3.connect(path)) as connection:
        for table in ("rows_1", "vectors_1_vector", "vectors_1_words"):
            assert connection.execute(f"SELECT seq FROM {table} ORDER BY seq").fetchall() == [(3,), (4,)]
    assert check_file(path).problems == ()


def test_rows_are_removed_some_at_a_time(
    docs: MilvusClient, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expired_rows, "ROWS_AT_ONCE", 1)
    clock.go(10)
    assert [remove(docs), remove(docs), remove(docs)] == [True, True, False]
    assert docs.get_collection_stats("docs") == {"row_count": 2}
    assert [one["pk"] for one in docs.query("docs", "pk > 0")] == [3, 4]


def test_a_file_that_is_only_read_hides_expired_rows_and_keeps_them(
    docs: MilvusClient, clock: Clock, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    docs.close()
    monkeypatch.setattr(expired_rows, "PAUSE", 0.0)
    clock.go(10)
    with MilvusClient(path, read_only=True) as reader:
        for read in READS.values():
            assert read(reader) == [3, 4]
        assert reader.get_collection_stats("docs") == {"row_count": 4}


def test_rows_that_were_there_before_count_from_their_insertion(client: MilvusClient, clock: Clock) -> None:
    make(client)
    for second in range(0, 50, 10):
        clock.go(second)
        client.insert("docs", row(second))
    clock.go(45)
    assert client.query("docs", output_fields=["count(*)"]) == [{"count(*)": 5}]
    client.alter_collection_properties("docs", {"collection.ttl.seconds": "30"})
    assert [one["pk"] for one in client.query("docs", "pk >= 0")] == [20, 30, 40]
    client.alter_collection_properties("docs", {"collection.ttl.seconds": 5})
    assert client.query("docs", "pk >= 0") == []
    client.drop_collection_properties("docs", ["collection.ttl.seconds"])
    assert len(client.query("docs", "pk >= 0")) == 5
    for forever in (0, -1, "-1"):
        client.alter_collection_properties("docs", {"collection.ttl.seconds": forever})
        assert len(client.query("docs", "pk >= 0")) == 5
    # An upsert makes a row young again, a partial one too.
    client.alter_collection_properties("docs", {"collection.ttl.seconds": 30})
    client.upsert("docs", {"pk": 20, "n": 1}, partial_update=True)
    clock.go(74)
    assert [one["pk"] for one in client.query("docs", "pk >= 0")] == [20]


def test_a_field_of_times_is_added_and_chosen_later(client: MilvusClient, clock: Clock) -> None:
    client.create_collection("docs", dimension=2)
    client.insert("docs", [{"id": 1, "vector": [1, 0]}, {"id": 2, "vector": [2, 0]}])
    client.add_collection_field("docs", "until", DataType.TIMESTAMPTZ, nullable=True)
    client.alter_collection_properties("docs", {"ttl_field": "until", "timezone": "Asia/Tokyo"})
    client.upsert("docs", {"id": 1, "until": clock.at(10)}, partial_update=True)
    client.insert("docs", {"id": 3, "vector": [3, 0], "until": clock.at(-60)})
    assert [one["id"] for one in client.query("docs", "id > 0")] == [2, 1]
    clock.go(10)
    assert [one["id"] for one in client.query("docs", "id > 0")] == [2]
    with pytest.raises(ParamError, match="field 'until' is the ttl_field of the collection"):
        client.drop_collection_field("docs", "until")
    client.drop_collection_properties("docs", ["ttl_field"])
    assert len(client.query("docs", "id > 0")) == 3


def test_a_clock_that_goes_back_lets_no_row_expire_early(client: MilvusClient, clock: Clock) -> None:
    make(client, {"collection.ttl.seconds": 10})
    clock.go(100)
    client.insert("docs", row(1))
    clock.go(0)
    client.insert("docs", row(2))
    clock.go(109)
    assert READS["query"](client) == [1, 2]
    clock.go(110)
    assert READS["query"](client) == []


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ({"collection.ttl.seconds": "soon"}, "must be a number of seconds between -1 and 3155760000"),
        ({"collection.ttl.seconds": -2}, "got -2"),
        ({"collection.ttl.seconds": 3155760001}, "got 3155760001"),
        ({"collection.ttl.seconds": 1.5}, "got 1.5"),
        ({"collection.ttl.seconds": True}, "got True"),
        ({"ttl_field": "text"}, "name of a TIMESTAMPTZ field, expected one of until, got 'text'"),
        ({"ttl_field": "nothing"}, "expected one of until, got 'nothing'"),
        ({"ttl_field": "until", "collection.ttl.seconds": 5}, "exclude each other"),
    ],
)
def test_lifetimes_that_cannot_be(
    client: MilvusClient, clock: Clock, properties: dict[str, Any], message: str
) -> None:
    with pytest.raises(ParamError, match=message):
        make(client, properties)
    make(client)
    with pytest.raises(ParamError, match=message):
        client.alter_collection_properties("docs", properties)
    client.alter_collection_properties("docs", {"ttl_field": "until"})
    with pytest.raises(ParamError, match="exclude each other"):
        client.alter_collection_properties("docs", {"collection.ttl.seconds": 5})
    client.drop_collection_properties("docs", ["ttl_field"])
    client.alter_collection_properties("docs", {"collection.ttl.seconds": 5})


@pytest.mark.parametrize("index", ["HNSW", "IVF_FLAT"])
def test_rows_in_an_index_expire(client: MilvusClient, clock: Clock, index: str) -> None:
    make(client, {"collection.ttl.seconds": 10}, index)
    client.insert("docs", [row(pk) for pk in range(300)])
    clock.go(5)
    client.insert("docs", [row(pk) for pk in range(300, 600)])
    client.build_index("docs", "vector")
    clock.go(12)
    assert client.search("docs", [[0, 0]], anns_field="vector", limit=3)[0].ids == [300, 301, 302]
    assert len(client.search("docs", [[0, 0]], anns_field="vector", limit=600)[0]) == 300


actions = st.lists(
    st.one_of(
        st.tuples(st.just("insert"), st.integers(1, 4), st.none() | st.integers(-2, 12)),
        st.tuples(st.just("delete"), st.integers(1, 4), st.none()),
        st.tuples(st.just("wait"), st.integers(1, 6), st.none()),
        st.tuples(st.just("remove"), st.just(0), st.none()),
        st.tuples(st.just("open anew"), st.just(0), st.none()),
    ),
    max_size=12,
)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(actions, st.booleans())
def test_a_model_of_rows_and_their_ends(
    tmp_path: Path, clock: Clock, steps: list[tuple[str, int, int | None]], by_age: bool
) -> None:
    path = tmp_path / f"{time.monotonic_ns()}.db"
    clock.go(0)
    moment = 0
    client = MilvusClient(path)
    make(client, {"collection.ttl.seconds": 4} if by_age else {"ttl_field": "until"})
    ends: dict[int, float] = {}
    for step, number, until in steps:
        if step == "insert":
            client.upsert("docs", row(number, None if until is None else clock.at(moment + until)))
            ends[number] = moment + 4 if by_age else float("inf") if until is None else moment + until
        elif step == "delete":
            assert client.delete("docs", [number])["delete_count"] == (ends.pop(number, -1) > moment)
        elif step == "wait":
            moment += number
            clock.go(moment)
        elif step == "remove":
            remove(client)
            assert client.get_collection_stats("docs") == {
                "row_count": sum(e > moment for e in ends.values())
            }
        else:
            client.close()
            client = MilvusClient(path)
        living = sorted(pk for pk, end in ends.items() if end > moment)
        assert sorted(READS["query"](client)) == READS["search"](client) == living
    client.close()
    assert check_file(path).problems == ()
