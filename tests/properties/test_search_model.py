"""Any search against brute force: every vector type, metric and index, filters, deletions, rings, groups, pages.

Exact index types must give just what the model gives. Approximate ones, those of ``FAMILIES``, must give as many
rows, groups and rows of groups, only such as match, with their true distances, and most of the nearest.
"""

from __future__ import annotations

import dataclasses
import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from milvus_store import DataType, MilvusClient
from milvus_store_lite.indexes import registry
from milvus_store_lite.indexes.families import FAMILIES
from tests.inside import state_of

from .. import thresholds
from .search_model import LARGER_IS_NEARER, ONLY_MATCHES, Ranked, Row, grouped, in_ring, rank

DIM = 8
DENSE = [DataType.FLOAT_VECTOR, DataType.FLOAT16_VECTOR, DataType.BFLOAT16_VECTOR, DataType.INT8_VECTOR]
EXACT = {
    **{dtype: ["FLAT", "AUTOINDEX"] for dtype in DENSE},
    DataType.BINARY_VECTOR: ["BIN_FLAT", "BIN_IVF_FLAT", "AUTOINDEX"],
    DataType.SPARSE_FLOAT_VECTOR: ["SPARSE_INVERTED_INDEX", "SPARSE_WAND", "AUTOINDEX"],
}
LISTS = ({"nlist": 16}, {"nprobe": 8})
APPROXIMATE: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    kind: LISTS if "nlist" in {one.name for one in registry.DENSE_INDEXES[kind].build} else ({}, {})
    for kind in FAMILIES
}
APPROXIMATE["IVF_RABITQ"] = ({"nlist": 16, "refine": True}, {"nprobe": 8})
"""Approximate index type → parameters of ``create_index`` and of searches that suit a few hundred rows."""

FLOOR = 0.95
"""The share of the nearest rows that an approximate index finds at least, over all searches of an example:
docs/indexes.md says so."""


@dataclass
class Tally:
    """What an approximate index has found of what it should have."""

    found: int = 0
    wanted: int = 0

    def count(self, metric: str, hits: Any, expected: list[Ranked]) -> None:
        """Rows as near as the farthest of ``expected`` count as found, whichever of equals they are."""
        sign = -1 if metric in LARGER_IS_NEARER else 1
        worst = expected[-1].nearness if expected else 0.0
        reach = worst + 1e-5 * abs(worst) + 1e-6
        self.found += min(len(expected), sum(sign * distance <= reach for distance in hits.distances))
        self.wanted += len(expected)


FILTERS: list[tuple[str, Callable[[Row], bool]]] = [
    ("", lambda row: True),
    ("n >= 2", lambda row: row["n"] is not None and row["n"] >= 2),
    ('tag == "t1"', lambda row: row["tag"] == "t1"),
    ('tag in ["t0", "t3"] and n < 4', lambda row: row["tag"] in ("t0", "t3") and row["n"] in range(4)),
    ('not (kind == "a")', lambda row: row["kind"] is not None and row["kind"] != "a"),
    ("kind is null or id % 7 == 1", lambda row: row["kind"] is None or row["id"] % 7 == 1),
    ('doc["x"] == 1', lambda row: row["doc"]["x"] == 1 and row["doc"]["x"] is not True),
    ('extra > 1', lambda row: row.get("extra", 0) > 1),
    ("id in [3, 5, 1000]", lambda row: row["id"] in (3, 5, 1000)),
    ("n > 100", lambda row: False),
]  # fmt: skip
GROUPS: dict[str, Callable[[Row], Any]] = {
    "kind": lambda row: row["kind"],
    "n": lambda row: row["n"],
    "tag": lambda row: row["tag"],
    'doc["x"]': lambda row: json.dumps(float(x) if type(x := row["doc"]["x"]) is int else x),
    "extra": lambda row: row.get("extra"),
}


@dataclass(frozen=True)
class Data:
    """A collection and what has happened to it."""

    dtype: DataType
    metric: str
    index: str
    tag_is_key: bool
    tag_index: str | None
    memory_limit: int | None
    is_cold: bool
    nulls: bool
    count: int
    seed: int


