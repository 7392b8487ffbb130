"""``MilvusClient("http://…")`` against a real server: one class, one set of types and errors."""

from __future__ import annotations

import gc
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pymilvus
import pymilvus.client.connection_manager
import pytest

from milvus_store import (
    AnnSearchRequest,
    AsyncMilvusClient,
    DataType,
    Function,
    FunctionType,
    MilvusClient,
    RRFRanker,
    WeightedRanker,
)
from milvus_store.backends.file import FileBackend
from milvus_store.backends.remote import RemoteBackend
from milvus_store.errors import (
    CollectionNotExistException,
    ConnectionNotExistException,
    MilvusException,
    ParamError,
)
from milvus_store_lite import filters as tree

pytestmark = pytest.mark.filterwarnings("default")  # pymilvus's own warnings are not ours to answer for


@pytest.fixture(scope="module")
def uri(milvus_server: tuple[str, int]) -> str:
    return "http://{}:{}".format(*milvus_server)


@pytest.fixture
def remote(uri: str) -> Iterator[MilvusClient]:
    with MilvusClient(uri) as client:
        for name in client.list_collections():
            client.drop_collection(name)
        yield client


def test_the_address_chooses_the_backend_and_the_class_is_one(remote: MilvusClient, path: Path) -> None:
    assert type(remote) is MilvusClient
    assert isinstance(remote._backend, RemoteBackend)
    with MilvusClient(path) as on_file:
        assert type(on_file) is MilvusClient
        assert isinstance(on_file._backend, FileBackend)
    assert str(remote.get_server_version())


def test_a_client_has_a_connection_of_its_own_for_as_long_as_it_is_held(uri: str) -> None:
    def connections() -> dict[str, int]:
        stats = pymilvus.client.connection_manager.ConnectionManager.get_instance().get_stats()
        return {kind: stats[f"{kind}_connections"] for kind in ("shared", "dedicated")}

    theirs = pymilvus.MilvusClient(uri)  # lends its connection, which pings while it is idle
    before = connections()
    with MilvusClient(uri) as closed:
        held = MilvusClient(uri)
        assert connections() == {**before, "dedicated": before["dedicated"] + 2}
        closed.close()
        assert (held.list_collections(), connections()["dedicated"]) == (
            theirs.list_collections(),
            before["dedicated"] + 1,
        )
    del held
    gc.collect()
    assert connections() == before
    theirs.close()


@pytest.mark.parametrize("scheme", ["http", "tcp", "milvus"])
def test_every_scheme_of_a_server_is_taken(milvus_server: tuple[str, int], scheme: str) -> None:
    host, port = milvus_server
    with MilvusClient(f"{scheme}://{host}:{port}") as client:
        assert isinstance(client.list_collections(), list)


def test_our_schema_and_index_params_make_the_same_collection_there(remote: MilvusClient, path: Path) -> None:
    described = []
    with MilvusClient(path) as on_file:
        for client in (remote, on_file):
            schema = client.create_schema(enable_dynamic_field=True)
            schema.add_field("pk", DataType.VARCHAR, is_primary=True, max_length=20)
            schema.add_field("vector", DataType.FLOAT_VECTOR, dim=4)
            schema.add_field("n", DataType.INT32, nullable=True)
            schema.add_field("price", DataType.DOUBLE, default_value=1.5)
            index = client.prepare_index_params("vector", index_type="IVF_FLAT", metric_type="L2", nlist=4)
            client.create_collection("both", schema=schema, index_params=index)
            client.insert("both", [{"pk": "a", "vector": np.ones(4, np.float32), "extra": [1, 2]}])
            (row,) = client.query("both", "pk == 'a'", ["*"])
            assert (row["price"], row["n"], row["extra"]) == (1.5, None, [1, 2])
            ((hit,),) = client.search("both", [[1, 1, 1, 3]], output_fields=["price"])
            assert (hit["distance"], hit["entity"]["price"]) == (4.0, 1.5)
            assert client.describe_index("both", "vector")["index_type"] == "IVF_FLAT"
            described.append(client.describe_collection("both"))
    theirs, ours = described
    assert [(one["name"], int(one["type"])) for one in theirs["fields"]] == [
        (one["name"], int(one["type"])) for one in ours["fields"]
    ]
    assert theirs["enable_dynamic_field"] is ours["enable_dynamic_field"] is True


def test_errors_are_ours_with_the_codes_of_the_server(remote: MilvusClient) -> None:
    with pytest.raises(CollectionNotExistException) as caught:
        remote.describe_collection("nope")
    assert caught.value.code == 100
    remote.create_collection("c", dimension=4)
    with pytest.raises(MilvusException, match="dim"):
        remote.insert("c", {"id": 1, "vector": [1.0]})
    with pytest.raises(ParamError, match="limit"):
        remote.search("c", [[1.0] * 4], limit=-1)


