"""Time zones beside Milvus Lite: the same calls through pymilvus and through our client.

Milvus Lite shows times in UTC whatever the zone, Milvus itself and this engine in the zone: instants are compared.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pymilvus
import pytest

from milvus_store import MilvusClient

pytestmark = [
    pytest.mark.filterwarnings("default"),
    pytest.mark.skipif(sys.platform == "win32", reason="Milvus Lite does not run on Windows"),
]

ZONES = ("UTC", "Asia/Kolkata", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe")
GIVEN = [
    "2025-01-31T12:00:00",
    "2025-07-31 12:00:00",
    "2025-03-30T02:30:00",  # skipped in Berlin
    "2025-10-26T02:30:00",  # twice in Berlin
    "2025-04-06T01:45:00",  # twice on Lord Howe, whose clocks go back by half an hour
    "2025-01-31T12:00:00Z",
    "2025-01-31T12:00:00.250000-05:00",
    None,
]


@pytest.fixture(scope="module")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, Any]]:
    """Milvus Lite and ours, each with the collection ``c<n>`` in the n-th of ``ZONES``."""
    folder = tmp_path_factory.mktemp("zones")
    theirs, ours = pymilvus.MilvusClient(str(folder / "lite.db")), MilvusClient(folder / "ours.db")
    types = pymilvus.DataType
    for client in (theirs, ours):
        for place, zone in enumerate(ZONES):
            schema = client.create_schema()
            schema.add_field("id", types.INT64, is_primary=True)
            schema.add_field("vector", types.FLOAT_VECTOR, dim=2)
            schema.add_field("at", types.TIMESTAMPTZ, nullable=True)
            index = client.prepare_index_params()
            index.add_index("vector", index_type="FLAT", metric_type="L2")
            client.create_collection(
                f"c{place}", schema=schema, index_params=index, properties={"timezone": zone}
            )
            rows = [{"id": number, "vector": [number, 0], "at": at} for number, at in enumerate(GIVEN)]
            client.insert(f"c{place}", rows)
            client.load_collection(f"c{place}")
    yield theirs, ours
    theirs.close()
    ours.close()


def both(clients: tuple[Any, Any], ask: Any) -> list[Any]:
    return [ask(client) for client in clients]


@pytest.mark.parametrize("place", range(len(ZONES)))
def test_times_without_an_offset_are_the_same_instants(clients: tuple[Any, Any], place: int) -> None:
    def instants(client: Any) -> list[Any]:
        rows = client.query(f"c{place}", "id >= 0", output_fields=["at"])
        return [row["at"] and datetime.fromisoformat(_as_python_3_10_reads(row["at"])) for row in rows]

    theirs, ours = both(clients, instants)
    assert ours == theirs


@pytest.mark.parametrize("place", range(len(ZONES)))
def test_filters_read_times_in_the_same_zone(clients: tuple[Any, Any], place: int) -> None:
    for zone in (None, *ZONES):
        options = {} if zone is None else {"timezone": zone}
        for text in filter(None, GIVEN):
            for op in ("==", "<="):
                theirs, ours = both(
                    clients,
                    lambda client, text=f"at {op} ISO '{text}'", options=options: sorted(
                        row["id"] for row in client.query(f"c{place}", text, output_fields=["id"], **options)
                    ),
                )
                assert ours == theirs, (text, op, zone)


@pytest.mark.parametrize("place", range(len(ZONES)))
def test_time_fields_are_those_of_the_zone(clients: tuple[Any, Any], place: int) -> None:
    parts = "year, month, day, hour, minute, second, microsecond"
    for zone in (None, *ZONES):
        options = {"time_fields": parts} | ({} if zone is None else {"timezone": zone})

        def ask(client: Any, options: dict[str, Any] = options) -> tuple[list[Any], list[Any]]:
            rows = client.query(f"c{place}", "at is not null", output_fields=["at"], **options)
            hits = client.search(
                f"c{place}", [[0, 0]], filter="at is not null", output_fields=["at"], **options
            )
            return [list(row["at"]) for row in rows], [list(hit["entity"]["at"]) for hit in hits[0]]

        theirs, ours = both(clients, ask)
        assert ours == theirs, zone


def _as_python_3_10_reads(text: str) -> str:
    whole, dot, rest = text.replace("Z", "+00:00").partition(".")
    digits = rest.split("+")[0].split("-")[0]
    return whole + dot + rest.replace(digits, digits.ljust(6, "0"), 1) if dot else whole
