"""Queries of single elements through the server: pymilvus, and our client on it, get the rows of a file."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import pymilvus
import pytest
from pymilvus.grpc_gen import common_pb2, milvus_pb2, milvus_pb2_grpc

import milvus_store
from milvus_store.server.endpoint import MilvusServer

from .both_ways import served_unlike

pytestmark = pytest.mark.skipif(
    "element_indices" not in milvus_pb2.QueryResults.DESCRIPTOR.fields_by_name,
    reason="this pymilvus knows no rows that stand for elements",
)

PAGES: list[Any] = [[4, 9, 1], [2], [], None, [7, 8, 9, 0, 6], [6], [1, 6, 1, 6]]
TEXT = "element_filter(chunks, $[page] >= 6)"
EXPECTED = [
    (pk, offset) for pk, pages in enumerate(PAGES) for offset, page in enumerate(pages or []) if page >= 6
]


def _create(client: Any, library: Any, *, keys: str = "INT64") -> None:
    """Rows that are not written in the order of their keys."""
    types = library.DataType
    chunk = client.create_struct_field_schema()
    chunk.add_field("page", types.INT64)
    chunk.add_field("emb", types.FLOAT_VECTOR, dim=2)
    schema = client.create_schema(enable_dynamic_field=True)
    length = {"max_length": 9} if keys == "VARCHAR" else {}
    schema.add_field("id", types[keys], is_primary=True, **length)
    schema.add_field("v", types.FLOAT_VECTOR, dim=2)
    array = {"element_type": types.STRUCT, "struct_schema": chunk, "max_capacity": 5, "nullable": True}
    schema.add_field("chunks", types.ARRAY, **array)
    indexes = client.prepare_index_params()
    for name in ("v", "chunks[emb]"):
        indexes.add_index(name, index_type="FLAT", metric_type="L2")
    client.create_collection("c", schema=schema, index_params=indexes)
    rows = [
        {
            "id": pk if keys == "INT64" else f"k{pk}",
            "v": [float(pk), 0.0],
            "title": f"title {pk}",
            "chunks": pages and [{"page": page, "emb": [float(page), 1.0]} for page in pages],
        }
        for pk, pages in enumerate(PAGES)
    ]
    random.Random(3).shuffle(rows)
    client.insert("c", rows)


def _shown(rows: Any) -> list[list[tuple[str, str]]]:
    """Rows with the order of their keys."""
    return [[(key, str(value)) for key, value in row.items()] for row in rows]


def _paged(iterator: Any) -> list[Any]:
    pages = []
    while page := iterator.next():
        pages.append([(row["id"], row["offset"]) for row in page])
    iterator.close()
    return pages


def _query(text: str = TEXT, fields: Any = None, **options: Any) -> Callable[[Any], Any]:
    return lambda client: _shown(client.query("c", text, fields, **options))


STEPS: dict[str, Callable[[Any], Any]] = {
    "query": _query(),
    "fields": _query(fields=["chunks[page]", "title"]),
    "vectors": _query(fields=["v", "chunks"]),
    "key": _query(fields=["id"], limit=3),
    "limit, offset": _query(limit=4, offset=3),
    "order": _query(limit=9, order_by_fields=[{"field": "id", "order": "desc"}]),
    "nothing": _query("element_filter(chunks, $[page] > 99)"),
    "rows beside": _query(f"id in [0, 4] and {TEXT} and title != 'title 0'"),
    "two": _query(f"{TEXT} and element_filter(chunks, $[page] != 9)"),
    "values": _query("element_filter(chunks, $[page] >= {least})", filter_params={"least": 6}),
    "count": lambda client: client.query("c", TEXT, ["count(*)"])[0],
    "or": _query(f"id == 1 or {TEXT}"),
    "groups": _query(fields=["max(id)"]),
    "ids": lambda client: sorted(_shown(client.query("c", ids=[4, 0]))),
}


@pytest.mark.parametrize("through", [pymilvus, milvus_store], ids=["pymilvus", "ours"])
def test_a_server_answers_what_a_file_answers(server: MilvusServer, path: Path, through: Any) -> None:
    assert not served_unlike(server, path, through, _create, STEPS)


@pytest.fixture(params=["INT64", "VARCHAR"])
def keyed(server: MilvusServer, request: pytest.FixtureRequest) -> Iterator[tuple[Any, list[Any]]]:
    """pymilvus's client, and the elements that iterators find in the order of the keys."""
    client = pymilvus.MilvusClient(server.uri)
    _create(client, pymilvus, keys=request.param)
    yield (
        client,
        EXPECTED if request.param == "INT64" else [(f"k{pk}", offset) for pk, offset in EXPECTED],
    )
    client.close()


