"""Time zones: of databases, collections and calls, on the way in, in filters and on the way out."""

from __future__ import annotations

import asyncio
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from milvus_store import AnnSearchRequest, AsyncMilvusClient, DataType, MilvusClient, RRFRanker
from milvus_store.errors import DataNotMatchException, FilterError, ParamError, SchemaNotReadyException

NOON = "2025-01-31T12:00:00"


def make(client: MilvusClient, name: str = "events", **options: Any) -> None:
    """A collection with a nullable field ``at`` and a field ``due`` whose default is noon."""
    schema = client.create_schema()
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
    schema.add_field("at", DataType.TIMESTAMPTZ, nullable=True)
    schema.add_field("due", DataType.TIMESTAMPTZ, default_value=NOON)
    index = client.prepare_index_params("vector", metric_type="L2")
    client.create_collection(name, schema=schema, index_params=index, **options)


def row(number: int, at: Any) -> dict[str, Any]:
    return {"id": number, "vector": [0, number], "at": at}


def shown(client: MilvusClient, name: str = "events", **options: Any) -> list[Any]:
    return [one["at"] for one in client.query(name, "id >= 0", output_fields=["at"], **options)]


def test_without_any_property_times_are_in_utc(client: MilvusClient) -> None:
    make(client)
    client.insert(
        "events", [row(1, NOON), row(2, "2025-01-31 12:00:00+08"), row(3, datetime(2025, 1, 31, 12))]
    )
    assert shown(client) == ["2025-01-31T12:00:00Z", "2025-01-31T04:00:00Z", "2025-01-31T12:00:00Z"]
    assert client.query("events", f"at == ISO '{NOON}'", output_fields=["id"]) == [{"id": 1}, {"id": 3}]


def test_a_call_comes_before_its_collection_and_that_before_its_database(client: MilvusClient) -> None:
    client.alter_database_properties("default", {"timezone": "Asia/Kolkata"})
    make(client)
    make(client, "own", properties={"timezone": "Asia/Shanghai"})
    for name, ahead in (("events", "+05:30"), ("own", "+08:00")):
        client.insert(name, [row(1, NOON), row(2, "2025-01-31T12:00:00Z")])
        assert shown(client, name)[0] == f"{NOON}{ahead}"
        assert client.query(name, f"at == ISO '{NOON}'", output_fields=["id"]) == [{"id": 1}]
        assert client.query(name, f"at == ISO '{NOON}'", output_fields=["id"], timezone="UTC") == [{"id": 2}]
        at = {"at": datetime(2025, 1, 31, 12)}
        assert client.query(name, "at == {at}", output_fields=["id"], filter_params=at) == [{"id": 1}]
        assert client.query(name, "at in {at}", output_fields=["id"], filter_params={"at": [NOON]}) == [
            {"id": 1}
        ]
    assert shown(client, timezone="America/New_York") == [
        "2025-01-31T01:30:00-05:00",
        "2025-01-31T07:00:00-05:00",
    ]
    assert client.delete("own", filter=f"at == ISO '{NOON}'")["delete_count"] == 1
    assert client.get("own", [2], ["at"], timezone="UTC") == [{"id": 2, "at": f"{NOON}Z"}]


def test_another_zone_changes_no_stored_instant(client: MilvusClient) -> None:
    make(client, properties={"timezone": "Europe/Berlin"})
    client.insert("events", row(1, NOON))
    assert client.query("events", "id == 1")[0]["due"] == f"{NOON}+01:00"
    for change, expected in (
        ({"timezone": "Asia/Tokyo"}, "2025-01-31T20:00:00+09:00"),
        ({"timezone": "Europe/London"}, "2025-01-31T11:00:00Z"),
    ):
        client.alter_collection_properties("events", change)
        client.upsert("events", row(2, None))
        found = client.query("events", "id >= 0", output_fields=["at", "due"])
        assert [one["at"] for one in found] == [expected, None]
        assert [one["due"] for one in found] == [expected] * 2
    client.drop_collection_properties("events", ["timezone"])
    client.alter_database_properties("default", {"timezone": "Asia/Tokyo"})
    assert shown(client) == ["2025-01-31T20:00:00+09:00", None]
    client.drop_database_properties("default", ["timezone"])
    assert shown(client) == ["2025-01-31T11:00:00Z", None]