def vector(data: Data, random: np.random.Generator) -> Any:
    """A random vector that every type of its family holds exactly."""
    if data.nulls and random.random() < 0.1:
        return None
    if data.dtype is DataType.BINARY_VECTOR:
        return np.packbits(random.random(24) < random.choice([0.2, 0.6])).tobytes()
    if data.dtype is DataType.SPARSE_FLOAT_VECTOR:
        indices = random.choice(12, size=random.integers(0, 5), replace=False)
        return {int(index): float(random.integers(1, 20)) / 8 for index in indices}
    if data.index in APPROXIMATE and data.count > 100:
        # Clustered, as embeddings are: an approximate index has something to go by.
        centre = 8 * random.integers(-1, 2, 3).repeat(3)[:DIM]
        return (centre + np.rint(random.standard_normal(DIM) * 3)).astype(int).tolist()
    whole = data.dtype is DataType.INT8_VECTOR or data.seed % 2
    return [float(number) if whole else number / 8 for number in random.integers(-6, 7, DIM).tolist()]


def row(data: Data, pk: int, random: np.random.Generator) -> Row:
    found = {
        "id": pk,
        "v": vector(data, random),
        "n": [None, *range(6)][random.integers(7)],
        "kind": [None, "a", "a", "a", "b", "c"][random.integers(6)],
        "tag": f"t{random.integers(4)}",
        "doc": {"x": [None, 1, 1.0, "1", True, 2.5][random.integers(6)]},
    }
    return {**found, "extra": int(random.integers(4))} if random.random() < 0.7 else found


def create(client: MilvusClient, data: Data) -> None:
    schema = client.create_schema(enable_dynamic_field=True)
    schema.add_field("id", DataType.INT64, is_primary=True)
    dim = {DataType.SPARSE_FLOAT_VECTOR: None, DataType.BINARY_VECTOR: 24}.get(data.dtype, DIM)
    schema.add_field("v", data.dtype, nullable=data.nulls, **({} if dim is None else {"dim": dim}))
    schema.add_field("n", DataType.INT64, nullable=True)
    schema.add_field("kind", DataType.VARCHAR, max_length=5, nullable=True)
    schema.add_field("tag", DataType.VARCHAR, max_length=5, is_partition_key=data.tag_is_key)
    schema.add_field("doc", DataType.JSON)
    build = APPROXIMATE.get(data.index, ({}, {}))[0]
    params = client.prepare_index_params("v", index_type=data.index, metric_type=data.metric, params=build)
    if data.tag_index is not None:
        params.add_index("tag", index_type=data.tag_index)
    client.create_collection("c", schema=schema, index_params=params)


