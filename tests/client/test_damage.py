"""Damage in the file is an error that names the place, never a wrong answer."""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from milvus_store import DataType, MilvusClient
from milvus_store.errors import DatabaseCorruptError
from milvus_store_lite.checks import check_file


@pytest.fixture
def damage(path: Path) -> Callable[[str], None]:
    """Runs a statement on the closed file of a small collection."""
    with MilvusClient(path) as client:
        client.create_collection("c", dimension=2)
        client.insert("c", [{"id": i, "vector": [i, 1], "n": i} for i in range(3000)])

    def run(statement: str) -> None:
        with sqlite3.connect(path) as connection:
            connection.execute(statement)
        connection.close()

    return run


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM vectors_1_vector WHERE seq = 1500",
        "DELETE FROM vectors_1_vector WHERE seq = 3000",
        "UPDATE vectors_1_vector SET value = x'00' WHERE seq = 1500",
        "UPDATE vectors_1_vector SET seq = 9999 WHERE seq = 1500",
    ],
)
def test_searches_refuse_vectors_that_do_not_belong(
    path: Path, damage: Callable[[str], None], statement: str
) -> None:
    damage(statement)
    for settings in ({}, {"memory_limit": 100}):
        with MilvusClient(path, **settings) as client:  # type: ignore[arg-type]
            with pytest.raises(DatabaseCorruptError, match="collection 1.*'vector'"):
                client.search("c", [[1, 1]])
            few = "id in [1499, 2999]"
            with pytest.raises(DatabaseCorruptError, match="collection 1.*'vector'"):
                client.search("c", [[1, 1]], filter=few)


def test_a_flipped_bit_inside_a_vector_is_found_by_whoever_reads_it(
    path: Path, damage: Callable[[str], None]
) -> None:
    content = bytearray(path.read_bytes())
    stored = struct.pack("<2f", 1500, 1)
    assert content.count(stored) == 1
    content[content.index(stored) + 4] ^= 1
    path.write_bytes(content)
    where = r"field 'vector', table \"vectors_1_vector\", seq 1501: .*checksum"
    for settings in ({}, {"memory_limit": 100}):
        with MilvusClient(path, **settings) as client:  # type: ignore[arg-type]
            for read in (
                lambda: client.search("c", [[1, 1]]),
                lambda: client.search("c", [[1, 1]], filter="id in [1499, 1500]"),
                lambda: client.search("c", ids=[1500], limit=1),
                lambda: client.get("c", 1500, ["vector"]),
                lambda: client.query("c", "n > 1400", ["*"]),
            ):
                with pytest.raises(DatabaseCorruptError, match=where):
                    read()
            assert client.get("c", 1499, ["vector"]) == [{"id": 1499, "vector": [1499, 1]}]
            assert client.get("c", 1500, ["n"]) == [{"id": 1500, "n": 1500}]
    with MilvusClient(path) as client:  # A row written anew is whole again.
        client.upsert("c", {"id": 1500, "vector": [1500, 1]})
        assert client.search("c", [[1500, 1]], limit=3000)[0].ids.count(1500) == 1


def test_queries_refuse_a_document_that_is_no_json(path: Path, damage: Callable[[str], None]) -> None:
    damage("UPDATE rows_1 SET dynamic = '{' WHERE seq = 7")
    with MilvusClient(path) as client:
        with pytest.raises(DatabaseCorruptError, match=r"\$meta"):
            client.query("c", "n == 3")
        with pytest.raises(DatabaseCorruptError, match=r"\$meta.*seq 7.*checksum"):
            client.get("c", 6)
        assert client.get("c", 8, ["n"]) == [{"id": 8, "n": 8}]


def test_a_number_that_is_none_is_refused(path: Path, damage: Callable[[str], None]) -> None:
    damage("UPDATE rows_1 SET partition = 'x' WHERE seq = 7")
    with (
        MilvusClient(path) as client,
        pytest.raises(DatabaseCorruptError, match="partition"),
    ):
        client.query("c", limit=5, partition_names=["_default"])


