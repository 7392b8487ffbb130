"""Batches that can be recognised as whole: what writers write, and what every reader may demand to see.

All rows of a batch carry its number, its size and the stamp of the call that wrote them last. A reader that
sees fewer rows than the size, or two stamps in a batch, has seen half a call.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from random import Random
from typing import Any

from milvus_store import DataType, MilvusClient

DIM = 8
EVERYTHING = 16_384
Batches = dict[int, tuple[int, int]]
"""Batch → (size, stamp)."""


def create(path: Path) -> None:
    """A closed database with the collection ``c`` for batches."""
    with MilvusClient(path) as client:
        schema = client.create_schema()
        schema.add_field("id", DataType.INT64, is_primary=True)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=DIM)
        for name in ("batch", "size", "stamp"):
            schema.add_field(name, DataType.INT64)
        index = client.prepare_index_params("vector", metric_type="L2")
        client.create_collection("c", schema=schema, index_params=index)


def rows(batch: int, size: int, stamp: int) -> list[dict[str, Any]]:
    return [
        {
            "id": batch * 1000 + place,
            "vector": [float(batch % 97), float(stamp), float(place), *([1.0] * (DIM - 3))],
            "batch": batch,
            "size": size,
            "stamp": stamp,
        }
        for place in range(size)
    ]


def whole(found: Iterable[Mapping[str, Any]]) -> Batches:
    """The batches that ``found`` rows make up; fails if one of them is not whole, or a row comes twice."""
    groups: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
    for one in found:
        groups[one["batch"]].append(one)
    batches = {}
    for batch, members in groups.items():
        size, stamp = members[0]["size"], members[0]["stamp"]
        assert {one["stamp"] for one in members} == {stamp}, f"batch {batch} is torn"
        assert sorted(one["id"] for one in members) == [batch * 1000 + place for place in range(size)]
        batches[batch] = (size, stamp)
    return batches


def seen(client: MilvusClient) -> Batches:
    """The whole batches that a query sees; the values of every vector fit them."""
    found = client.query("c", limit=EVERYTHING, output_fields=["*"])
    for one in found:
        assert one["vector"][:3] == [one["batch"] % 97, one["stamp"], one["id"] % 1000]
    return whole(found)


def seen_by_search(client: MilvusClient) -> Batches:
    """The whole batches that a search sees which wants every row."""
    (hits,) = client.search(
        "c", [[0.0] * DIM], limit=EVERYTHING, output_fields=["id", "batch", "size", "stamp"]
    )
    assert hits.distances == sorted(hits.distances)
    return whole([hit.entity for hit in hits])


class Writer:
    """One who writes batches of its own, numbered from ``number * 10_000``, and remembers every returned call."""

    def __init__(self, number: int, *, keeps_everything: bool = False) -> None:
        self.acknowledged: Batches = {}
        self.calls = 0
        self._random = Random(number)
        self._next = number * 10_000
        self._keeps_everything = keeps_everything

    def write(self, client: MilvusClient) -> None:
        """One call: a new batch, an upsert of one, or its deletion by keys or by filter."""
        self.calls += 1
        mine = list(self.acknowledged)
        kind = self._random.choice(["insert", "insert", "upsert", "ids", "filter"])
        if not mine or (kind == "insert" and len(mine) < 20):
            self._next += 1
            batch, size = self._next, self._random.randint(1, 60)
            assert client.insert("c", rows(batch, size, self.calls))["insert_count"] == size
            self.acknowledged[batch] = (size, self.calls)
            return
        batch = self._random.choice(mine)
        size, _ = self.acknowledged[batch]
        if kind in ("insert", "upsert") or self._keeps_everything:
            assert client.upsert("c", rows(batch, size, self.calls))["upsert_count"] == size
            self.acknowledged[batch] = (size, self.calls)
            return
        if kind == "ids":
            done = client.delete("c", ids=[one["id"] for one in rows(batch, size, 0)])
        else:
            done = client.delete("c", filter=f"batch == {batch}")
        assert done["delete_count"] == size
        del self.acknowledged[batch]


class Reader:
    """One who looks again and again, and never sees half a call, or time run backwards."""

    def __init__(self, kept: int | None = None) -> None:
        """``kept``: the number of the writer that keeps everything."""
        self.reads = 0
        self._kept = kept
        self._before: Batches = {}

    def read(self, client: MilvusClient) -> None:
        self.reads += 1
        now = (seen if self.reads % 2 else seen_by_search)(client)
        for batch, (size, stamp) in self._before.items():
            if batch in now:
                assert now[batch][0] == size
                assert now[batch][1] >= stamp, f"batch {batch} went back in time"
            else:
                assert batch // 10_000 != self._kept, f"batch {batch} is gone, and nobody deleted it"
        self._before = now
