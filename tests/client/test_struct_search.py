"""Search of single vectors within structs, against a model that looks at every struct in Python."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pymilvus.client.embedding_list import EmbeddingList as TheirEmbeddingList

from milvus_store import (
    AnnSearchRequest,
    AsyncMilvusClient,
    DataType,
    EmbeddingList,
    Function,
    FunctionType,
    MilvusClient,
    RRFRanker,
)
from milvus_store.errors import FilterError, ParamError

Struct = dict[str, Any]
Hit = tuple[int, int, float]
"""Primary key, offset and distance."""

COUNT, DIM = 60, 3
QUERIES = [[1.0, -2.0, 0.5], [-1.0, 0.0, 3.0]]


def rows() -> list[dict[str, Any]]:
    random = np.random.default_rng(7)

    def structs() -> list[Struct] | None:
        if random.random() < 0.1:
            return None
        return [
            {"text": "abc"[random.integers(3)], "page": int(random.integers(9)), "emb": vector, "bits": bits}
            for vector, bits in zip(
                random.integers(-3, 4, (int(random.integers(7)), DIM)).astype(float).tolist(),
                [bytes([value]) for value in random.integers(256, size=7).tolist()],
                strict=False,
            )
        ]

    return [{"id": number, "tag": "xy"[number % 2], "chunks": structs()} for number in range(COUNT)]


ROWS = rows()


def create(
    client: MilvusClient, metric: str, of_bits: str = "HAMMING", index_type: str = "AUTOINDEX"
) -> None:
    chunk = client.create_struct_field_schema()
    chunk.add_field("text", DataType.VARCHAR, max_length=9)
    chunk.add_field("page", DataType.INT64)
    chunk.add_field("emb", DataType.FLOAT_VECTOR, dim=DIM)
    chunk.add_field("bits", DataType.BINARY_VECTOR, dim=8)
    schema = client.create_schema()
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("tag", DataType.VARCHAR, max_length=9)
    array = {"element_type": DataType.STRUCT, "struct_schema": chunk, "max_capacity": 9, "nullable": True}
    schema.add_field("chunks", DataType.ARRAY, **array)
    indexes = client.prepare_index_params()
    indexes.add_index("chunks[emb]", index_type=index_type, metric_type=metric)
    indexes.add_index("chunks[bits]", index_type="BIN_FLAT", metric_type=of_bits)
    client.create_collection("c", schema=schema, index_params=indexes)


@pytest.fixture
def client(path: Path) -> Iterator[MilvusClient]:
    with MilvusClient(path) as client:
        create(client, "L2")
        client.insert("c", ROWS)
        yield client


def distance(metric: str, query: Any, vector: Any) -> float:
    if metric == "L2":
        return sum((a - b) ** 2 for a, b in zip(query, vector, strict=True))
    product = sum(a * b for a, b in zip(query, vector, strict=True))
    if metric == "IP":
        return product
    length = (sum(a * a for a in query) * sum(b * b for b in vector)) ** 0.5
    return product / length if length else 0.0


def of_bits(metric: str, query: bytes, vector: bytes) -> float:
    (one,), (other,) = query, vector
    if metric == "HAMMING":
        return (one ^ other).bit_count()
    return 1 - (one & other).bit_count() / ((one | other).bit_count() or 1)


def model(
    measure: Callable[[Struct], float],
    *,
    falling: bool = False,
    row: Callable[[dict[str, Any]], bool] = lambda row: True,
    struct: Callable[[Struct], bool] = lambda struct: True,
) -> list[Hit]:
    """Every struct that may be found, the nearest first; of equal ones those of older rows, in their order."""
    found = [
        (one["id"], offset, float(measure(chunk)))
        for one in ROWS
        if row(one)
        for offset, chunk in enumerate(one["chunks"] or [])
        if struct(chunk)
    ]
    return sorted(found, key=lambda hit: -hit[2] if falling else hit[2])


def by_l2(query: Any = QUERIES[0], **which: Any) -> list[Hit]:
    return model(lambda chunk: distance("L2", query, chunk["emb"]), **which)


def hits(client: Any, query: Any = QUERIES[0], **options: Any) -> list[Hit]:
    options = {"anns_field": "chunks[emb]", "limit": 400, **options}
    (found,) = client.search("c", [query], **options)
    return [(hit["id"], hit["offset"], hit["distance"]) for hit in found]


@pytest.mark.parametrize("memory_limit", [None, 8])
@pytest.mark.parametrize("metric", ["L2", "IP", "COSINE"])
def test_every_struct_is_found_by_itself(path: Path, metric: str, memory_limit: int | None) -> None:
    with MilvusClient(path, memory_limit=memory_limit) as client:
        create(client, metric)
        client.insert("c", ROWS)
        for query in QUERIES:
            expected = model(
                lambda chunk, query=query: distance(metric, query, chunk["emb"]), falling=metric != "L2"
            )
            found = hits(client, query)
            if metric == "COSINE":  # rounding decides between equal ones
                assert [hit[2] for hit in found] == pytest.approx([hit[2] for hit in expected], abs=1e-6)
                expected, found = sorted(expected), sorted(found)
            assert [hit[:2] for hit in found] == [hit[:2] for hit in expected]
            assert [hit[2] for hit in found] == pytest.approx([hit[2] for hit in expected], rel=1e-6)


@pytest.mark.parametrize("metric", ["HAMMING", "JACCARD"])
def test_structs_with_bits(path: Path, metric: str) -> None:
    with MilvusClient(path) as client:
        create(client, "L2", metric)
        client.insert("c", ROWS)
        found = hits(client, b"\x35", anns_field="chunks[bits]")
        expected = model(lambda chunk: of_bits(metric, b"\x35", chunk["bits"]))
        assert [hit[:2] for hit in found] == [hit[:2] for hit in expected]
        assert [hit[2] for hit in found] == pytest.approx([hit[2] for hit in expected])


@pytest.mark.parametrize(
    "index_type", ["FLAT", "IVF_SQ8", "IVF_PQ", "IVF_RABITQ", "SCANN", "HNSW", "DISKANN"]
)
def test_every_index_type_of_milvus_finds_them(path: Path, index_type: str) -> None:
    with MilvusClient(path) as client:
        create(client, "L2", index_type=index_type)
        client.insert("c", ROWS)
        assert hits(client, limit=9) == by_l2()[:9]
        assert client.describe_index("c", "chunks[emb]")["metric_type"] == "L2"


def test_a_hit_shows_its_offset_and_the_fields_of_its_row(client: MilvusClient) -> None:
    (found,) = client.search(
        "c", [QUERIES[0]], anns_field="chunks[emb]", limit=3, output_fields=["tag", "chunks[text]"]
    )
    expected = by_l2()[:3]
    assert [dict(hit) for hit in found] == [
        {
            "id": pk,
            "distance": near,
            "offset": offset,
            "entity": {
                "tag": ROWS[pk]["tag"],
                "chunks": [{"text": chunk["text"]} for chunk in ROWS[pk]["chunks"]],
            },
        }
        for pk, offset, near in expected
    ]
    assert list(found[0]) == ["id", "distance", "offset", "entity"]
    assert found[0].offset == found[0].entity.get("offset") == expected[0][1]
    assert found[0].entity.to_dict() == dict(found[0])


def test_limit_and_offset_count_structs(client: MilvusClient) -> None:
    expected = by_l2()
    assert len({hit[0] for hit in expected[:30]}) < 30  # some rows are found several times
    assert hits(client, limit=30) == expected[:30]
    assert hits(client, limit=5, offset=25) == expected[25:30]
    assert hits(client, limit=5, offset=len(expected) - 2) == expected[-2:]
    both = client.search("c", QUERIES, anns_field="chunks[emb]", limit=4, output_fields=["id"])
    assert [[(hit["id"], hit["offset"]) for hit in found] for found in both] == [
        [hit[:2] for hit in by_l2(query)[:4]] for query in QUERIES
    ]


@pytest.mark.parametrize("memory_limit", [None, 8])
@pytest.mark.parametrize(
    ("filter", "row", "struct"),
    [
        ("tag == 'x'", lambda row: row["tag"] == "x", None),
        ("id in [3, 4, 5, 31]", lambda row: row["id"] in (3, 4, 5, 31), None),
        ("id < 0", lambda row: False, None),
        (
            'match_any(chunks, $[text] == "a")',
            lambda row: any(chunk["text"] == "a" for chunk in row["chunks"] or []),
            None,
        ),
        ('element_filter(chunks, $[text] == "a")', None, lambda chunk: chunk["text"] == "a"),
        ("element_filter(chunks, $[page] != 4)", None, lambda chunk: chunk["page"] != 4),
        (
            'tag == "y" and element_filter(chunks, $[text] == "b" and $[page] > 3)',
            lambda row: row["tag"] == "y",
            lambda chunk: chunk["text"] == "b" and chunk["page"] > 3,
        ),
        (
            "id > 40 && (element_filter(chunks, $[page] < 3) and element_filter(chunks, $[text] != 'a'))",
            lambda row: row["id"] > 40,
            lambda chunk: chunk["page"] < 3 and chunk["text"] != "a",
        ),
        ("element_filter(chunks, $[page] == 99)", None, lambda chunk: False),
    ],
)
def test_filters(path: Path, filter: str, row: Any, struct: Any, memory_limit: int | None) -> None:
    with MilvusClient(path, memory_limit=memory_limit) as client:
        create(client, "L2")
        client.insert("c", ROWS)
        which = {name: test for name, test in (("row", row), ("struct", struct)) if test is not None}
        assert hits(client, filter=filter) == by_l2(**which)
        assert hits(client, filter=filter, limit=3) == by_l2(**which)[:3]


def test_structs_of_rows_that_are_replaced_or_deleted_are_gone(client: MilvusClient) -> None:
    hits(client, filter='element_filter(chunks, $[text] == "a")')  # what it reads stays in memory
    longest = max(ROWS, key=lambda row: len(row["chunks"] or []))["id"]
    client.delete("c", ids=[longest])
    moved = {**ROWS[5], "chunks": [{"text": "a", "page": 1, "emb": QUERIES[0], "bits": b"\x00"}]}
    client.upsert("c", moved)
    kept = [hit for hit in by_l2() if hit[0] not in (5, longest)]
    assert hits(client) == [(5, 0, 0.0), *kept]
    of_a = [hit for hit in by_l2(struct=lambda chunk: chunk["text"] == "a") if hit[0] not in (5, longest)]
    assert hits(client, filter='element_filter(chunks, $[text] == "a")') == [(5, 0, 0.0), *of_a]


@pytest.mark.parametrize("memory_limit", [None, 8])
@pytest.mark.parametrize("size", [1, 2])
@pytest.mark.parametrize(("limit", "offset"), [(1, 0), (5, 2), (100, 0)])
def test_groups_of_the_primary_key(
    path: Path, size: int, limit: int, offset: int, memory_limit: int | None
) -> None:
    with MilvusClient(path, memory_limit=memory_limit) as client:
        create(client, "L2")
        client.insert("c", ROWS)
        for expression, which in (
            ("", {}),
            ("element_filter(chunks, $[page] > 4)", {"struct": lambda chunk: chunk["page"] > 4}),
        ):
            of_row: dict[int, list[Hit]] = {}
            for hit in by_l2(**which):
                of_row.setdefault(hit[0], []).append(hit)
            expected = [hit for group in list(of_row.values())[offset:][:limit] for hit in group[:size]]
            options = {"group_by_field": "id", "group_size": size, "limit": limit, "offset": offset}
            assert hits(client, filter=expression, **options) == expected


def test_a_row_with_many_near_structs_hides_no_other_group(path: Path) -> None:
    with MilvusClient(path) as client:
        create(client, "L2")
        near = {"text": "", "page": 0, "emb": QUERIES[0], "bits": b"\x00"}
        client.insert("c", {"id": 1, "tag": "", "chunks": [near] * 9})
        far = [{**near, "emb": [9.0 + number, 0, 0]} for number in range(3)]
        client.insert("c", [{"id": 2 + number, "tag": "", "chunks": [far[number]]} for number in range(3)])
        assert [hit[:2] for hit in hits(client, group_by_field="id", limit=3)] == [(1, 0), (2, 0), (3, 0)]


@pytest.mark.parametrize("ring", [{"radius": 20.0}, {"radius": 20.0, "range_filter": 6.0}])
def test_ranges_of_distances(client: MilvusClient, ring: dict[str, float]) -> None:
    low = ring.get("range_filter", 0.0)
    expected = [hit for hit in by_l2() if low <= hit[2] < 20.0]
    assert expected
    assert hits(client, search_params={"params": ring}) == expected
    assert hits(client, search_params={"params": ring}, limit=3, offset=2) == expected[2:5]
    in_groups = hits(client, search_params={"params": ring}, group_by_field="id")
    assert {hit[0] for hit in in_groups} == {hit[0] for hit in expected}


@pytest.mark.parametrize("memory_limit", [None, 8])
@pytest.mark.parametrize("batch_size", [1, 7, 1_000])
def test_an_iterator_comes_to_every_struct_once(
    path: Path, batch_size: int, memory_limit: int | None
) -> None:
    with MilvusClient(path, memory_limit=memory_limit) as client:
        create(client, "L2")
        client.insert("c", ROWS)
        iterator = client.search_iterator(
            "c",
            [QUERIES[0]],
            batch_size=batch_size,
            anns_field="chunks[emb]",
            filter="element_filter(chunks, $[page] != 4)",
        )
        client.delete("c", filter="id >= 0")  # pages show the collection as it was
        found: list[Hit] = []
        while page := iterator.next():
            assert len(page) <= batch_size
            found += [(hit["id"], hit["offset"], hit["distance"]) for hit in page]
        iterator.close()
        assert found == by_l2(struct=lambda chunk: chunk["page"] != 4)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            {"data": [EmbeddingList([QUERIES[0]])]},
            "query vector 0: the index on field 'chunks.emb.' compares single",
        ),
        ({"data": [TheirEmbeddingList([QUERIES[0]])]}, "got an EmbeddingList.*MAX_SIM_COSINE"),
        ({"data": [[1.0, 2.0]]}, "expected a vector of dimension 3, got dimension 2"),
        ({"group_by_field": "tag"}, "groups by other fields than the primary key.*name 'id', as Milvus"),
        ({"group_by_fields": ["id", "tag"]}, "groups by other fields than the primary key"),
        (
            {"order_by_fields": [{"field": "tag"}]},
            "order_by_fields is not supported in a search of single",
        ),
        ({"search_params": {"metric_type": "MAX_SIM_L2"}}, "must be the one of its index, L2"),
        (
            {"filter": "id == 1 or element_filter(chunks, $[page] == 1)"},
            "joined.*by 'and'",
        ),
        (
            {"filter": "not element_filter(chunks, $[page] == 1)"},
            "expected match_any, which is about whole rows",
        ),
    ],
)
def test_searches_that_do_not_fit(client: MilvusClient, call: dict[str, Any], message: str) -> None:
    with pytest.raises(ParamError, match=message):
        client.search("c", **{"data": [QUERIES[0]], "anns_field": "chunks[emb]", **call})


def test_more_that_does_not_fit(client: MilvusClient) -> None:
    with pytest.raises(ParamError, match="ids"):
        client.search("c", ids=[1], anns_field="chunks[emb]")
    decay = Function(
        name="near",
        function_type=FunctionType.RERANK,
        input_field_names=["id"],
        params={"reranker": "decay", "function": "gauss", "origin": 0, "scale": 9},
    )
    with pytest.raises(ParamError, match="a ranker is not supported in a search of single structs"):
        client.search("c", [QUERIES[0]], anns_field="chunks[emb]", ranker=decay)
    client.add_collection_field(
        "c", "tags", DataType.ARRAY, element_type=DataType.INT64, max_capacity=3, nullable=True
    )
    with pytest.raises(FilterError, match="takes element_filter.chunks, ….*got one of 'tags': use match_any"):
        hits(client, filter="element_filter(tags, $ > 1)")


def reciprocal_ranks(*found: list[Any]) -> dict[Any, float]:
    """The score of each key that the searches found, in their orders."""
    scores: dict[Any, float] = {}
    for keys in found:
        for place, key in enumerate(keys, 1):
            scores[key] = scores.get(key, 0.0) + 1 / (60 + place)
    return dict(sorted(scores.items(), key=lambda item: (-round(item[1], 9), item[0])))


def test_a_hybrid_search_of_one_array_fuses_structs(client: MilvusClient) -> None:
    of_a = "element_filter(chunks, $[text] == 'a')"
    requests = [
        AnnSearchRequest([QUERIES[0]], "chunks[emb]", {}, limit=20),
        AnnSearchRequest([b"\x35"], "chunks[bits]", {}, limit=20, expr=of_a),
    ]
    by_bits = model(
        lambda chunk: of_bits("HAMMING", b"\x35", chunk["bits"]), struct=lambda chunk: chunk["text"] == "a"
    )
    expected = reciprocal_ranks([hit[:2] for hit in by_l2()[:20]], [hit[:2] for hit in by_bits[:20]])
    (found,) = client.hybrid_search(
        "c", requests, RRFRanker(), limit=8, offset=1, output_fields=["chunks[text]"]
    )
    assert [(hit["id"], hit["offset"]) for hit in found] == list(expected)[1:9]
    assert [hit["distance"] for hit in found] == pytest.approx(list(expected.values())[1:9])
    assert all(len(hit["entity"]["chunks"]) == len(ROWS[hit["id"]]["chunks"]) for hit in found)

    (found,) = client.hybrid_search("c", requests, RRFRanker(), limit=5, group_by_field="id")
    assert len({hit["id"] for hit in found}) == 5
    with pytest.raises(ParamError, match="groups by other fields than the primary key"):
        client.hybrid_search("c", requests, RRFRanker(), group_by_field="tag")
    requests[0].param["params"] = {"element_scope": {"collapse": {"strategy": "max"}}}
    with pytest.raises(ParamError, match="element_scope beside searches of the same array is not supported"):
        client.hybrid_search("c", requests, RRFRanker())


@pytest.mark.parametrize(
    ("scope", "value"),
    [
        (None, max),
        ({"strategy": "max"}, max),
        ({"strategy": "sum"}, sum),
        ({"strategy": "avg"}, lambda values: sum(values) / len(values)),
        ({"strategy": "topk_sum", "topk": 2}, lambda values: sum(values[:2])),
        ({"strategy": "topk_avg", "topk": 2}, lambda values: sum(values[:2]) / len(values[:2])),
    ],
)
def test_a_hybrid_search_with_other_fields_fuses_rows(path: Path, scope: Any, value: Any) -> None:
    with MilvusClient(path) as client:
        create(client, "IP")
        client.add_collection_field("c", "v", DataType.FLOAT_VECTOR, dim=2, nullable=True)
        client.create_index("c", client.prepare_index_params("v", metric_type="L2"))
        client.insert("c", [{**row, "v": [row["id"], 0.0]} for row in ROWS])
        params = {} if scope is None else {"params": {"element_scope": {"collapse": scope}}}
        requests = [
            AnnSearchRequest([QUERIES[0]], "chunks[emb]", params, limit=40),
            AnnSearchRequest([[0.0, 0.0]], "v", {}, limit=4),
        ]
        nearest = model(lambda chunk: distance("IP", QUERIES[0], chunk["emb"]), falling=True)[:40]
        of_row: dict[int, list[float]] = {}
        for pk, _, near in nearest:
            of_row.setdefault(pk, []).append(near)
        by_structs = sorted(of_row, key=lambda pk: -value(of_row[pk]))
        expected = reciprocal_ranks(by_structs, [0, 1, 2, 3])
        (found,) = client.hybrid_search("c", requests, RRFRanker(), limit=10)
        assert "offset" not in found[0]
        assert [hit["distance"] for hit in found] == pytest.approx(list(expected.values())[:10])
        assert [hit["id"] for hit in found] == list(expected)[:10]
        with pytest.raises(ParamError, match="group_by_field beside searches of rows or of other arrays"):
            client.hybrid_search("c", requests, RRFRanker(), group_by_field="id")


@pytest.mark.parametrize(
    ("scope", "message"),
    [
        ("max", "element_scope must be {.collapse.: "),
        ({"collapse": {"strategy": "min"}}, "strategy of element_scope must be one of max, sum"),
        (
            {"collapse": {"strategy": "topk_avg"}},
            "topk of element_scope with strategy 'topk_avg' must be an int",
        ),
        ({"collapse": {"strategy": "max", "topk": 1}}, "must be left out, got 1"),
        ({"collapse": {"strategy": "sum"}}, "needs a metric whose larger values are nearer"),
        (
            {"collapse": {"strategy": "max"}},
            "element_scope is not supported in a search of single structs: group",
        ),
    ],
)
def test_scopes_that_do_not_fit(client: MilvusClient, scope: Any, message: str) -> None:
    with pytest.raises(ParamError, match=message):
        hits(client, search_params={"params": {"element_scope": scope}})


async def test_the_asynchronous_client_finds_structs(client: MilvusClient, path: Path) -> None:
    async with AsyncMilvusClient(path) as other:
        (found,) = await other.search("c", [QUERIES[0]], anns_field="chunks[emb]", limit=2)
    assert [(hit["id"], hit["offset"], hit["distance"]) for hit in found] == by_l2()[:2]


def test_a_tenant_finds_its_own_structs(path: Path) -> None:
    with MilvusClient(path) as client:
        chunk = client.create_struct_field_schema().add_field("emb", DataType.FLOAT_VECTOR, dim=DIM)
        schema = client.create_schema().add_field("id", DataType.INT64, is_primary=True)
        schema.add_field("tag", DataType.VARCHAR, max_length=9, is_partition_key=True)
        array = {"element_type": DataType.STRUCT, "struct_schema": chunk, "max_capacity": 9, "nullable": True}
        schema.add_field("chunks", DataType.ARRAY, **array)
        indexes = client.prepare_index_params("chunks[emb]", metric_type="L2")
        client.create_collection("c", schema=schema, index_params=indexes)
        client.insert(
            "c",
            [
                {**row, "chunks": row["chunks"] and [{"emb": one["emb"]} for one in row["chunks"]]}
                for row in ROWS
            ],
        )
        found = hits(client.for_tenant("c", "y"))
        assert found == by_l2(row=lambda row: row["tag"] == "y")