def test_values_of_another_type_are_refused(path: Path, damage: Callable[[str], None]) -> None:
    with MilvusClient(path) as client:
        schema = client.create_schema()
        schema.add_field("id", DataType.INT64, is_primary=True)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
        schema.add_field("text", DataType.VARCHAR, max_length=9)
        schema.add_field("x", DataType.FLOAT)
        index = client.prepare_index_params("vector", metric_type="L2")
        client.create_collection("d", schema=schema, index_params=index)
        client.insert("d", [{"id": i, "vector": [i, 1], "text": "a", "x": i} for i in range(3)])
    damage("UPDATE rows_2 SET text = x'61', x = 1e39 WHERE seq = 2")
    with MilvusClient(path) as client:
        for field, expression in (("text", 'text like "a%"'), ("x", "x > 1")):
            with pytest.raises(DatabaseCorruptError, match=f"collection 2.*'{field}'"):
                client.query("d", expression)


@pytest.mark.parametrize("micros", [2**63 - 1, -(2**63), 2**60])
def test_a_time_outside_the_calendar_is_refused(
    path: Path, damage: Callable[[str], None], micros: int
) -> None:
    with MilvusClient(path) as client:
        schema = client.create_schema()
        schema.add_field("id", DataType.INT64, is_primary=True)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
        schema.add_field("t", DataType.TIMESTAMPTZ, nullable=True)
        client.create_collection("d", schema=schema)
        client.insert(
            "d", [{"id": 1, "vector": [0, 1], "t": "2025-01-01T00:00:00Z"}, {"id": 2, "vector": [0, 1]}]
        )
    damage(f"UPDATE rows_2 SET t = {micros} WHERE pk = 1")
    with MilvusClient(path) as client:
        client.create_index("d", client.prepare_index_params("vector", index_type="FLAT", metric_type="L2"))
        client.load_collection("d")
        with pytest.raises(DatabaseCorruptError, match="collection 2.*'t'.*seq 1.*checksum"):
            client.get("d", 1)
        with pytest.raises(DatabaseCorruptError, match="collection 2.*'t'.*seq 1.*checksum"):
            client.search("d", [[0, 1]], output_fields=["t"])
        assert client.get("d", 2, ["t"]) == [{"id": 2, "t": None}]
    calendar, checksum = check_file(path).problems
    assert calendar.place.endswith("field 't'")
    assert "expected a time between the years 1 and 9999: 1 row" in calendar.message
    assert checksum.place == calendar.place


def test_a_row_that_its_index_has_lost_is_damage(path: Path, damage: Callable[[str], None]) -> None:
    damage("INSERT INTO vectors_1_vector VALUES (3001, x'00', x'0000000000000000')")
    with MilvusClient(path) as client, pytest.raises(DatabaseCorruptError, match="UNIQUE"):
        client.insert("c", {"id": 5000, "vector": [1, 1]})


def test_a_definition_that_cannot_be_read_is_damage(path: Path, damage: Callable[[str], None]) -> None:
    damage("UPDATE collections SET schema = replace(schema, '\"fields\"', '\"felds\"')")
    with MilvusClient(path) as client:
        with pytest.raises(DatabaseCorruptError, match="definition of collection 'c'"):
            client.search("c", [[1, 1]])
        assert client.list_collections() == ["c"]


def test_a_table_that_is_missing_is_damage(path: Path, damage: Callable[[str], None]) -> None:
    damage("DROP TABLE vectors_1_vector")
    with MilvusClient(path) as client, pytest.raises(DatabaseCorruptError, match="vectors_1_vector"):
        client.search("c", [[1, 1]])


