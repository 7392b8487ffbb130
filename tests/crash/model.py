"""The naive model: which rows each collection holds after which calls.

A row is a function of its key and of the stamp of the step that wrote it, so that a state is small
(collection → key → stamp) and still says every value of every row.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from milvus_store import DataType, MilvusClient
from milvus_store_lite.storage import index_parts

from .. import thresholds

DIM = 24
State = dict[str, dict[int, int]]
"""Collection → key → stamp."""


@dataclass(frozen=True)
class Step:
    """One call of the client. The rows it writes carry its number as their stamp."""

    number: int
    name: str
    collection: str = ""
    keys: tuple[int, ...] = ()
    stamp: int = 0
    target: str = ""


def row(key: int, stamp: int) -> dict[str, Any]:
    """The row with this key that the step with this number writes."""
    return {
        "id": key,
        "vector": [float((key * 31 + stamp * 17 + place * place) % 251) for place in range(DIM)],
        "stamp": stamp,
        "text": f"{key}/{stamp} " + "text " * (key % 40),
        "extra": {"key": key, "tags": [stamp % 3]},
    }


def after(state: State, step: Step) -> State:
    """The state that ``step`` turns ``state`` into."""
    rows = state.get(step.collection, {})
    others = {name: kept for name, kept in state.items() if name != step.collection}
    match step.name:
        case "create":
            return {**others, step.collection: {}}
        case "drop":
            return others
        case "rename":
            return {**others, step.target: rows}
        case "insert" | "upsert":
            return {**others, step.collection: {**rows, **dict.fromkeys(step.keys, step.number)}}
        case "delete":
            gone = set(step.keys)
            return {**others, step.collection: {key: rows[key] for key in rows if key not in gone}}
        case "delete where":
            left = {key: stamp for key, stamp in rows.items() if stamp >= step.stamp}
            return {**others, step.collection: left}
    return state


def perform(client: MilvusClient, step: Step) -> None:
    """Make the call that ``step`` stands for."""
    match step.name:
        case "create":
            create(client, step.collection)
        case "drop":
            client.drop_collection(step.collection)
        case "rename":
            client.rename_collection(step.collection, step.target)
        case "insert":
            client.insert(step.collection, [row(key, step.number) for key in step.keys])
        case "upsert":
            client.upsert(step.collection, [row(key, step.number) for key in step.keys])
        case "delete":
            client.delete(step.collection, ids=list(step.keys))
        case "delete where":
            client.delete(step.collection, filter=f"stamp < {step.stamp}")
        case "flush":
            client.flush(step.collection)
        case "compact":
            client.compact(step.collection)
        case "build":
            client.build_index(step.collection, "vector")
        case "search":
            client.search(step.collection, [row(0, step.number)["vector"]], limit=3, output_fields=["*"])


def create(client: MilvusClient, collection: str) -> None:
    """Make a collection that takes the rows of ``row``."""
    schema = client.create_schema(enable_dynamic_field=True)
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=DIM)
    schema.add_field("stamp", DataType.INT64)
    schema.add_field("text", DataType.VARCHAR, max_length=1000)
    index = client.prepare_index_params()
    index.add_index("vector", index_type="HNSW", metric_type="L2", params={"M": 4, "efConstruction": 16})
    client.create_collection(collection, schema=schema, index_params=index)


def warm_up() -> None:
    """Use everything once, so that it is imported; nothing stays open."""
    with tempfile.TemporaryDirectory() as folder, MilvusClient(Path(folder, "warm.db")) as client:
        for number, name in enumerate(("create", "insert", "build", "search", "delete where")):
            perform(client, Step(number, name, "c", keys=tuple(range(200)), stamp=1))


def index_early() -> None:
    """Let so few rows as there are here be worth an index, stored in several parts."""
    thresholds.lower(least_rows=100)
    index_parts.PART_SIZE = 10_000  # type: ignore[misc]
