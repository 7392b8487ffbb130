"""Copies between files and servers: by columns, through the messages of the protocol."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

pytest.importorskip("pymilvus")

from milvus_store import CollectionSchema, DataType, MilvusClient
from milvus_store.errors import CollectionNotLoadedException
from milvus_store.server.endpoint import MilvusServer
from milvus_store.server.protocol import METHODS
from milvus_store.transfer import copy, export_rows, servers
from milvus_store.transfer.capabilities import fitted_to, release_of
from milvus_store.transfer.definitions import CollectionDefinition
from milvus_store_lite import Progress

from .comparing import contents
from .draws import SCALARS, VECTORS, Drawn, collections


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MilvusServer]:
    with MilvusServer(tmp_path_factory.mktemp("served") / "served.db", "127.0.0.1:0") as running:
        yield running


@pytest.fixture
def uri(server: MilvusServer) -> str:
    """The address of a server without collections."""
    with MilvusClient(server.uri) as client:
        for name in client.list_collections():
            for alias in client.list_aliases(name)["aliases"]:
                client.drop_alias(alias)
            client.drop_collection(name)
    return server.uri


@pytest.mark.usefixtures("small_batches")
def test_what_went_to_a_server_comes_back_as_it_was(filled: Path, path: Path, uri: str) -> None:
    docs, numbered = copy(filled, uri)
    assert (docs.rows, docs.searched, numbered.rows) == (228, True, 20)
    with pytest.raises(CollectionNotLoadedException, match="'numbered' of .* is not loaded"):
        copy(uri, path)
    with MilvusClient(uri) as client:
        client.load_collection("numbered")
    copy(uri, path)
    with MilvusClient(filled) as source, MilvusClient(path) as target:
        assert contents(target, "docs") == contents(source, "docs")
        (theirs,), (ours,) = (contents(one, "numbered")["rows"].values() for one in (source, target))
        assert ours == theirs


def test_snapshots_of_a_server_are_told(filled: Path, path: Path, uri: str) -> None:
    if "ListSnapshots" not in METHODS:
        pytest.skip("the installed pymilvus has no snapshots")
    copy(filled, uri, collections=["docs"])
    with MilvusClient(uri) as client:
        client.create_snapshot("monday", "docs")
    plans = []
    copy(uri, path, dry_run=True, planned=plans.extend)
    assert "snapshots stay behind: 'monday'" in plans[0].changes[0]


@pytest.mark.usefixtures("small_batches")
def test_a_filter_of_elements_exports_whole_rows(tmp_path: Path, uri: str) -> None:
    pytest.importorskip("pyarrow")
    with MilvusClient(uri) as client:
        schema = client.create_schema()
        schema.add_field("id", DataType.INT64, is_primary=True)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
        schema.add_field("tags", DataType.ARRAY, element_type=DataType.INT64, max_capacity=4)
        index = client.prepare_index_params("vector", metric_type="L2")
        client.create_collection("docs", schema=schema, index_params=index)
        client.insert("docs", [{"id": n, "vector": [n, 1], "tags": [n % 2] * 3} for n in range(50)])
    reports: list[Progress] = []
    options = {"filter": "id > 4 and ELEMENT_FILTER(tags, $ == {odd})", "filter_params": {"odd": 1}}
    target = tmp_path / "some.csv"
    assert export_rows(uri, "docs", target, fields=["id"], progress=reports.append, **options) == 23
    assert [int(line) for line in target.read_text().split()[1:]] == list(range(5, 50, 2))
    assert reports[-1] == Progress("docs", 23, 23, "rows")


@pytest.mark.usefixtures("small_batches")
def test_rows_to_export_from_a_server_are_chosen(filled: Path, tmp_path: Path, uri: str) -> None:
    pytest.importorskip("pyarrow")
    target = tmp_path / "docs.csv"
    copy(filled, uri, collections=["docs"])
    chosen = {
        "filter": "id % 10 == {last} or id == 1",
        "filter_params": {"last": 7},
        "partitions": ["archive"],
    }
    reports = []
    export_rows(uri, "docs", target, fields=["id"], progress=reports.append, **chosen)
    expected = [str(number) for number in range(157, 230, 10)]
    assert target.read_text(encoding="utf-8").split() == ["id", *expected]
    assert reports[-1] == Progress("docs", 8, 8, "rows")


@pytest.mark.usefixtures("small_batches")
def test_a_copy_to_a_server_goes_on_where_it_was(filled: Path, path: Path, uri: str, tmp_path: Path) -> None:
    def interrupt(told: Progress) -> None:
        if told.done >= 100:
            raise KeyboardInterrupt

    journal, done = tmp_path / "journal", []
    for source, target in ((str(filled), uri), (uri, str(path))):
        with pytest.raises(KeyboardInterrupt):
            copy(source, target, collections=["docs"], journal=journal, progress=interrupt)
        copy(
            source,
            target,
            collections=["docs"],
            journal=journal,
            progress=lambda told: done.append(told.done),
        )
        assert done.pop(0) > 100
        done.clear()
    with MilvusClient(filled) as source, MilvusClient(path) as target:
        assert contents(target, "docs") == contents(source, "docs")


def test_a_request_that_is_too_large_goes_in_parts(
    filled: Path, uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(servers, "_LARGEST", 4_000)
    (docs,) = copy(filled, uri, collections=["docs"])
    assert docs.rows == 228


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=collections(list(SCALARS), list(VECTORS), auto_ids=True))
def test_every_schema_and_every_row_comes_back(server: MilvusServer, drawn: Drawn) -> None:
    with tempfile.TemporaryDirectory() as folder:
        first, last = f"{folder}/first.db", f"{folder}/last.db"
        with MilvusClient(first) as client:
            properties = {"allow_insert_auto_id": "true"} if drawn.schema.auto_id else None
            client.create_collection("drawn", schema=drawn.schema, properties=properties)
            indexes = client.prepare_index_params()
            for field in drawn.schema.fields:
                if field.dtype.is_vector:
                    indexes.add_index(
                        field.name, "AUTOINDEX", metric_type=_METRICS.get(field.dtype, "COSINE")
                    )
            client.create_index("drawn", indexes)
            client.load_collection("drawn")
            for partition in drawn.partitions[1:]:
                client.create_partition("drawn", partition)
            for number, row in enumerate(drawn.rows):
                names = drawn.partitions or ("",)
                client.insert("drawn", [row], partition_name=names[number % len(names)])
        copy(first, server.uri, overwrite=True, journal=f"{folder}/journal")
        copy(server.uri, last, collections=["drawn"])
        with MilvusClient(first) as source, MilvusClient(last) as target:
            assert contents(target, "drawn") == contents(source, "drawn")


_METRICS = {DataType.BINARY_VECTOR: "HAMMING", DataType.SPARSE_FLOAT_VECTOR: "IP"}


class TestReleases:
    def definition(self) -> CollectionDefinition:
        with MilvusClient(":memory:") as client:
            schema = CollectionSchema()
            schema.add_field("id", DataType.INT64, is_primary=True)
            schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
            schema.add_field("text", DataType.VARCHAR, max_length=9, nullable=True)
            schema.add_field("bytes", DataType.INT8_VECTOR, dim=2)
            indexes = client.prepare_index_params()
            indexes.add_index("vector", "HNSW_SQ", "first", metric_type="L2", sq_type="SQ8")
            indexes.add_index("text", "INVERTED", "second")
            return CollectionDefinition("docs", schema, indexes)

    def test_what_a_release_lacks_is_listed(self) -> None:
        fitted = fitted_to((2, 3), "v2.3.5", self.definition())
        assert fitted.refusals == (
            "field 'text': null needs Milvus 2.5, and the server is v2.3.5",
            "field 'bytes': type INT8_VECTOR needs Milvus 2.6, and the server is v2.3.5",
            "more than one vector field (vector, bytes) needs Milvus 2.4, and the server is v2.3.5",
        )
        assert fitted.changes == (
            "index 'first' becomes AUTOINDEX: v2.3.5 has no HNSW_SQ",
            "index 'second' is left out: v2.3.5 has no INVERTED",
        )
        assert [one.index_type for one in fitted.definition.indexes] == ["AUTOINDEX"]

    def test_the_newest_has_all(self) -> None:
        fitted = fitted_to((2, 6), "v2.6.4", self.definition())
        assert (fitted.refusals, fitted.changes) == ((), ())
        assert len(fitted.definition.indexes) == 2

    @pytest.mark.parametrize(
        ("version", "release"),
        [("v2.3.5", (2, 3)), ("2.6.0-dev", (2, 6)), ("milvus_lite-3.2.2", None), ("0.1.0", None)],
    )
    def test_servers_that_are_none_of_milvus_have_no_release(
        self, version: str, release: tuple[int, int] | None
    ) -> None:
        assert release_of(version) == release