def test_a_file_only_call_is_refused_with_the_alternative(remote: MilvusClient, tmp_path: Path) -> None:
    with pytest.raises(ParamError, match="Milvus Backup"):
        remote.backup(tmp_path / "copy.db")
    with pytest.raises(ParamError, match="milvus-store copy"):
        remote.restore(tmp_path / "copy.db")
    with pytest.raises(ParamError, match="describe_index"):
        remote.build_index("c", "vector")
    with pytest.raises(AttributeError, match="no_such_call"):
        remote.no_such_call()  # type: ignore[attr-defined]


def test_a_call_that_only_pymilvus_has_goes_through(remote: MilvusClient) -> None:
    server: Any = remote
    assert server.is_self_hosted.__name__ == "is_self_hosted"
    with (
        MilvusClient(":memory:") as on_file,
        pytest.raises(AttributeError, match="no attribute 'no_such_call'"),
    ):
        on_file.no_such_call()  # type: ignore[attr-defined]


def test_calls_that_a_file_refuses_go_through(remote: MilvusClient, path: Path) -> None:
    with MilvusClient(path) as on_file, pytest.raises(ParamError, match="not supported on a file"):
        on_file.create_resource_group("more")
    with pytest.raises(MilvusException) as caught:  # these servers refuse it too, in their own words
        remote.create_resource_group("more")
    assert "on a file" not in caught.value.message
    assert remote.get_server_type() == "milvus"


def test_every_public_call_is_forwarded_or_deliberately_not() -> None:
    class Recording:
        """What is asked of it, in place of a server."""

        def answer(self, described: Any, args: object, kwargs: object) -> str:
            return f"{described.__name__} {args} {kwargs}"

    client = object.__new__(MilvusClient)
    client._server = Recording()  # type: ignore[assignment]
    static = {"create_schema", "prepare_index_params", "create_field_schema", "create_struct_field_schema"}
    for name in dir(MilvusClient):
        if (
            not name.startswith("_")
            and callable(getattr(MilvusClient, name))
            and name not in {*static, "close"}
        ):
            assert getattr(client, name)(1, two=3) == f"{name} (1,) {{'two': 3}}"


def test_a_subclass_keeps_its_methods_on_both_backends(uri: str, path: Path) -> None:
    class Tenant(MilvusClient):
        def create_collection(self, collection_name: str, *args: object, **kwargs: object) -> None:
            super().create_collection(f"tenant_{collection_name}", *args, **kwargs)  # type: ignore[arg-type]

    for address in (uri, str(path)):
        with Tenant(address) as client:
            assert isinstance(client, Tenant)
            client.create_collection("sub", dimension=4)
            assert "tenant_sub" in client.list_collections()
            client.drop_collection("tenant_sub")


def test_a_closed_client_and_an_absent_server_say_so(uri: str) -> None:
    client = MilvusClient(uri)
    client.close()
    client.close()
    with pytest.raises(ConnectionNotExistException, match="closed"):
        client.list_collections()
    with pytest.raises(MilvusException):
        MilvusClient("http://127.0.0.1:9", timeout=0.5)
    with pytest.raises(ParamError, match="ftp"):
        MilvusClient("ftp://127.0.0.1:19530")


