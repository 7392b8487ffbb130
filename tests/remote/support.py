"""What calls of ``MilvusClient`` come to on each kind of server; run by hand, it prints the table of the docs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from milvus_store import AnnSearchRequest, DataType, MilvusClient, RRFRanker, WeightedRanker
from milvus_store.errors import MilvusException

Call = Callable[[MilvusClient], object]

SERVED, REFUSED, SILENT = "yes", "no", "no answer"
PATIENCE = 40.0
"""Seconds for which a call may take; some calls of pymilvus try again for ever."""


def _schema(client: MilvusClient, *, has_vector: bool = True) -> Any:
    schema = client.create_schema(enable_dynamic_field=True)
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("tenant", DataType.VARCHAR, max_length=20)
    return schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2) if has_vector else schema


def _indexes(client: MilvusClient) -> Any:
    return client.prepare_index_params(
        "vector", index_type="HNSW", metric_type="L2", params={"M": 8, "efConstruction": 32}
    )


def _make(client: MilvusClient) -> None:
    client.create_collection(
        "c", schema=_schema(client), index_params=_indexes(client), consistency_level="Strong"
    )
    client.insert(
        "c", [{"id": number, "tenant": "t", "vector": [number, 1], "n": number} for number in range(9)]
    )


def _of_type(dtype: DataType, value: Any, shown: Any = None, **params: Any) -> Call:
    """Makes a collection with a field of this type, writes a row, and reads it: ``shown``, or what was written."""

    def call(client: MilvusClient) -> None:
        is_vector = dtype.is_vector
        schema = _schema(client, has_vector=not is_vector)  # some servers take one vector field only
        schema.add_field("field", dtype, **params)
        indexes = None if is_vector else _indexes(client)
        client.create_collection("typed", schema=schema, index_params=indexes, consistency_level="Strong")
        try:
            row = {"id": 1, "tenant": "t", "field": value}
            client.insert("typed", [row if is_vector else {**row, "vector": [1, 2]}])
            if not is_vector:
                (found,) = client.query("typed", filter="id == 1", output_fields=["field"])
                _check(found["field"] == (value if shown is None else shown))
        finally:
            client.drop_collection("typed")

    return call


def _full_text(client: MilvusClient) -> None:
    from milvus_store import Function, FunctionType

    schema = _schema(client)
    schema.add_field("text", DataType.VARCHAR, max_length=99, enable_analyzer=True)
    schema.add_field("terms", DataType.SPARSE_FLOAT_VECTOR)
    schema.add_function(Function("bm25", FunctionType.BM25, "text", "terms"))
    indexes = _indexes(client)
    indexes.add_index("terms", index_type="SPARSE_INVERTED_INDEX", metric_type="BM25")
    client.create_collection("texts", schema=schema, index_params=indexes, consistency_level="Strong")
    try:
        client.insert("texts", [{"id": 1, "tenant": "t", "vector": [1, 2], "text": "a fox"}])
        assert len(client.search("texts", ["fox"], anns_field="terms")[0]) == 1
    finally:
        client.drop_collection("texts")


def _two() -> list[AnnSearchRequest]:
    return [AnnSearchRequest([[1, 1]], "vector", {}, limit=3) for _ in range(2)]


def _drain(iterator: Any) -> int:
    rows = 0
    while page := iterator.next():
        rows += len(page)
    iterator.close()
    return rows


def _check(condition: bool) -> None:
    if not condition:
        raise MilvusException(message="the answer is not the one expected")


CALLS: dict[str, Call] = {
    "create_collection, insert, load": _make,
    "describe_collection, has_collection, list_collections": lambda client: (
        client.describe_collection("c"),
        _check(client.has_collection("c") and "c" in client.list_collections()),
    ),
    "get_collection_stats": lambda client: client.get_collection_stats("c"),
    "search": lambda client: _check(client.search("c", [[2, 1]], limit=1)[0][0]["id"] == 2),
    "search with a filter": lambda client: _check(
        len(client.search("c", [[2, 1]], filter="n in [1, 5]", limit=9)[0]) == 2
    ),
    "search by ids": lambda client: _check(client.search("c", ids=[3], limit=1)[0][0]["id"] == 3),
    "search with a range": lambda client: _check(
        len(client.search("c", [[0, 1]], search_params={"params": {"radius": 5.0, "range_filter": 0.5}})[0])
        == 2
    ),
    "search with group_by_field": lambda client: _check(
        len(client.search("c", [[0, 1]], group_by_field="tenant")[0]) == 1
    ),
    "hybrid_search, RRFRanker": lambda client: client.hybrid_search("c", _two(), RRFRanker(), limit=2),
    "hybrid_search, WeightedRanker": lambda client: client.hybrid_search(
        "c", _two(), WeightedRanker(0.5, 0.5), limit=2
    ),
    "query, get": lambda client: (
        _check(len(client.query("c", filter="id > 6", output_fields=["n"])) == 2),
        _check(client.get("c", ids=[4], output_fields=["id"])[0]["id"] == 4),
    ),
    "query, count(*)": lambda client: _check(
        client.query("c", filter="", output_fields=["count(*)"])[0]["count(*)"] == 9
    ),
    "filter templates": lambda client: _check(
        len(client.query("c", filter="id in {ids}", filter_params={"ids": [1, 2]}, output_fields=["id"])) == 2
    ),
    "query_iterator": lambda client: _check(
        _drain(client.query_iterator("c", batch_size=4, filter="id >= 0", output_fields=["id"])) == 9
    ),
    "search_iterator": lambda client: _check(
        _drain(client.search_iterator("c", [[1, 1]], batch_size=4)) == 9
    ),
    "upsert": lambda client: client.upsert("c", [{"id": 1, "tenant": "u", "vector": [1, 1], "n": 1}]),
    "upsert, partial_update": lambda client: (
        client.upsert("c", [{"id": 1, "tenant": "v"}], partial_update=True),
        _check(client.get("c", ids=[1], output_fields=["tenant"])[0]["tenant"] == "v"),
    ),
    "delete": lambda client: (client.delete("c", ids=[8]), client.delete("c", filter="id == 7")),
    "partitions": lambda client: (
        client.create_partition("c", "p"),
        _check(client.has_partition("c", "p") and "p" in client.list_partitions("c")),
        client.get_partition_stats("c", "p"),
        client.load_partitions("c", ["p"]),
        client.release_partitions("c", ["p"]),
        client.drop_partition("c", "p"),
    ),
    "aliases": lambda client: (
        client.create_alias("c", "a"),
        client.describe_alias("a"),
        client.list_aliases("c"),
        client.alter_alias("c", "a"),
        client.drop_alias("a"),
    ),
    "indexes": lambda client: (
        client.list_indexes("c"),
        client.describe_index("c", "vector"),
        client.release_collection("c"),
        client.drop_index("c", "vector"),
        client.create_index("c", _indexes(client)),
        client.load_collection("c"),
        client.get_load_state("c"),
    ),
    "refresh_load": lambda client: client.refresh_load("c"),
    "flush": lambda client: client.flush("c"),
    "compact, get_compaction_state": lambda client: client.get_compaction_state(client.compact("c")),
    "alter_collection_properties": lambda client: client.alter_collection_properties(
        "c", {"mmap.enabled": "false"}
    ),
    "alter_collection_field": lambda client: client.alter_collection_field("c", "tenant", {"max_length": 30}),
    "add_collection_field": lambda client: client.add_collection_field(
        "c", "later", DataType.INT64, nullable=True
    ),
    "drop_collection_field": lambda client: client.drop_collection_field("c", "later"),
    "rename_collection": lambda client: (
        client.rename_collection("c", "d"),
        client.rename_collection("d", "c"),
    ),
    "truncate_collection": lambda client: client.truncate_collection("c"),
    "databases": lambda client: (
        client.create_database("db"),
        client.use_database("db"),
        client.use_database("default"),
        client.drop_database("db"),
    ),
    "describe_database, properties": lambda client: client.describe_database("default"),
    "run_analyzer": lambda client: client.run_analyzer("the fox", {"type": "english"}),
    "full text: a BM25 function": _full_text,
    "drop_collection": lambda client: client.drop_collection("c"),
    "JSON": _of_type(DataType.JSON, {"a": 1}),
    "ARRAY": _of_type(DataType.ARRAY, [1], element_type=DataType.INT64, max_capacity=4),
    "nullable fields": _of_type(DataType.INT64, None, nullable=True),
    "default values": _of_type(DataType.INT64, None, 5, default_value=5),
    "FLOAT16_VECTOR": _of_type(DataType.FLOAT16_VECTOR, bytes(4), dim=2),
    "BINARY_VECTOR": _of_type(DataType.BINARY_VECTOR, bytes(1), dim=8),
    "INT8_VECTOR": _of_type(DataType.INT8_VECTOR, bytes(2), dim=2),
    "SPARSE_FLOAT_VECTOR": _of_type(DataType.SPARSE_FLOAT_VECTOR, {1: 1.0}),
    "TIMESTAMPTZ": _of_type(DataType.TIMESTAMPTZ, "2026-01-01T00:00:00Z"),
    "GEOMETRY": _of_type(DataType.GEOMETRY, "POINT (1 2)"),
}
"""What is called → how. Those above make what those below need. The last types end a Milvus 2.3.5."""


def support(uri: str) -> dict[str, str]:
    """What each of ``CALLS`` comes to at ``uri``, an address or a path."""
    found = {}
    with MilvusClient(uri) as client:
        for name in client.list_collections():
            client.drop_collection(name)
        for name, call in CALLS.items():
            outcome: list[str] = []
            thread = threading.Thread(target=_try, args=(call, client, outcome), daemon=True)
            thread.start()
            thread.join(PATIENCE)
            found[name] = outcome[0] if outcome else SILENT
    return found


def _try(call: Call, client: MilvusClient, outcome: list[str]) -> None:
    try:
        call(client)
    except MilvusException:
        outcome.append(REFUSED)
    else:
        outcome.append(SERVED)


@contextmanager
def _servers(folder: Path) -> Iterator[dict[str, str]]:
    from ..servers import running_milvus, running_our_server, running_server

    for name in ("ours", "lite", "real"):
        (folder / name).mkdir()
    with (
        running_our_server(folder / "ours") as ours,
        running_server(folder / "lite") as lite,
        running_milvus(folder / "real") as real,
    ):
        yield {
            "a file": str(folder / "local.db"),
            "our server": "http://{}:{}".format(*ours),
            "Milvus Lite 3.2": f"http://{lite.host}:{lite.port}",
            "Milvus 2.3.5": real,
        }


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as scratch, _servers(Path(scratch)) as uris:
        tables = {name: support(uri) for name, uri in uris.items()}
    print("| | " + " | ".join(tables) + " |")
    print("|---|" + "---|" * len(tables))
    for name in CALLS:
        print(f"| {name} | " + " | ".join(table[name] for table in tables.values()) + " |")
