"""Rows per second into a collection of six scalar fields and a vector, each batch durable on return.

Beside it the same values written by bare ``sqlite3``: what the file itself costs.
"""

from __future__ import annotations

import argparse
import sqlite3
import tempfile
import time
from pathlib import Path

from milvus_store import DataType, MilvusClient

from . import data


def into_store(path: Path, batches: list[list[dict[str, object]]], dim: int, durability: str) -> float:
    """Rows per second through ``MilvusClient.insert``."""
    with MilvusClient(path, durability=durability) as client:
        schema = client.create_schema()
        schema.add_field("id", DataType.INT64, is_primary=True)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=dim)
        schema.add_field("tenant", DataType.VARCHAR, max_length=64, is_partition_key=True)
        schema.add_field("color", DataType.VARCHAR, max_length=16)
        schema.add_field("price", DataType.DOUBLE)
        schema.add_field("stock", DataType.INT32)
        schema.add_field("on_sale", DataType.BOOL)
        schema.add_field("title", DataType.VARCHAR, max_length=256)
        index = client.prepare_index_params("vector", index_type="AUTOINDEX", metric_type="COSINE")
        client.create_collection("bench", schema=schema, index_params=index)
        start = time.perf_counter()
        for batch in batches:
            client.insert("bench", batch)
        return sum(map(len, batches)) / (time.perf_counter() - start)


def into_sqlite(path: Path, batches: list[list[dict[str, object]]], durability: str) -> float:
    """Rows per second of bare SQLite with the same tables, page size and durability."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA page_size = 16384")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA synchronous = {durability}")
    connection.execute(
        "CREATE TABLE rows (seq INTEGER PRIMARY KEY, pk INTEGER UNIQUE, tenant TEXT, color TEXT,"
        " price REAL, stock INTEGER, on_sale INTEGER, title TEXT)"
    )
    connection.execute("CREATE INDEX tenants ON rows (tenant)")
    connection.execute("CREATE TABLE vectors (seq INTEGER PRIMARY KEY, value BLOB)")
    prepared = [
        (
            [
                (r["id"], r["id"], r["tenant"], r["color"], r["price"], r["stock"], r["on_sale"], r["title"])
                for r in batch
            ],
            [(r["id"], r["vector"].tobytes()) for r in batch],  # type: ignore[attr-defined]
        )
        for batch in batches
    ]
    start = time.perf_counter()
    for scalars, vectors in prepared:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("INSERT INTO rows VALUES (?,?,?,?,?,?,?,?)", scalars)
        connection.executemany("INSERT INTO vectors VALUES (?,?)", vectors)
        connection.execute("COMMIT")
    elapsed = time.perf_counter() - start
    connection.close()
    return sum(map(len, batches)) / elapsed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--dim", type=int, default=384)
    parser.add_argument("--batch", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    rows = data.rows(data.clustered(options.rows, options.dim))
    as_arrays = [rows[start : start + options.batch] for start in range(0, len(rows), options.batch)]
    as_lists = [[{**row, "vector": row["vector"].tolist()} for row in batch] for batch in as_arrays]
    print(f"{options.rows:,} x {options.dim}, batches of {options.batch:,}; rows/s, best of {options.rounds}")
    for durability in ("full", "normal"):
        found: dict[str, float] = {"bare sqlite3": 0, "insert, numpy vectors": 0, "insert, list vectors": 0}
        for _ in range(options.rounds):
            with tempfile.TemporaryDirectory() as folder:
                speeds = {
                    "bare sqlite3": into_sqlite(Path(folder, "bare.db"), as_arrays, durability),
                    "insert, numpy vectors": into_store(
                        Path(folder, "arrays.db"), as_arrays, options.dim, durability
                    ),
                    "insert, list vectors": into_store(
                        Path(folder, "lists.db"), as_lists, options.dim, durability
                    ),
                }
            found = {name: max(found[name], speed) for name, speed in speeds.items()}
        base = found["bare sqlite3"]
        for name, speed in found.items():
            print(f"  {durability:7}{name:24}{speed:>10,.0f}   {speed / base:5.2f} of bare SQLite")


if __name__ == "__main__":
    main()