def fill(client: MilvusClient, data: Data, random: np.random.Generator) -> list[Row]:
    """Insert, replace and delete rows; returns the model's, in the order of last writing."""
    rows: dict[int, Row] = {}

    def write(batch: list[Row]) -> None:
        client.upsert("c", batch)
        for one in batch:
            rows.pop(one["id"], None)
            rows[one["id"]] = one

    half = data.count // 2
    write([row(data, pk, random) for pk in range(half)]) if half else None
    for pk in random.choice(data.count, size=data.count // 6).tolist() if data.count else []:
        client.delete("c", ids=[pk])
        rows.pop(pk, None)
    rest = [row(data, pk, random) for pk in range(half, data.count)]
    if rest:
        write(rest)
        write([row(data, pk, random) for pk in set(random.choice(data.count, size=3).tolist())])
    client.delete("c", filter="id % 11 == 4")
    return [one for one in rows.values() if one["id"] % 11 != 4]


@st.composite
def collections(draw: st.DrawFn) -> Data:
    dtype = draw(st.sampled_from(list(EXACT)))
    index = draw(st.sampled_from(EXACT[dtype]))
    known = registry.index_types(_field(dtype))[index].metrics
    is_key = draw(st.booleans())
    return Data(
        dtype=dtype,
        metric=draw(st.sampled_from([metric for metric in known if metric != "BM25"])),
        index=index,
        tag_is_key=is_key,
        tag_index=draw(st.sampled_from([None, "INVERTED", "Trie", "BITMAP", "AUTOINDEX"])),
        memory_limit=draw(st.sampled_from([None, None, 0, 2000])),
        is_cold=draw(st.booleans()),
        nulls=draw(st.booleans()),
        count=draw(st.integers(0, 70)),
        seed=draw(st.integers(0, 2**16)),
    )


def _field(dtype: DataType) -> Any:
    from milvus_store_lite.schema.fields import Field

    return Field("v", dtype, dim=None if dtype is DataType.SPARSE_FLOAT_VECTOR else 8)


PAGES = st.tuples(st.integers(1, 30), st.integers(0, 12))


@settings(max_examples=80, deadline=None)
@given(data=collections(), page=PAGES, choice=st.randoms(use_true_random=False))
def test_exact_searches_give_what_brute_force_gives(data: Data, page: tuple[int, int], choice: Any) -> None:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        check(Path(folder, "search.db"), data, page, choice, tally=None)


@pytest.mark.parametrize("kind", APPROXIMATE)
def test_approximate_searches_keep_their_promises(kind: str) -> None:
    # The same examples each time, and none made smaller: how many are found may differ from run to run.
    @settings(max_examples=4, deadline=None, derandomize=True, phases=[Phase.generate])
    @given(
        seed=st.integers(0, 2**16),
        metric=st.sampled_from(["L2", "IP", "COSINE"]),
        nulls=st.booleans(),
        page=PAGES,
        choice=st.randoms(use_true_random=False),
    )
    def searches(seed: int, metric: str, nulls: bool, page: tuple[int, int], choice: Any) -> None:
        data = Data(
            DataType.FLOAT_VECTOR, metric, kind, False, None, None, False, nulls, count=400, seed=seed
        )
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            tally = Tally()
            check(Path(folder, "search.db"), data, page, choice, tally)
            assert tally.found >= FLOOR * tally.wanted

    with thresholds.lowered(least_rows=100, few_coded=100):
        searches()


def check(path: Path, data: Data, page: tuple[int, int], choice: Any, tally: Tally | None) -> None:
    random = np.random.default_rng(data.seed)
    client = MilvusClient(path, memory_limit=data.memory_limit, durability="normal")
    try:
        create(client, data)
        rows = fill(client, data, random)
        if tally is not None:
            client.build_index("c", "v")
            assert state_of(client).indexes.of("v").built is not None
        if data.is_cold:
            client.close()
            client = MilvusClient(path, memory_limit=data.memory_limit, durability="normal")
        queries = [vector(dataclasses.replace(data, nulls=False), random) for _ in range(3)]
        for expression, matches in choice.sample(FILTERS, 4):
            ranked = [rank(data.metric, rows, query, matches) for query in queries]
            check_search(client, data, queries, ranked, expression, page, tally)
            check_ring(client, data, queries, ranked, expression, page, choice, tally)
            check_groups(client, data, queries, ranked, expression, page, choice, tally)
        check_ids(client, data, rows, page, tally)
        check_iterator(client, data, queries[0], rank(data.metric, rows, queries[0], lambda row: True), tally)
    finally:
        client.close()


def check_search(
    client: MilvusClient,
    data: Data,
    queries: list[Any],
    ranked: list[list[Ranked]],
    expression: str,
    page: tuple[int, int],
    tally: Tally | None,
) -> None:
    limit, offset = page
    params = APPROXIMATE.get(data.index, ({}, {}))[1]
    found = client.search(
        "c",
        queries,
        filter=expression,
        limit=limit,
        offset=offset,
        output_fields=["n"],
        search_params={"params": params},
    )
    for hits, truth in zip(found, ranked, strict=True):
        compare(data, hits, truth[offset : offset + limit], truth, tally)
        if tally is not None:
            tally.count(data.metric, hits, truth[offset : offset + limit])
        values = {one.row["id"]: one.row for one in truth}
        assert all(hit["n"] == values[hit.id]["n"] for hit in hits)


def compare(
    data: Data, hits: Any, expected: list[Ranked], allowed: list[Ranked], tally: Tally | None
) -> None:
    """``hits`` against the ``expected`` ones of those that ``allowed`` lists, row by row."""
    values = {one.row["id"]: one.value for one in allowed}
    assert len(set(hits.ids)) == len(hits.ids)
    assert set(hits.ids) <= set(values)
    assert hits.distances == pytest.approx([values[pk] for pk in hits.ids], rel=1e-5, abs=1e-6)
    assert len(hits) == len(expected)
    if tally is None:
        assert hits.distances == pytest.approx([one.value for one in expected], rel=1e-5, abs=1e-6)
        if data.metric != "COSINE":  # where rounding decides which of two equals is nearer
            assert hits.ids == [one.row["id"] for one in expected]


def check_ring(
    client: MilvusClient,
    data: Data,
    queries: list[Any],
    ranked: list[list[Ranked]],
    expression: str,
    page: tuple[int, int],
    choice: Any,
    tally: Tally | None,
) -> None:
    limit, offset = page
    inner, outer = _bounds(data, ranked[0], choice)
    ring = {key: bound for key, bound in (("radius", outer), ("range_filter", inner)) if bound is not None}
    found = client.search(
        "c", queries, filter=expression, limit=limit, offset=offset, search_params={"params": ring}
    )
    for hits, truth in zip(found, ranked, strict=True):
        inside = in_ring(data.metric, truth, outer, inner)
        if tally is None:
            compare(data, hits, inside[offset : offset + limit], inside, None)
        else:
            assert set(hits.ids) <= {one.row["id"] for one in inside}


def _bounds(data: Data, ranked: list[Ranked], choice: Any) -> tuple[float | None, float | None]:
    """(range_filter, radius) somewhere among the values there are, also just at one of them."""
    values = [one.value for one in ranked if np.isfinite(one.value)]
    distinct = sorted(set(values), key=lambda number: values.index(number))
    if len(distinct) < 3:
        return None, None
    first, second = sorted(choice.sample(range(len(distinct)), 2))
    bounds = [float(distinct[first]), float(distinct[second])]
    if data.metric == "COSINE":  # the model's rounding is not ours: keep off the values
        bounds = [
            (distinct[place] + distinct[place - 1]) / 2 if place else distinct[0] * 1.5
            for place in (first, second)
        ]
        if bounds[0] <= bounds[1]:
            return None, None
    if np.float32(bounds[0]) == np.float32(bounds[1]):
        return None, None
    chosen = choice.choice([(0, 1), (0, None), (None, 1)])
    inner, outer = (None if place is None else bounds[place] for place in chosen)
    return inner, outer


def check_groups(
    client: MilvusClient,
    data: Data,
    queries: list[Any],
    ranked: list[list[Ranked]],
    expression: str,
    page: tuple[int, int],
    choice: Any,
    tally: Tally | None,
) -> None:
    name, size = choice.choice(list(GROUPS)), choice.choice([1, 2, 5])
    key = GROUPS[name]
    limit, offset = min(page[0], 5), min(page[1], 2)
    found = client.search(
        "c", queries, filter=expression, limit=limit, offset=offset, group_by_field=name, group_size=size
    )
    for hits, truth in zip(found, ranked, strict=True):
        by_id = {one.row["id"]: one for one in truth}
        assert len(set(hits.ids)) == len(hits.ids)
        groups = grouped(truth, key)
        held: dict[Any, list[Ranked]] = {}
        for pk in hits.ids:
            held.setdefault(key(by_id[pk].row), []).append(by_id[pk])
        assert [pk for group in held.values() for pk in (one.row["id"] for one in group)] == hits.ids
        expected = groups[offset : offset + limit]
        assert len(held) == len(expected)
        whole = {key(group[0].row): group for group in groups}
        for mark, group in held.items():
            assert len(group) == min(size, len(whole[mark]))
            if tally is None:
                nearest = [one.value for one in whole[mark][:size]]
                assert [one.value for one in group] == pytest.approx(nearest, rel=1e-5, abs=1e-6)
        if tally is None:
            firsts = [group[0].value for group in held.values()]
            assert firsts == pytest.approx([group[0].value for group in expected], rel=1e-5, abs=1e-6)
            if data.metric != "COSINE":
                assert hits.ids == [one.row["id"] for group in expected for one in group[:size]]


def check_ids(
    client: MilvusClient, data: Data, rows: list[Row], page: tuple[int, int], tally: Tally | None
) -> None:
    having = [one for one in rows if one["v"] is not None][:2]
    if not having:
        return
    found = client.search("c", ids=[one["id"] for one in having], limit=page[0])
    for hits, one in zip(found, having, strict=True):
        truth = rank(data.metric, rows, one["v"], lambda row: True)
        compare(data, hits, truth[: page[0]], truth, tally)


def check_iterator(
    client: MilvusClient, data: Data, query: Any, truth: list[Ranked], tally: Tally | None
) -> None:
    iterator = client.search_iterator("c", [query], batch_size=9)
    found: list[Any] = []
    while hits := iterator.next():
        assert len(hits) == 9 or len(found) + len(hits) == len(truth)
        found += hits
    values = {one.row["id"]: one.value for one in truth}
    assert sorted(hit.id for hit in found) == sorted(values)
    assert [hit.distance for hit in found] == pytest.approx(
        [values[hit.id] for hit in found], rel=1e-5, abs=1e-6
    )
    if tally is None and data.metric != "COSINE" and data.metric not in ONLY_MATCHES:
        assert [hit.id for hit in found] == [one.row["id"] for one in truth]
