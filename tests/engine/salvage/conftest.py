"""A file with everything in it that a salvage has to bring over, and what it holds."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from milvus_store import DataType, Function, FunctionType, MilvusClient
from tests import thresholds

Contents = dict[tuple[str, str], dict[Any, dict[str, Any]]]
"""(database, collection) → key → row, the partition that it is in included."""


@pytest.fixture(scope="session")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("salvage") / "sound.db"
    with thresholds.lowered():  # so that there is a built index
        fill(path)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM index_parts").fetchone() > (0,)
    return path


@pytest.fixture(scope="session")
def held(sound: Path) -> Contents:
    return contents(sound)


def fill(path: Path) -> None:
    """``docs`` (id 1), some of whose rows were replaced or removed; ``numbered`` (2), keys by auto_id, partitions;
    ``quick`` (3) in database ``other``."""
    with MilvusClient(path) as client:
        schema = client.create_schema(enable_dynamic_field=True)
        schema.add_field("pk", DataType.VARCHAR, max_length=100, is_primary=True)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=64)
        schema.add_field("other", DataType.FLOAT16_VECTOR, dim=4, nullable=True)
        schema.add_field("text", DataType.VARCHAR, max_length=999, enable_analyzer=True)
        schema.add_field("words", DataType.SPARSE_FLOAT_VECTOR)
        schema.add_field("n", DataType.INT16)
        schema.add_field("x", DataType.FLOAT, nullable=True)
        schema.add_field("tenant", DataType.VARCHAR, max_length=20, is_partition_key=True)
        schema.add_function(Function("bm25", FunctionType.BM25, "text", "words"))
        index = client.prepare_index_params(
            "vector", index_type="HNSW", metric_type="L2", params={"M": 8, "efConstruction": 40}
        )
        index.add_index("other", index_type="FLAT", metric_type="COSINE")
        index.add_index("words", index_type="AUTOINDEX", metric_type="BM25")
        index.add_index("n", index_type="INVERTED")
        client.create_collection(
            "docs",
            schema=schema,
            index_params=index,
            consistency_level="Strong",
            properties={"timezone": "Asia/Tokyo"},
        )
        client.insert("docs", [_document(i) for i in range(1500)])
        client.upsert("docs", [_document(i) | {"text": f"again {i}"} for i in range(0, 300, 2)])
        client.delete("docs", filter="n == 7")
        client.create_index("docs", client.prepare_index_params("x", index_type="STL_SORT"))
        client.build_index("docs", "vector")
        client.create_alias("docs", "papers")
        client.create_collection("numbered", dimension=8, auto_id=True)
        client.create_partition("numbered", "extra")
        for partition in ("_default", "extra"):
            client.insert("numbered", [{"vector": [i] * 8} for i in range(50)], partition_name=partition)
        client.delete("numbered", filter="id in [99, 100]")
        client.create_database("other", properties={"timezone": "Europe/Paris"})
        client.use_database("other")
        client.create_collection("quick", dimension=2)
        client.insert("quick", [{"id": i, "vector": [i, 1], "color": "red"} for i in range(20)])


def _document(i: int) -> dict[str, Any]:
    return {
        "pk": f"key-{i}",
        "vector": [(i * 7 + j * j) % 97 / 97 for j in range(64)],
        "other": None if i % 5 == 0 else [i, 1, 2, 3],
        "text": f"common word{i % 40} number{i}",
        "n": i % 30,
        "x": None if i % 7 == 0 else i / 4,
        "tenant": f"t{i % 10}",
        "color": f"color {i}",
    }


def contents(path: Path) -> Contents:
    """All rows of the file at ``path``."""
    found: Contents = {}
    with MilvusClient(path) as client:
        for database in client.list_databases():
            client.use_database(database)
            for name in client.list_collections():
                described = client.describe_collection(name)
                _make_readable(client, name, described)
                key = next(one["name"] for one in described["fields"] if one.get("is_primary"))
                fields = [one["name"] for one in described["fields"] if not one.get("is_function_output")]
                rows = found[database, name] = {}
                for partition in client.list_partitions(name):
                    for row in client.query(
                        name, "", [*fields, "$meta"], limit=16_000, partition_names=[partition]
                    ):
                        rows[row[key]] = {**row, "in partition": partition}
    return found


def _make_readable(client: MilvusClient, name: str, described: dict[str, Any]) -> None:
    """Load a collection, whose indexes may have been lost."""
    for one in described["fields"]:
        if DataType(one["type"]).is_vector and not client.list_indexes(name, one["name"]):
            metric = "BM25" if one.get("is_function_output") else "COSINE"
            index = client.prepare_index_params(one["name"], index_type="AUTOINDEX", metric_type=metric)
            client.create_index(name, index)
    client.load_collection(name)
