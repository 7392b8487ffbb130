"""Calls on a real Milvus, 2.3.5: what a user of a file expects of a call holds there too."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from langchain_core.embeddings import DeterministicFakeEmbedding

from langchain_milvus_store import Milvus as LangChainStore
from milvus_store import DataType, MilvusClient
from milvus_store.errors import MilvusException
from milvus_store.legacy import IndexType, MetricType, Milvus, Status
from milvus_store_kernel.errors import CellError
from milvus_store_kernel.parse import parse
from milvus_store_kernel.run import run
from milvus_store_kernel.session import Session
from milvus_store_kernel.tables import Table

from ..legacy.walk import ok

pytestmark = pytest.mark.filterwarnings("default")  # pymilvus's own warnings are not ours to answer for

Cell = Callable[[str], list[tuple[Any, ...]]]
WHAT_2_3_LACKS = (IndexType.RNSG, IndexType.ANNOY)
PARAMS = {
    "search_length": 50,
    "out_degree": 50,
    "candidate_pool_size": 100,
    "knng": 50,
    "nlist": 16,
    "n_trees": 8,
}


@pytest.fixture
def client(real_milvus: str) -> Iterator[MilvusClient]:
    with MilvusClient(real_milvus) as client:
        for name in client.list_collections():
            client.drop_collection(name)
        yield client


@pytest.fixture
def legacy(client: MilvusClient, real_milvus: str) -> Iterator[Milvus]:
    """A legacy client, with the collection ``T`` of ten vectors."""
    with Milvus(uri=real_milvus) as legacy:
        ok(legacy.create_collection({"collection_name": "T", "dimension": 8}))
        ok(legacy.insert("T", [[i] * 8 for i in range(10)], ids=list(range(10))))
        yield legacy


@pytest.fixture
def cell(client: MilvusClient, real_milvus: str) -> Iterator[Cell]:
    """Runs a cell: the rows of its last table."""
    session = Session()
    session.connect(real_milvus)

    def do(text: str) -> list[tuple[Any, ...]]:
        script = parse(text)
        shown = [run(statement, session) for statement in script.statements]
        assert script.error is None
        return next(
            ([tuple(row) for row in one.rows] for one in reversed(shown) if isinstance(one, Table)), []
        )

    yield do
    session.close()


def test_the_kernel_reads_what_it_wrote(cell: Cell) -> None:
    # Collections of today are read a little behind there, unless one asks otherwise.
    cell("create collection docs where dimension=2 and metric_type='L2'")
    for i in range(3):
        cell(f'insert into docs {{"id": {i}, "vector": [0, {i}], "title": "t{i}"}}')
        assert cell("select count(*) from docs") == [(i + 1,)]
        assert cell(f"select title from docs nearest [0,{i}] limit 1") == [(i, 0.0, f"t{i}")]
        assert cell(f"select title from docs where id == {i}") == [(f"t{i}",)]
    cell("delete from docs where id == 1")
    assert cell("select id from docs order by id") == [(0,), (2,)]
    assert cell("stats docs")[0][2] == 2
    assert ("row_count", 2) in cell("desc docs")


def test_partition_counts_are_of_now(cell: Cell, client: MilvusClient) -> None:
    schema = client.create_schema()
    schema.add_field("key", DataType.VARCHAR, is_primary=True, max_length=9)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
    index = client.prepare_index_params("vector", index_type="FLAT", metric_type="L2")
    client.create_collection("texts", schema=schema, index_params=index)
    cell('insert into texts {"key": "a", "vector": [1, 2]}')
    assert cell("stats texts") == [("_default", 1)]


def test_the_legacy_client_reads_what_it_wrote_to_a_collection_of_today(
    legacy: Milvus, client: MilvusClient
) -> None:
    client.create_collection("today", dimension=8, metric_type="L2")
    for i in range(3):
        ok(legacy.insert("today", [[i] * 8], ids=[i]))
        assert ok(legacy.count_entities("today"))[1] == i + 1
        assert ok(legacy.search("today", 1, [[i] * 8]))[1].id_array == [[i]]
        assert ok(legacy.get_entity_by_id("today", [i]))[1] == [[float(i)] * 8]
    assert ok(legacy.list_id_in_segment("today", "_default"))[1] == [0, 1, 2]
    assert ok(legacy.get_collection_stats("today"))[1]["row_count"] == 3


def test_a_partition_is_dropped_although_it_is_loaded(legacy: Milvus, cell: Cell) -> None:
    ok(legacy.create_partition("T", "a"))
    ok(legacy.insert("T", [[50] * 8], ids=[50], partition_tag="a"))
    assert ok(legacy.count_entities("T"))[1] == 11
    ok(legacy.drop_partition("T", "a"))
    assert ok(legacy.count_entities("T"))[1] == 10
    assert ok(legacy.search("T", 1, [[3] * 8]))[1].id_array == [[3]]
    cell("create partition T where partition_tag='b'; drop partition T where partition_tag='b'")
    assert cell("list partitions T") == [("T", "_default")]
    assert not legacy.drop_partition("T", "absent").OK()
    assert ok(legacy.count_entities("T"))[1] == 10


def test_an_id_that_is_written_to_another_partition_is_in_that_one_alone(legacy: Milvus) -> None:
    ok(legacy.create_partition("T", "a"))
    ok(legacy.insert("T", [[70] * 8], ids=[3], partition_tag="a"))
    assert ok(legacy.count_entities("T"))[1] == 10
    assert ok(legacy.list_id_in_segment("T", "a"))[1] == [3]
    assert ok(legacy.get_entity_by_id("T", [3]))[1] == [[70.0] * 8]


@pytest.mark.parametrize("kind", WHAT_2_3_LACKS, ids=str)
def test_an_index_type_that_the_server_lacks_leaves_the_index_there_was(
    legacy: Milvus, kind: IndexType
) -> None:
    assert legacy.create_index("T", kind, PARAMS).code == Status.BUILD_INDEX_ERROR
    assert ok(legacy.get_index_info("T"))[1].index_type is IndexType.FLAT
    assert ok(legacy.search("T", 1, [[3] * 8]))[1].id_array == [[3]]


def test_a_collection_whose_metric_the_server_lacks_is_not_made(legacy: Milvus) -> None:
    param = {"collection_name": "M", "dimension": 8, "metric_type": MetricType.TANIMOTO}
    assert not legacy.create_collection(param).OK()
    assert legacy.has_collection("M")[1] is False


@pytest.mark.parametrize(
    "options",
    [
        {"dimension": 4, "metric_type": "ABSENT"},
        {"schema": True, "index_type": "ABSENT"},
        {"schema": True, "second": "ABSENT"},
    ],
)
def test_a_refused_index_takes_the_collection_back(client: MilvusClient, options: dict[str, Any]) -> None:
    given = dict(options)
    if given.pop("schema", False):
        schema = client.create_schema()
        schema.add_field("id", DataType.INT64, is_primary=True)
        schema.add_field("v", DataType.FLOAT_VECTOR, dim=4)
        schema.add_field("n", DataType.INT64)
        kind = given.pop("index_type", "FLAT")
        index = client.prepare_index_params("v", index_type=kind, metric_type="L2")
        index.add_index("n", index_type=given.pop("second", "STL_SORT"))
        given = {"schema": schema, "index_params": index}
    with pytest.raises(MilvusException):
        client.create_collection("half", **given)
    assert not client.has_collection("half")


def test_a_collection_that_was_there_before_stays(client: MilvusClient) -> None:
    client.create_collection("there", dimension=4)
    with pytest.raises(MilvusException):
        client.create_collection("there", dimension=4, metric_type="ABSENT")
    assert client.has_collection("there")


def test_of_several_indexes_all_are_made_or_none(client: MilvusClient) -> None:
    schema = client.create_schema()
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("v", DataType.FLOAT_VECTOR, dim=4)
    schema.add_field("n", DataType.INT64)
    client.create_collection("two", schema=schema)
    index = client.prepare_index_params("v", index_type="FLAT", metric_type="L2")
    index.add_index("n", index_type="ABSENT")
    with pytest.raises(MilvusException):
        client.create_index("two", index)
    assert client.list_indexes("two") == []


def test_the_kernel_leaves_nothing_half_made(cell: Cell, client: MilvusClient) -> None:
    for text in (
        "create collection half where dimension=4 and metric_type='ABSENT'",
        "create table half where dimension=8 and metric_type='TANIMOTO'",
    ):
        with pytest.raises(CellError):
            cell(text)
        assert not client.has_collection("half")


def test_documents_with_ids_of_the_store_keep_their_partition_key(
    client: MilvusClient, real_milvus: str
) -> None:
    store = LangChainStore(
        DeterministicFakeEmbedding(size=8),
        connection_args={"uri": real_milvus},
        collection_name="tenants",
        partition_key_field="namespace",
        auto_id=False,
        consistency_level="Strong",
    )
    for name in ("ankush", "harrison", "chase"):
        store.add_texts([f"text of {name}", f"more of {name}"], [{"namespace": name}] * 2)
    for name in ("ankush", "harrison", "chase"):
        found = store.similarity_search("text", k=10, expr=f'namespace == "{name}"')
        assert sorted(one.page_content for one in found) == [f"more of {name}", f"text of {name}"]
