"""A database against dictionaries: whatever two processes do to it, both agree with the naive model."""

from __future__ import annotations

import json
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from milvus_store import DataType, MilvusClient, MilvusException
from milvus_store.errors import PartitionNotExistException
from milvus_store_lite.checks import check_file

from .other_process import OTHER_PROCESS

DIM = 3
KEYS = st.integers(0, 30)
ROWS = st.fixed_dictionaries(
    {
        "id": KEYS,
        "vector": st.lists(st.integers(-3, 3).map(float), min_size=DIM, max_size=DIM),
        "group": st.sampled_from(["a", "b", "c"]),
        "n": st.one_of(st.none(), st.integers(-5, 5)),
    },
    optional={"extra": st.one_of(st.none(), st.integers(0, 3), st.sampled_from(["x", "y"]))},
)
BATCHES = st.lists(ROWS, min_size=1, max_size=8)
CHANGES = st.lists(
    st.fixed_dictionaries(
        {"id": KEYS},
        optional={
            "vector": st.lists(st.integers(-3, 3).map(float), min_size=DIM, max_size=DIM),
            "n": st.one_of(st.none(), st.integers(-5, 5)),
            "extra": st.one_of(st.none(), st.integers(0, 3)),
        },
    ),
    max_size=8,
)


class DatabaseModel(RuleBasedStateMachine):
    """``rows`` is the naive model of collection ``c``: primary key → row, in the order of last writing.

    ``aliases`` are those of ``c``; ``parts`` models collection ``p``: partition → primary keys.
    """

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.mkdtemp()
        self.path = Path(self.folder, "model.db")
        self.rows: dict[int, dict[str, Any]] = {}
        self.aliases: set[str] = set()
        self.parts: dict[str, set[int]] = {"_default": set()}
        self.clients: list[Any] = []

    @initialize()
    def create(self) -> None:
        self.open()
        self.create_c()
        self.clients[0].create_collection("p", dimension=DIM)

    def create_c(self) -> None:
        client = self.clients[0]
        schema = client.create_schema(enable_dynamic_field=True)
        schema.add_field("id", DataType.INT64, is_primary=True)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=DIM)
        schema.add_field("group", DataType.VARCHAR, max_length=5, is_partition_key=True)
        schema.add_field("n", DataType.INT64, nullable=True)
        index = client.prepare_index_params("vector", metric_type="L2")
        client.create_collection("c", schema=schema, index_params=index)

    def open(self) -> None:
        self.clients = [MilvusClient(self.path), OTHER_PROCESS.open(self.path)]

    def write(self, rows: list[dict[str, Any]]) -> None:
        for row in rows:
            self.rows.pop(row["id"], None)
            self.rows[row["id"]] = row

    @rule(rows=BATCHES, who=st.integers(0, 1))
    def insert(self, rows: list[dict[str, Any]], who: int) -> None:
        assert self.clients[who].insert("c", rows)["ids"] == [row["id"] for row in rows]
        self.write(rows)

    @rule(rows=BATCHES, who=st.integers(0, 1))
    def upsert(self, rows: list[dict[str, Any]], who: int) -> None:
        assert self.clients[who].upsert("c", rows)["upsert_count"] == len(rows)
        self.write(rows)

    @rule(changes=CHANGES, who=st.integers(0, 1))
    def update(self, changes: list[dict[str, Any]], who: int) -> None:
        known = [one for one in changes if one["id"] in self.rows]
        assert self.clients[who].upsert("c", known, partial_update=True)["upsert_count"] == len(known)
        merged: dict[int, dict[str, Any]] = {}
        for one in known:
            old = merged.pop(one["id"], self.rows[one["id"]])
            merged[one["id"]] = {**old, **one}
        self.write(list(merged.values()))

    @rule(rows=BATCHES, who=st.integers(0, 1))
    def a_bad_row_changes_nothing(self, rows: list[dict[str, Any]], who: int) -> None:
        with pytest.raises(Exception, match="'n'"):
            self.clients[who].upsert("c", [*rows, {**rows[0], "n": "x"}])

    @rule(ids=st.lists(KEYS, max_size=5), who=st.integers(0, 1))
    def delete_ids(self, ids: list[int], who: int) -> None:
        gone = {key for key in ids if key in self.rows}
        assert self.clients[who].delete("c", ids=ids)["delete_count"] == len(gone)
        for key in gone:
            del self.rows[key]

    @rule(low=st.integers(-5, 5), who=st.integers(0, 1))
    def delete_where(self, low: int, who: int) -> None:
        gone = [key for key, row in self.rows.items() if row["n"] is not None and row["n"] > low]
        assert self.clients[who].delete("c", filter=f"n > {low}")["delete_count"] == len(gone)
        for key in gone:
            del self.rows[key]

    @rule(name=st.sampled_from(["x", "y"]), who=st.integers(0, 1))
    def create_alias(self, name: str, who: int) -> None:
        if name in self.aliases:
            with pytest.raises(MilvusException, match="already"):
                self.clients[who].create_alias("p", name)
        self.clients[who].create_alias("c", name)
        self.aliases.add(name)

    @rule(name=st.sampled_from(["x", "y"]), who=st.integers(0, 1))
    def drop_alias(self, name: str, who: int) -> None:
        self.clients[who].drop_alias(name)
        self.aliases.discard(name)

    @rule(who=st.integers(0, 1))
    def drop_and_create_anew(self, who: int) -> None:
        for alias in self.aliases:
            self.clients[who].drop_alias(alias)
        self.clients[who].drop_collection("c")
        self.rows, self.aliases = {}, set()
        self.create_c()

    @rule(name=st.sampled_from(["one", "two"]), who=st.integers(0, 1))
    def create_partition(self, name: str, who: int) -> None:
        self.clients[who].create_partition("p", name)
        self.parts.setdefault(name, set())

    @rule(name=st.sampled_from(["one", "two"]), who=st.integers(0, 1))
    def drop_partition(self, name: str, who: int) -> None:
        self.clients[who].drop_partition("p", name)
        self.parts.pop(name, None)

    @rule(
        name=st.sampled_from(["_default", "one", "two"]), ids=st.sets(KEYS, min_size=1), who=st.integers(0, 1)
    )
    def upsert_into_partition(self, name: str, ids: set[int], who: int) -> None:
        rows = [{"id": key, "vector": [0.0] * DIM} for key in ids]
        if name not in self.parts:
            with pytest.raises(PartitionNotExistException):
                self.clients[who].upsert("p", rows, partition_name=name)
            return
        self.clients[who].upsert("p", rows, partition_name=name)
        for keys in self.parts.values():
            keys -= ids
        self.parts[name] |= ids

    @rule(who=st.integers(0, 1))
    def compact(self, who: int) -> None:
        self.clients[who].compact("c")
        self.clients[who].compact("p")

    @rule()
    def reopen(self) -> None:
        self.close()
        assert [one.name for one in Path(self.folder).iterdir()] == ["model.db"]
        self.open()

    @precondition(lambda self: self.clients)
    @invariant()
    def both_processes_see_the_same(self) -> None:
        expected = list(self.rows.values())
        for client in self.clients:
            assert client.list_aliases("c")["aliases"] == sorted(self.aliases)
            assert set(client.list_partitions("p")) == set(self.parts)
            for name, keys in self.parts.items():
                found = client.query("p", "id >= 0", ["id"], partition_names=[name])
                assert {row["id"] for row in found} == keys
            assert client.get_collection_stats("c") == {"row_count": len(expected)}
            assert list(client.query("c", limit=100)) == expected

    @rule(
        query=st.lists(st.integers(-3, 3).map(float), min_size=DIM, max_size=DIM),
        group=st.one_of(st.none(), st.sampled_from(["a", "b"])),
        extra=st.booleans(),
        limit=st.integers(1, 12),
        who=st.integers(0, 1),
    )
    def search(self, query: list[float], group: str | None, extra: bool, limit: int, who: int) -> None:
        clauses = ([f"group == {json.dumps(group)}"] if group else []) + (["extra == 1"] if extra else [])
        matching = [
            row
            for row in self.rows.values()
            if (group is None or row["group"] == group) and (not extra or row.get("extra") == 1)
        ]
        distances = [float(np.sum((np.array(row["vector"]) - np.array(query)) ** 2)) for row in matching]
        nearest = sorted(range(len(matching)), key=lambda place: (distances[place], place))[:limit]
        (hits,) = self.clients[who].search(
            min(self.aliases, default="c"),
            [query],
            filter=" and ".join(clauses),
            limit=limit,
            output_fields=["*"],
        )
        assert [hit.entity for hit in hits] == [matching[place] for place in nearest]
        assert hits.distances == [distances[place] for place in nearest]

    def close(self) -> None:
        for client in self.clients:
            client.close()
        self.clients = []
        assert check_file(self.path).problems == ()

    def teardown(self) -> None:
        self.close()
        shutil.rmtree(self.folder)