@pytest.mark.parametrize("place", [18, 19, 20, 47, 52, 59])
def test_a_header_that_sqlite_would_believe_is_damage(
    path: Path, damage: Callable[[str], None], place: int
) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 128
    path.write_bytes(content)
    with pytest.raises(DatabaseCorruptError, match="header"):
        MilvusClient(path)


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("UPDATE removed_1 SET change = 9223372036854775807 WHERE change = 2", "removal 9223372036854775807"),
        ("DELETE FROM vectors_1_vector WHERE seq = 8", "vectors_1_vector.*expected 1 rows, found 0"),
    ],
)
def test_a_deletion_that_does_not_find_what_must_be_there_is_refused(
    path: Path, damage: Callable[[str], None], statement: str, message: str
) -> None:
    with MilvusClient(path) as client:
        client.delete("c", [1, 2])
    damage(statement)
    with MilvusClient(path) as client, pytest.raises(DatabaseCorruptError, match=message):
        client.delete("c", [7])


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM names",
        "DELETE FROM databases WHERE id = 2",
        "DELETE FROM collections WHERE id = 2",
        "INSERT INTO aliases VALUES (1, 'phantom', 2)",
        "DELETE FROM aliases",
        "UPDATE aliases SET database_id = 2",
    ],
)
def test_a_name_that_damage_hides_or_adds_is_never_told(
    path: Path, damage: Callable[[str], None], statement: str
) -> None:
    with MilvusClient(path) as client:
        client.create_database("d")
        client.create_collection("other", dimension=2)
        client.create_alias("other", "alias")
    damage(statement)
    with MilvusClient(path) as client:
        for ask in (
            client.list_databases,
            client.list_collections,
            client.list_aliases,
            lambda: client.has_collection("phantom"),
            lambda: client.has_collection("nothing"),
            lambda: client.describe_alias("alias"),
            lambda: client.create_alias("c", "new"),
            lambda: client.get("nothing", 1),
        ):
            with pytest.raises(DatabaseCorruptError, match="list of databases, collections and aliases"):
                ask()
        assert client.get("c", 1, ["n"]) == [{"id": 1, "n": 1}]


@pytest.mark.parametrize(
    ("statement", "tenant"),
    [
        ("UPDATE tenants_2 SET live = live + 1 WHERE value = 't3'", "t3"),
        ("DELETE FROM tenants_2 WHERE value = 't3'", "t3"),
        ("INSERT INTO tenants_2 VALUES ('t99', 5)", "t99"),
    ],
)
def test_a_tenant_with_other_rows_than_counted_is_refused(
    path: Path, damage: Callable[[str], None], statement: str, tenant: str
) -> None:
    with MilvusClient(path) as client:
        schema = client.create_schema()
        schema.add_field("id", DataType.INT64, is_primary=True)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
        schema.add_field("tenant", DataType.VARCHAR, max_length=9, is_partition_key=True)
        index = client.prepare_index_params("vector", index_type="FLAT", metric_type="L2")
        client.create_collection("d", schema=schema, index_params=index)
        client.insert("d", [{"id": i, "vector": [i, 1], "tenant": f"t{i % 5}"} for i in range(50)])
    damage(statement)
    with MilvusClient(path) as client:
        with pytest.raises(DatabaseCorruptError, match="'tenant'"):
            client.search("d", [[1, 1]], filter=f'tenant == "{tenant}"')
        assert len(client.query("d", 'tenant == "t1"')) == 10


def test_a_vector_of_another_field_or_collection_is_refused(
    path: Path, damage: Callable[[str], None]
) -> None:
    with MilvusClient(path) as client:
        client.create_collection("twin", dimension=2)
        client.insert("twin", [{"id": i, "vector": [-i, 1], "n": -i} for i in range(3000)])
    damage(
        "UPDATE vectors_1_vector SET (value, checksum) ="
        " (SELECT value, checksum FROM vectors_2_vector WHERE seq = 8) WHERE seq = 8"
    )
    damage(
        'UPDATE rows_1 SET (dynamic, "$checksums") ='
        ' (SELECT dynamic, "$checksums" FROM rows_2 WHERE seq = 9) WHERE seq = 9'
    )
    with MilvusClient(path) as client:
        for pk in (7, 8):
            with pytest.raises(DatabaseCorruptError, match="checksum"):
                client.get("c", pk, ["vector", "n"])


def test_a_null_for_a_vector_is_refused(path: Path, damage: Callable[[str], None]) -> None:
    with MilvusClient(path) as client:
        client.add_collection_field("c", "late", DataType.FLOAT_VECTOR, dim=2, nullable=True)
        client.insert("c", {"id": 5000, "vector": [1, 1], "late": [1, 2]})
        assert client.get("c", 5, ["late"]) == [{"id": 5, "late": None}]
    damage("UPDATE vectors_1_late SET value = NULL, checksum = NULL WHERE seq = 3001")
    with MilvusClient(path) as client:
        assert client.get("c", 5, ["late"]) == [{"id": 5, "late": None}]
        with pytest.raises(DatabaseCorruptError, match="'late'.*seq 3001"):
            client.get("c", 5000, ["late"])