@pytest.mark.parametrize("batch_size", [1, 2, 3, 100])
def test_iterators_go_on_within_a_row(keyed: tuple[Any, list[Any]], batch_size: int) -> None:
    client, expected = keyed
    pages = _paged(client.query_iterator("c", batch_size=batch_size, filter=TEXT, output_fields=["id"]))
    assert [place for page in pages for place in page] == expected
    assert {len(page) for page in pages[:-1]} <= {batch_size}
    some = _paged(client.query_iterator("c", batch_size=batch_size, filter=TEXT, limit=5))
    assert [place for page in some for place in page] == expected[:5]


@pytest.mark.parametrize("offset", [1, 4, 50])
def test_iterators_pass_over_elements(server: MilvusServer, offset: int) -> None:
    client = pymilvus.MilvusClient(server.uri)
    _create(client, pymilvus)
    pages = _paged(client.query_iterator("c", batch_size=2, filter=TEXT, offset=offset))
    client.close()
    assert [place for page in pages for place in page] == EXPECTED[offset:]


def test_an_iterator_goes_on_where_its_file_says(server: MilvusServer, tmp_path: Path) -> None:
    client, where = pymilvus.MilvusClient(server.uri), tmp_path / "where"
    _create(client, pymilvus)
    options = {"filter": TEXT, "output_fields": ["id"], "iterator_cp_file": str(where)}
    first = client.query_iterator("c", batch_size=3, **options)
    begun = [(row["id"], row["offset"]) for _ in range(2) for row in first.next()]
    told = where.read_text()
    first.close()  # which removes the file, as the end of a process does not
    where.write_text(told)
    rest = _paged(client.query_iterator("c", batch_size=2, **options))
    client.close()
    assert begun + [place for page in rest for place in page] == EXPECTED


def test_our_iterator_through_a_server(server: MilvusServer) -> None:
    with milvus_store.MilvusClient(server.uri) as client:
        _create(client, milvus_store)
        pages = _paged(client.query_iterator("c", batch_size=4, filter=TEXT))
    assert [place for page in pages for place in page] == EXPECTED


async def test_asynchronous_clients_find_elements(server: MilvusServer) -> None:
    client = pymilvus.MilvusClient(server.uri)
    _create(client, pymilvus)
    client.close()
    for kind in (pymilvus.AsyncMilvusClient, milvus_store.AsyncMilvusClient):
        other = kind(server.uri)
        rows = await other.query("c", TEXT, output_fields=["id"])
        await other.close()
        assert sorted((row["id"], row["offset"]) for row in rows) == EXPECTED


def _asked(server: MilvusServer, text: str, **params: str) -> Any:
    pairs = [common_pb2.KeyValuePair(key=key, value=value) for key, value in params.items()]
    request = milvus_pb2.QueryRequest(
        collection_name="c", expr=text, output_fields=["id"], query_params=pairs
    )
    with grpc.insecure_channel(server.uri.removeprefix("http://")) as channel:
        return milvus_pb2_grpc.MilvusServiceStub(channel).Query(request)


def test_the_message_has_each_row_once(server: MilvusServer) -> None:
    with milvus_store.MilvusClient(server.uri) as client:
        _create(client, milvus_store)
    answer = _asked(server, TEXT, iterator="True", limit="5")
    assert list(answer.fields_data[0].scalars.long_data.data) == [0, 4, 5][: len(answer.element_indices)]
    assert [list(one.indices.data) for one in answer.element_indices] == [[1], [0, 1, 2, 4]]
    assert not _asked(server, "id >= 0").element_indices


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"query_iter_last_element_offset": "2"}, "together with query_iter_last_pk"),
        ({"query_iter_last_element_offset": "-1", "query_iter_last_pk": "4"}, "offset of an element"),
        ({"query_iter_last_element_offset": "1", "query_iter_last_pk": "four"}, "id"),
    ],
)
def test_places_that_are_none(server: MilvusServer, params: dict[str, str], message: str) -> None:
    with milvus_store.MilvusClient(server.uri) as client:
        _create(client, milvus_store)
    assert message in _asked(server, TEXT, **params).status.reason
    place = {"query_iter_last_element_offset": "1", "query_iter_last_pk": "4"}
    assert "only where it has an element_filter" in _asked(server, "id >= 0", **place).status.reason