def test_without_pymilvus_the_error_names_the_pip_line_and_files_work(tmp_path: Path) -> None:
    script = f"""
import sys
sys.modules["pymilvus"] = None
from milvus_store import MilvusClient
with MilvusClient({str(tmp_path / "a.db")!r}) as client:
    client.create_collection("c", dimension=2)
try:
    MilvusClient("http://localhost:19530")
except ImportError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "pip install 'milvus-store[server]'" in done.stdout


@pytest.mark.parametrize("ranker", [RRFRanker(20), WeightedRanker(0.7, 0.3)], ids=["rrf", "weighted"])
def test_hybrid_searches_take_our_requests_and_rankers(
    remote: MilvusClient, path: Path, ranker: RRFRanker | WeightedRanker
) -> None:
    answers = []
    random = np.random.default_rng(7)
    rows = [
        {"id": number, "near": random.random(4).tolist(), "far": random.random(3).tolist(), "n": number}
        for number in range(40)
    ]
    with MilvusClient(path) as on_file:
        for client in (remote, on_file):
            schema = client.create_schema()
            schema.add_field("id", DataType.INT64, is_primary=True)
            schema.add_field("near", DataType.FLOAT_VECTOR, dim=4)
            schema.add_field("far", DataType.FLOAT_VECTOR, dim=3)
            schema.add_field("n", DataType.INT64)
            index = client.prepare_index_params("near", index_type="FLAT", metric_type="COSINE")
            index.add_index("far", index_type="FLAT", metric_type="COSINE")
            client.create_collection("hybrid", schema=schema, index_params=index)
            client.insert("hybrid", rows)
            requests = [
                AnnSearchRequest([[1.0, 0, 0, 0]], "near", {"metric_type": "COSINE"}, 10, expr="n < 30"),
                AnnSearchRequest([[0, 1.0, 0]], "far", {"metric_type": "COSINE"}, 10, filter="n < 30"),
            ]
            (hits,) = client.hybrid_search("hybrid", requests, ranker, limit=5, output_fields=["n"])
            answers.append([(hit["id"], hit["entity"]["n"]) for hit in hits])
    assert answers[0] == answers[1]
    assert len(answers[0]) == 5


async def test_the_asynchronous_client_reaches_a_server_too(uri: str) -> None:
    async with AsyncMilvusClient(uri) as client:
        await client.create_collection("awaited", dimension=4)
        await client.insert("awaited", [{"id": 1, "vector": [1.0, 0, 0, 0]}])
        (hits,) = await client.search("awaited", [[1.0, 0, 0, 0]])
        assert hits[0]["id"] == 1
        with pytest.raises(CollectionNotExistException):
            await client.describe_collection("nope")


def test_iterators_reach_every_row(remote: MilvusClient) -> None:
    remote.create_collection("many", dimension=2)
    remote.insert("many", [{"id": number, "vector": [0.0, number]} for number in range(25)])
    pages = remote.query_iterator("many", batch_size=10)
    ids = []
    while page := pages.next():
        ids += [row["id"] for row in page]
    pages.close()
    assert sorted(ids) == list(range(25))


def test_an_error_is_raised_and_not_logged_as_well(
    remote: MilvusClient, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    # pymilvus keeps its records from the root logger, where caplog listens.
    monkeypatch.setattr(logging.getLogger("pymilvus"), "propagate", True)
    with pytest.raises(CollectionNotExistException):
        remote.describe_collection("nope")
    assert not caplog.records
    with pytest.raises(Exception, match="nope"):  # pymilvus itself goes on logging
        remote._server.pymilvus_client.describe_collection("nope")  # type: ignore[union-attr]
    assert caplog.records


def test_rows_come_in_tables_and_generators_as_on_a_file(remote: MilvusClient) -> None:
    pandas = pytest.importorskip("pandas")
    remote.create_collection("docs", dimension=2, metric_type="L2")
    table = pandas.DataFrame({"id": [1, 2], "vector": [[1.0, 2.0], [3.0, 4.0]], "color": ["red", "blue"]})
    assert remote.insert("docs", table)["insert_count"] == 2
    remote.upsert("docs", ({"id": key, "vector": [5.0, key], "color": "green"} for key in (2, 3)))
    rows = remote.query("docs", "id > 0", output_fields=["color"], consistency_level="Strong")
    assert {row["id"]: row["color"] for row in rows} == {1: "red", 2: "green", 3: "green"}


def test_a_filter_tree_is_taken_as_on_a_file(remote: MilvusClient, path: Path) -> None:
    rows = [
        {"id": number, "vector": [0.0, number], "tenant": f'it\'s "{number % 3}"', "n": number}
        for number in range(12)
    ]
    condition = tree.And(
        (
            tree.Compare("==", tree.Name("tenant"), tree.Literal('it\'s "1"')),
            tree.Not(tree.In(tree.Name("n"), tree.ListOf.of([1, 7]))),
        )
    )
    answers = []
    with MilvusClient(path) as on_file:
        for client in (remote, on_file):
            client.create_collection("trees", dimension=2)
            client.insert("trees", rows)
            found = client.query("trees", condition, ["id"])
            (hits,) = client.search("trees", [[0.0, 1.0]], filter=condition)
            answers.append((sorted(row["id"] for row in found), sorted(hit["id"] for hit in hits)))
    assert answers[0] == answers[1] == ([4, 10], [4, 10])


def test_functions_of_a_schema_go_along(remote: MilvusClient) -> None:
    schema = remote.create_schema(auto_id=True)
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("text", DataType.VARCHAR, max_length=100, enable_analyzer=True)
    schema.add_field("sparse", DataType.SPARSE_FLOAT_VECTOR)
    schema.add_function(Function("bm25", FunctionType.BM25, ["text"], ["sparse"]))
    index = remote.prepare_index_params("sparse", index_type="SPARSE_INVERTED_INDEX", metric_type="BM25")
    remote.create_collection("texts", schema=schema, index_params=index)
    remote.insert("texts", [{"text": "the quick brown fox"}, {"text": "a lazy dog"}])
    (hits,) = remote.search("texts", ["which fox"], anns_field="sparse", output_fields=["text"])
    assert [hit["entity"]["text"] for hit in hits] == ["the quick brown fox"]


@pytest.mark.parametrize("name", ["read_only", "strict"])
def test_a_promise_that_only_a_file_can_keep_is_refused_before_anybody_is_asked(name: str) -> None:
    with pytest.raises(ParamError, match=f"{name}=True is for files"):
        MilvusClient("http://127.0.0.1:1", **{name: True})  # type: ignore[arg-type]
