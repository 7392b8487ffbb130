"""Nothing that a bound client answers depends on the rows of other tenants.

The same calls are made on databases that differ in other tenants' rows only; every answer and every error must be
the same. Known exceptions, which have tests of their own: a write that takes a key another tenant has fails, and
keys of ``auto_id`` number the rows of all tenants.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from milvus_store import (
    AnnSearchRequest,
    AsyncMilvusClient,
    DataType,
    Function,
    FunctionType,
    MilvusClient,
    RRFRanker,
    SearchAggregation,
    TopHits,
)
from milvus_store.client.async_milvus_client import AsyncTenantClient
from milvus_store.client.tenants import TenantClient
from milvus_store.errors import DataNotMatchException, MilvusException, ParamError
from milvus_store_lite.columns import snapshot_caches

Call = Callable[[Any], Any]

MEMORY = ":memory:"
WORDS = ["red", "green", "blue", "sky"]
OWN = [
    {
        "id": n,
        "vector": [n, 1.0],
        "bits": bytes([n]),
        "text": f"{WORDS[n % 4]} {WORDS[n % 3]}",
        "color": WORDS[n % 2],
    }
    for n in range(12)
]
FOREIGN_IDS = range(100, 112)
FILTERS = [
    "",
    "id >= 0",
    'tenant == "bob"',
    'tenant != "ann" or true',
    'color == "red"',
    'text_match(text, "red")',
]


def _vectors(data: Any = ([0.0, 1.0],), **options: Any) -> Call:
    return lambda bound: bound.search(
        "docs", list(data), anns_field="vector", **{"limit": 9, "output_fields": ["*"], **options}
    )


def _texts(**options: Any) -> Call:
    return lambda bound: bound.search("docs", ["red sky", "blue"], anns_field="words", limit=9, **options)


def _by_ids(field: str, *ids: int) -> Call:
    return lambda bound: bound.search("docs", ids=list(ids), anns_field=field, limit=9)


def _hybrid(expr: str, **options: Any) -> Call:
    requests = [
        AnnSearchRequest([[3.0, 1.0]], "vector", {}, 5, expr),
        AnnSearchRequest(["red sky"], "words", {}, 5, expr),
    ]
    return lambda bound: bound.hybrid_search("docs", requests, RRFRanker(), 5, ["color"], **options)


def _rows(*ids: int) -> list[dict[str, Any]]:
    return [{**OWN[0], "id": one, "color": "new"} for one in ids]


def _change(place: int, bound: Any) -> Any:
    """A row that would be complete only if the one that another tenant may have were merged with it."""
    return bound.upsert("docs", [{"id": 5, "n": 2}, {"id": place, "n": 2}], partial_update=True)


SCRIPT: dict[str, list[Call]] = {
    "search": [
        *(_vectors(filter=expr) for expr in FILTERS),
        *(_texts(filter=expr) for expr in FILTERS),
        *(
            _by_ids(field, *ids)
            for field in ("vector", "bits", "words")
            for ids in ((3, 5), (3, 100), (107,), (999,))
        ),
        _vectors(limit=3, offset=2),
        _vectors(group_by_field="color", group_size=2),
        _vectors(group_by_field="tenant"),
        _vectors(group_by_fields=["color", "tenant"]),
        _vectors(order_by_fields="color:desc,id"),
        lambda bound: str(
            bound.search(
                "docs",
                [[3.0, 1.0]],
                anns_field="vector",
                output_fields=["id"],
                search_aggregation=SearchAggregation(["tenant"], 9, {"n": {"count": "*"}}, None, TopHits(50)),
            ).agg_buckets
        ),
        _vectors(search_params={"params": {"radius": 60.0, "range_filter": 1.0}}),
        _vectors(partition_names=["_default"]),
        _vectors(partition_names=["nope"]),
        lambda bound: bound.search("docs", [b"\x03"], anns_field="bits", limit=9),
    ],
    "hybrid_search": [*map(_hybrid, FILTERS), _hybrid("", group_by_field="color")],
    "search_iterator": [
        lambda bound, expr=expr: bound.search_iterator(
            "docs", [[0.0, 1.0]], 4, filter=filter, anns_field="vector"
        )
        for expr in FILTERS
    ],
    "query_iterator": [
        lambda bound, expr=expr: bound.query_iterator("docs", 4, filter=expr, output_fields=["id"])
        for expr in FILTERS
    ],
    "query": [
        *(lambda bound, expr=expr: bound.query("docs", expr, limit=50) for expr in FILTERS),
        *(lambda bound, expr=expr: bound.query("docs", expr, ["count(*)"]) for expr in FILTERS),
        *(
            lambda bound, expr=expr: bound.query(
                "docs", expr, ["id"], limit=50, order_by_fields="color,text:desc"
            )
            for expr in FILTERS
        ),
        *(
            lambda bound, expr=expr: bound.query(
                "docs", expr, ["tenant", "count(*)", "max(id)", "min(text)"], group_by_fields=["tenant"]
            )
            for expr in FILTERS
        ),
        lambda bound: bound.query("docs", output_fields=["max(id)", "count(text)"], ids=[3, 100, 107]),
        lambda bound: bound.query("docs", ids=[3, 100, 107]),
        lambda bound: bound.query("docs", limit=3, offset=2, output_fields=["*"]),
        lambda bound: bound.query("docs", "id ==", limit=1),
    ],
    "get": [lambda bound: bound.get("docs", [3, 100, 107, 999, 1], ["*"])],
    "delete": [
        lambda bound: bound.delete("docs", ids=[100, 101, 107, 999, 1]),
        lambda bound: bound.delete("docs", filter='tenant == "bob"'),
        lambda bound: bound.delete("docs", filter="id == 2 or id >= 100"),
    ],
    "insert": [
        lambda bound: bound.insert("docs", _rows(20, 21)),
        lambda bound: bound.insert("docs", _rows(20)),
        lambda bound: bound.insert("docs", [{**_rows(100)[0], "tenant": "bob"}]),
        lambda bound: bound.insert("docs", [{**_rows(100)[0], "tenant": None}]),
        lambda bound: bound.insert("docs", [*_rows(100), {"id": 7}]),
    ],
    "upsert": [
        lambda bound: bound.upsert("docs", _rows(3, 22)),
        lambda bound: bound.upsert("docs", [{**_rows(3)[0], "tenant": "bob"}]),
        lambda bound: bound.upsert("docs", [*_rows(107), {"id": 7}]),
        lambda bound: bound.upsert(
            "docs", [{"id": 5, "text": "sky"}, {"id": 6, "n": 1}], partial_update=True
        ),
        *(partial(_change, place) for place in (100, 107, 999)),
    ],
    "close": [],
}
"""For each public call of a bound client what is asked of it. A new call must be added here."""

LOOKS = [_vectors(), _texts(), *SCRIPT["query"][:3]]
"""What is asked after each call that writes."""


def world(path: str | Path, foreign: list[dict[str, Any]], **options: Any) -> MilvusClient:
    """A database with ``OWN``, the rows of ann, amid those of others."""
    client = MilvusClient(path, **options)
    schema = client.create_schema(enable_dynamic_field=True)
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
    schema.add_field("bits", DataType.BINARY_VECTOR, dim=8)
    schema.add_field("text", DataType.VARCHAR, max_length=99, enable_analyzer=True, enable_match=True)
    schema.add_field("words", DataType.SPARSE_FLOAT_VECTOR)
    schema.add_field("tenant", DataType.VARCHAR, max_length=9, is_partition_key=True, default_value="nobody")
    schema.add_function(Function("bm25", FunctionType.BM25, ["text"], ["words"]))
    index = client.prepare_index_params("vector", index_type="AUTOINDEX", metric_type="L2")
    index.add_index("bits", index_type="BIN_FLAT", metric_type="HAMMING")
    index.add_index("words", index_type="SPARSE_INVERTED_INDEX", metric_type="BM25")
    client.create_collection("docs", schema=schema, index_params=index)
    half = len(foreign) // 2
    client.insert("docs", foreign[:half] or _rows(500))
    client.for_tenant("docs", "ann").insert("docs", OWN)
    client.insert("docs", foreign[half:] or _rows(501))
    return client


def answer(call: Call, bound: Any) -> Any:
    """What a call gives, pages joined, in a form that can be compared; an error as its type and text."""
    try:
        return plain(call(bound))
    except MilvusException as error:
        return type(error).__name__, str(error)


def plain(found: Any) -> Any:
    if hasattr(found, "next"):
        pages = []
        while page := found.next():
            pages.append([plain(one) for one in page])
        return pages
    if isinstance(found, dict):
        # Terms are numbered in the order in which anybody used them first, and sums of floats depend on the order.
        rounded = {"distance": round(found["distance"], 5)} if "distance" in found else {}
        return {key: plain(value) for key, value in {**found, **rounded}.items() if key != "cost"}
    return [plain(one) for one in found] if isinstance(found, list) else found


def answers(bound: Any) -> list[Any]:
    """All answers of the script, and what is seen after each write."""
    found = []
    for name in sorted(SCRIPT, key=lambda name: name in ("delete", "insert", "upsert")):
        for call in SCRIPT[name]:
            found.append((name, answer(call, bound)))
            if name in ("delete", "insert", "upsert"):
                found += [(name, answer(look, bound)) for look in LOOKS]
    return found


foreign_rows = st.lists(
    st.builds(
        lambda pk, place, words, who: {
            "id": pk,
            "vector": [place, 1.0],
            "bits": bytes([place]),
            "text": " ".join(words),
            "color": "red",
            "tenant": who,
        },
        st.sampled_from(list(FOREIGN_IDS)),
        st.integers(0, 12),
        st.lists(st.sampled_from([*WORDS, "rare"]), max_size=4),
        st.sampled_from(["bob", "anna", "Ann", "", "nobody"]),
    ),
    max_size=12,
    unique_by=lambda row: row["id"],
)


def test_every_call_of_a_bound_client_is_in_the_script() -> None:
    for kind in (TenantClient, AsyncTenantClient):
        calls = {name for name in dir(kind) if not name.startswith("_")}
        assert calls - set(SCRIPT) == set()
        assert set(SCRIPT) - calls <= {"close"}


@settings(deadline=None, max_examples=6)
@given(foreign_rows, foreign_rows)
def test_no_answer_depends_on_the_rows_of_others(
    some: list[dict[str, Any]], others: list[dict[str, Any]]
) -> None:
    found = []
    for foreign in (some, others):
        with world(MEMORY, foreign) as client:
            before = client.query("docs", 'tenant != "ann"', limit=99)
            found.append(answers(client.for_tenant("docs", "ann")))
            assert client.query("docs", 'tenant != "ann"', limit=99) == before
    assert found[0] == found[1]


@pytest.mark.parametrize("memory_limit", [None, 0])
def test_no_answer_depends_on_others_where_a_tenant_is_too_large_for_a_part(
    monkeypatch: pytest.MonkeyPatch, memory_limit: int | None
) -> None:
    monkeypatch.setattr(snapshot_caches, "MAX_SUBSET_ROWS", 3)
    found = []
    for words in ("red red", "blue sky rare"):
        rows = [{**OWN[0], "id": one, "text": words, "tenant": "bob"} for one in FOREIGN_IDS]
        with world(MEMORY, rows, memory_limit=memory_limit) as client:
            found.append(answers(client.for_tenant("docs", "ann")))
    assert found[0] == found[1]
    monkeypatch.undo()
    with world(MEMORY, []) as client:  # a part answers as all rows do
        assert answers(client.for_tenant("docs", "ann")) == found[0]


class Awaited:
    """An asynchronous bound client whose calls are waited for."""

    def __init__(self, loop: asyncio.AbstractEventLoop, bound: Any) -> None:
        self._loop, self._bound = loop, bound

    def __getattr__(self, name: str) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            found = self._loop.run_until_complete(getattr(self._bound, name)(*args, **kwargs))
            return Awaited(self._loop, found) if name.endswith("_iterator") else found

        return call


def test_the_asynchronous_client_answers_as_the_other(tmp_path: Path) -> None:
    with world(tmp_path / "a.db", _rows(*FOREIGN_IDS)) as client:
        expected = answers(client.for_tenant("docs", "ann"))
    loop = asyncio.new_event_loop()
    with world(tmp_path / "b.db", _rows(100, 200)):
        opened = AsyncMilvusClient(tmp_path / "b.db")
        bound = Awaited(loop, loop.run_until_complete(opened.for_tenant("docs", "ann")))
        assert answers(bound) == expected
        loop.run_until_complete(opened.close())
    loop.close()


@pytest.mark.parametrize("write", ["insert", "upsert"])
def test_a_write_that_takes_a_key_of_another_tenant_tells_that_and_no_more(write: str) -> None:
    errors = set()
    for foreign in ({**OWN[3], "tenant": "bob"}, {**OWN[5], "text": "rare", "tenant": "nobody"}):
        with world(MEMORY, [{**foreign, "id": 100}, {**foreign, "id": 101}]) as client:
            before = client.query("docs", limit=99)
            with pytest.raises(DataNotMatchException) as caught:
                getattr(client.for_tenant("docs", "ann"), write)("docs", _rows(20, 100))
            errors.add(str(caught.value))
            assert client.query("docs", limit=99) == before
    (error,) = errors
    assert "row 1: the primary key 100 is taken by a row of another tenant" in error


def test_an_upsert_with_new_keys_takes_no_notice_of_the_keys_of_others() -> None:
    client = MilvusClient(":memory:")
    schema = client.create_schema()
    schema.add_field("id", DataType.INT64, is_primary=True, auto_id=True)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
    schema.add_field("tenant", DataType.INT64, is_partition_key=True)
    index = client.prepare_index_params("vector", index_type="FLAT", metric_type="L2")
    client.create_collection("docs", schema=schema, index_params=index)
    (foreign,) = client.insert("docs", {"vector": [0, 1], "tenant": 7})["ids"]
    bound = client.for_tenant("docs", 8)
    (own,) = bound.upsert("docs", {"id": foreign, "vector": [1, 1]})["ids"]
    (absent,) = bound.upsert("docs", {"id": 999, "vector": [1, 1]})["ids"]
    assert len({foreign, own, absent}) == 3
    assert [row["tenant"] for row in client.get("docs", [foreign, own, absent])] == [7, 8, 8]
    (again,) = bound.upsert("docs", {"id": own, "vector": [2, 1]})["ids"]
    assert client.get("docs", [own]) == []
    assert bound.get("docs", [again, foreign], ["vector"]) == [{"id": again, "vector": [2.0, 1.0]}]
    client.close()


def test_a_vector_cannot_be_computed_from_distances_to_a_row_of_another_tenant() -> None:
    with world(MEMORY, [{**OWN[5], "id": 100, "tenant": "bob"}] * 2) as client:
        bound = client.for_tenant("docs", "ann")
        for field in ("vector", "bits", "words"):
            with pytest.raises(ParamError, match=r"do not exist: missing IDs = \[100\]"):
                bound.search("docs", ids=[100, 3], anns_field=field)
            assert len(client.search("docs", ids=[100, 3], anns_field=field)) == 2


def test_the_engine_refuses_what_is_of_all_tenants() -> None:
    with world(MEMORY, []) as client:
        bound = client.for_tenant("docs", "ann")._collection("docs")
        for call in (
            bound.truncate,
            lambda: bound.count_partition("_default"),
            lambda: bound.drop_partition("_default"),
            lambda: bound.index_progress("vector"),
            lambda: bound.alter_field("text", {"max_length": 100}),
        ):
            with pytest.raises(ParamError, match="bound to the tenant 'ann' of collection 'docs'"):
                call()
        assert bound.count() == len(OWN)
