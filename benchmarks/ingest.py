"""Rows per second into a collection of six scalar fields and a vector, in batches and row by row, in every form.

Every call is durable on return. Beside it the same values written by bare ``sqlite3``, one transaction for each
call: what the file itself, and the disk under it, cost.
"""

from __future__ import annotations

import argparse
import sqlite3
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from milvus_store import DataType, MilvusClient

from . import data, timing


def into_store(path: Path, batches: Sequence[Any], count: int, dim: int, durability: str) -> float:
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
        return count / (time.perf_counter() - start)


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


def forms_of(rows: list[dict[str, object]]) -> Mapping[str, Any]:
    """``rows`` in the other forms that a client takes, by name."""
    vectors: data.Floats = np.stack([row["vector"] for row in rows])  # type: ignore[arg-type]
    scalars = {name: [row[name] for row in rows] for name in rows[0] if name != "vector"}
    numbers = {name: np.array(values) for name, values in scalars.items() if not isinstance(values[0], str)}
    matrix = pa.FixedSizeListArray.from_arrays(vectors.ravel(), vectors.shape[1])
    return {
        "list vectors": [{**row, "vector": row["vector"].tolist()} for row in rows],  # type: ignore[attr-defined]
        "dict of columns": {**scalars, **numbers, "vector": vectors},
        "pandas": pd.DataFrame({**scalars, "vector": list(vectors)}),
        "Arrow": pa.table({**scalars, "vector": matrix}),
    }


def measure(rows: list[dict[str, object]], dim: int, batch: int, durability: str, rounds: int) -> None:
    """Print rows per second, the best of ``rounds``, in calls of ``batch`` rows."""
    arrays = [rows[start : start + batch] for start in range(0, len(rows), batch)]
    forms = [{"numpy vectors": part, **forms_of(part)} for part in arrays]

    def insert(form: str) -> Callable[[Path], float]:
        batches = [of_part[form] for of_part in forms]
        return lambda path: into_store(path, batches, len(rows), dim, durability)

    ways = {f"insert, {form}": insert(form) for form in forms[0]}
    ways["bare sqlite3"] = lambda path: into_sqlite(path, arrays, durability)
    names = list(ways)
    found = dict.fromkeys(names, 0.0)
    for number in range(rounds):
        first = number % len(names)  # another one in each round: what others wrote still goes to the disk
        for name in [*names[first:], *names[:first]]:
            with tempfile.TemporaryDirectory() as folder:
                found[name] = max(found[name], ways[name](Path(folder, "ingest.db")))
    for name, speed in found.items():
        share = speed / found["bare sqlite3"]
        print(f"  {durability:7}{batch:>6,} a call  {name:24}{speed:>10,.0f}   {share:5.2f} of bare SQLite")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--single-rows", type=int, default=2_000)
    parser.add_argument("--dim", type=int, default=384)
    parser.add_argument("--batch", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=6)
    options = parser.parse_args()
    rows = data.rows(data.clustered(options.rows, options.dim))
    print(f"{options.rows:,} x {options.dim}; rows/s, best of {options.rounds}")
    for durability in ("full", "normal"):
        measure(rows, options.dim, options.batch, durability, options.rounds)
    measure(rows[: options.single_rows], options.dim, 1, "full", options.rounds)
    print(f"  peak memory {timing.peak_memory():,.0f} MB, the rows themselves included")


if __name__ == "__main__":
    main()