def test_a_collection_that_moves_takes_the_zone_of_its_new_database(client: MilvusClient) -> None:
    client.create_database("asia", {"timezone": "Asia/Tokyo"})
    make(client)
    client.insert("events", row(1, NOON))
    client.rename_collection("events", "moved", target_db="asia")
    client.use_database("asia")
    assert shown(client, "moved") == ["2025-01-31T21:00:00+09:00"]


def test_what_another_client_changed_is_seen_at_once(client: MilvusClient, path: Path) -> None:
    make(client)
    client.insert("events", row(1, NOON))
    with MilvusClient(path, durability="normal") as other:

        def found(client: MilvusClient) -> list[Any]:
            return client.search("events", [[0, 0]], filter=f"at == ISO '{NOON}'")[0].ids

        assert shown(other) == [f"{NOON}Z"]
        assert (found(client), found(other)) == ([1], [1])
        client.alter_database_properties("default", {"timezone": "Asia/Tokyo"})
        assert shown(other) == ["2025-01-31T21:00:00+09:00"]
        assert (found(client), found(other)) == ([], [])
        other.insert("events", row(2, "2025-01-31T21:00:00"))
    assert shown(client, timezone="UTC") == [f"{NOON}Z"] * 2


def test_searches_of_every_kind_know_the_zone(client: MilvusClient) -> None:
    make(client, properties={"timezone": "Asia/Tokyo"})
    client.insert("events", [row(1, NOON), row(2, "2025-01-31T12:00:00Z"), row(3, None)])
    asked = {"filter": f"at == ISO '{NOON}'", "output_fields": ["at"]}
    parts = {"timezone": "Asia/Kolkata", "time_fields": "year, month day,hour, minute,second microsecond"}
    for options, found in (
        ({}, [(1, f"{NOON}+09:00")]),
        ({"timezone": "UTC"}, [(2, f"{NOON}Z")]),
        ({"timezone": "UTC", "time_fields": ["hour", "year"]}, [(2, [12, 2025])]),
        (parts, []),
    ):
        (hits,) = client.search("events", [[0, 0]], **asked, **options)
        assert [(hit.id, hit["entity"]["at"]) for hit in hits] == found
        page = client.search_iterator("events", [[0, 0]], **asked, **options).next()
        assert [(hit.id, hit["entity"]["at"]) for hit in page] == found
        request = AnnSearchRequest([[0, 0]], "vector", {}, 9, expr=asked["filter"])
        (hits,) = client.hybrid_search("events", [request], RRFRanker(), output_fields=["at"], **options)
        assert [(hit.id, hit["entity"]["at"]) for hit in hits] == found
        rows = client.query_iterator("events", **asked, **options).next()
        assert [(one["id"], one["at"]) for one in rows] == found
    assert shown(client, **parts) == [[2025, 1, 31, 8, 30, 0, 0], [2025, 1, 31, 17, 30, 0, 0], None]
    assert client.query("events", ids=[2], output_fields=["at"], time_fields="day") == [{"id": 2, "at": [31]}]


def test_a_tenant_knows_the_zone(client: MilvusClient) -> None:
    schema = client.create_schema()
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
    schema.add_field("who", DataType.VARCHAR, max_length=9, is_partition_key=True)
    schema.add_field("at", DataType.TIMESTAMPTZ)
    index = client.prepare_index_params("vector", metric_type="L2")
    client.create_collection(
        "events", schema=schema, index_params=index, properties={"timezone": "Asia/Tokyo"}
    )
    ann = client.for_tenant("events", "ann")
    ann.insert("events", row(1, NOON))
    found = ann.query("events", f"at == ISO '{NOON}'", output_fields=["at"], timezone="Asia/Tokyo")
    assert found == [{"id": 1, "at": f"{NOON}+09:00"}]
    assert ann.query("events", f"at == ISO '{NOON}'", timezone="UTC") == []