DatabaseModel.TestCase.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
test_a_database_agrees_with_dictionaries = DatabaseModel.TestCase


def test_threads_see_whole_batches_only(tmp_path: Path) -> None:
    """Every batch writes one value to all rows: a reader that saw two values would have seen half a batch."""
    with MilvusClient(tmp_path / "t.db") as client:
        client.create_collection("c", dimension=2)

        def batch(number: int) -> list[dict[str, Any]]:
            return [{"id": key, "vector": [key, number], "number": number} for key in range(50)]

        client.insert("c", batch(0))

        def read() -> None:
            for _ in range(150):
                hits = client.search("c", [[0, 0]], limit=100, output_fields=["number", "vector"])[0]
                assert len(hits) == 50
                assert len({hit["number"] for hit in hits}) == 1
                assert all(hit["vector"][1] == hit["number"] for hit in hits)
                rows = client.query("c", "number >= 0", ["number"])
                assert len(rows) == 50
                assert len({row["number"] for row in rows}) == 1

        def write() -> None:
            for number in range(1, 60):
                client.upsert("c", batch(number))

        with ThreadPoolExecutor() as pool:
            for done in [pool.submit(read) for _ in range(4)] + [pool.submit(write)]:
                done.result()
        assert client.query("c", "number == 59", ["count(*)"]) == [{"count(*)": 50}]