async def test_awaited_searches_in_different_zones_are_told_apart(client: MilvusClient, path: Path) -> None:
    make(client)
    client.insert("events", row(1, NOON))
    async with AsyncMilvusClient(path) as awaited:
        zones = ["UTC", "Asia/Tokyo", None] * 5
        answers = await asyncio.gather(
            *(awaited.search("events", [[0, 0]], output_fields=["at"], timezone=zone) for zone in zones)
        )
    expected = {"UTC": f"{NOON}Z", "Asia/Tokyo": "2025-01-31T21:00:00+09:00", None: f"{NOON}Z"}
    assert [answer[0][0]["entity"]["at"] for answer in answers] == [expected[zone] for zone in zones]


@pytest.mark.parametrize("name", ["Asia/Shangai", "Mars", "", "../UTC", "Asia", "utc+8", 8, None, ["UTC"]])
def test_what_is_no_time_zone_is_refused_everywhere(client: MilvusClient, name: Any) -> None:
    make(client)
    client.insert("events", row(1, NOON))
    expected = "timezone'? must be an IANA time zone such as 'Asia/Shanghai' or 'UTC', got"
    if name is not None:
        with pytest.raises(ParamError, match=expected):
            client.query("events", "id > 0", timezone=name)
        with pytest.raises(ParamError, match=expected):
            client.search("events", [[0, 0]], timezone=name)
    for change in (client.alter_collection_properties, client.alter_database_properties):
        with pytest.raises(ParamError, match=f"(collection|database) property '{expected}"):
            change(
                "events" if change == client.alter_collection_properties else "default", {"timezone": name}
            )
    with pytest.raises(ParamError, match=expected):
        client.create_collection("other", dimension=2, properties={"timezone": name})
    with pytest.raises(ParamError, match=expected):
        client.create_database("other", {"timezone": name})
    assert client.list_collections() == ["events"]
    assert client.describe_collection("events")["properties"] == {}


def test_the_nearest_name_is_proposed(client: MilvusClient) -> None:
    make(client)
    with pytest.raises(ParamError, match="did you mean 'Asia/Shanghai'"):
        client.alter_collection_properties("events", {"timezone": "asia/shangai"})


@pytest.mark.parametrize("given", ["week", "year month; day", 7, [7], ["year", "weeks"]])
def test_what_is_no_part_of_a_time_is_refused(client: MilvusClient, given: Any) -> None:
    make(client)
    with pytest.raises(ParamError, match="time_fields must name some of year, month, day, hour"):
        client.query("events", "id > 0", time_fields=given)


@pytest.mark.parametrize(
    "given", ["2025-01-31", "12:00", "2025-02-30T12:00:00", "now", "2025-01-31T12:00:00+25:00"]
)
def test_what_is_no_time_is_refused(client: MilvusClient, given: str) -> None:
    make(client)
    with pytest.raises(DataNotMatchException, match="row 0: field 'at'.*ISO 8601"):
        client.insert("events", row(1, given))
    with pytest.raises(FilterError, match="not an ISO 8601 time"):
        client.query("events", f"at > ISO '{given}'")
    with pytest.raises(SchemaNotReadyException, match="default_value: field 'new'"):
        client.add_collection_field("events", "new", DataType.TIMESTAMPTZ, nullable=True, default_value=given)


def test_a_default_that_is_added_later_is_in_the_zone_of_that_day(client: MilvusClient) -> None:
    make(client, properties={"timezone": "Asia/Tokyo"})
    client.insert("events", row(1, NOON))
    client.add_collection_field("events", "new", DataType.TIMESTAMPTZ, nullable=True, default_value=NOON)
    client.alter_collection_properties("events", {"timezone": "UTC"})
    client.insert("events", row(2, NOON))
    found = client.query("events", "id > 0", output_fields=["new"])
    assert [one["new"] for one in found] == ["2025-01-31T03:00:00Z"] * 2
    fields = {one["name"]: one for one in client.describe_collection("events")["fields"]}
    assert fields["new"]["default_value"] == f"{NOON}+09:00"


def test_times_with_a_zone_of_their_own_keep_it(client: MilvusClient) -> None:
    make(client, properties={"timezone": "Asia/Tokyo"})
    client.insert("events", [row(1, datetime(2025, 1, 31, 12, tzinfo=timezone.utc)), row(2, f"{NOON}Z")])
    assert shown(client, timezone="UTC") == [f"{NOON}Z"] * 2
