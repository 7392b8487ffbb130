"""Arguments that a call does not take: ignored with one warning, or an error that says what is meant."""

from __future__ import annotations

import asyncio
import inspect
import warnings
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from milvus_store import (
    AnnSearchRequest,
    AsyncMilvusClient,
    CollectionSchema,
    DataType,
    FieldSchema,
    Function,
    FunctionType,
    MilvusClient,
    MilvusException,
    RRFRanker,
    StructFieldSchema,
    UnknownOptionWarning,
    WeightedRanker,
)
from milvus_store.client.server_calls import ServerCalls
from milvus_store.errors import ParamError
from milvus_store.option_names import MEANT, REFUSED, WITHOUT_EFFECT
from milvus_store.option_warnings import forget_warnings

QUERY = [[1.0, 0.0]]


@pytest.fixture
def rows(client: MilvusClient) -> MilvusClient:
    client.create_collection("c", dimension=2)
    client.insert("c", [{"id": n, "vector": [1.0, n / 10], "n": n} for n in range(5)])
    return client


BUILDERS: dict[str, Callable[..., Any]] = {
    "schema": CollectionSchema,
    "create_schema": MilvusClient.create_schema,
    "field": lambda **given: FieldSchema("f", DataType.INT64, **given),
    "create_field_schema": lambda **given: MilvusClient.create_field_schema("f", DataType.INT64, **given),
    "add_field": lambda **given: CollectionSchema().add_field("f", DataType.INT64, **given),
    "struct": StructFieldSchema,
    "function": lambda **given: Function("f", FunctionType.BM25, "a", "b", **given),
    "request": lambda **given: AnnSearchRequest(QUERY, "vector", {}, 3, **given),
    "rrf": RRFRanker,
    "weighted": lambda **given: WeightedRanker(0.5, 0.5, **given),
}


def calls_with_keywords() -> list[str]:
    """Every call of the client that takes keywords beside its parameters."""
    found: list[str] = []
    refused = vars(ServerCalls)
    for name in dir(MilvusClient):
        call = getattr(MilvusClient, name)
        if name.startswith("_") or not callable(call) or name in refused:
            continue
        if any(one.kind is one.VAR_KEYWORD for one in inspect.signature(call).parameters.values()):
            found.append(name)
    return sorted(set(found) - {"create_schema", "create_field_schema", "create_struct_field_schema"})


ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "add_collection_field": ("c", "f", DataType.INT64),
    "alter_alias": ("c", "a"),
    "alter_collection_field": ("c", "n", {}),
    "alter_collection_properties": ("c", {}),
    "alter_database_properties": ("default", {}),
    "compact": ("c",),
    "create_collection": ("c", 2),
    "create_database": ("d",),
    "create_index": ("c", MilvusClient.prepare_index_params("vector", metric_type="COSINE")),
    "delete": ("c", [99]),
    "drop_collection_properties": ("c", ["x"]),
    "drop_database_properties": ("default", ["x"]),
    "get": ("c", [1]),
    "get_compaction_state": (1,),
    "hybrid_search": ("c", [AnnSearchRequest(QUERY, "vector", {}, 3)], RRFRanker()),
    "insert": ("c", [{"id": 1, "vector": [1.0, 0.0]}]),
    "load_partitions": ("c", ["_default"]),
    "prepare_index_params": (),
    "query": ("c", "id >= 0"),
    "release_partitions": ("c", ["_default"]),
    "rename_collection": ("c", "d"),
    "run_analyzer": ("a text",),
    "search": ("c", QUERY),
    "search_iterator": ("c", QUERY),
    "upsert": ("c", [{"id": 1, "vector": [1.0, 0.0]}]),
    "use_database": ("default",),
    "using_database": ("default",),
}


def arguments_of(name: str) -> tuple[Any, ...]:
    """Arguments with which the call can be made; otherwise the collection's name for all that it must have."""
    if name in ARGUMENTS:
        return ARGUMENTS[name]
    required = [
        one
        for one in inspect.signature(getattr(MilvusClient, name)).parameters.values()
        if one.default is one.empty and one.kind is one.POSITIONAL_OR_KEYWORD and one.name != "self"
    ]
    return ("c",) * len(required)


def _warns_once(call: Callable[[], Any], name: str) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _ in range(3):
            with suppress(MilvusException):  # what the call is about may be gone the second time
                call()
    ours = [one for one in caught if issubclass(one.category, UnknownOptionWarning)]
    assert len(ours) == 1, name
    assert "'wholly_unheard_of'" in str(ours[0].message)
    assert ours[0].filename == __file__


@pytest.mark.parametrize("name", sorted(set(calls_with_keywords()) - {"prepare_index_params"}))
def test_every_call_ignores_what_nobody_knows_with_one_warning(rows: MilvusClient, name: str) -> None:
    call = getattr(rows, name)
    _warns_once(lambda: call(*arguments_of(name), wholly_unheard_of=True), name)


@pytest.mark.parametrize("name", sorted(set(calls_with_keywords()) - {"prepare_index_params"}))
def test_every_call_of_a_strict_client_refuses_it(rows: MilvusClient, path: Path, name: str) -> None:
    with (
        MilvusClient(path, strict=True) as strict,
        pytest.raises(ParamError, match=rf"{name}\(\).*'wholly_unheard_of'"),
    ):
        getattr(strict, name)(*arguments_of(name), wholly_unheard_of=True)


@pytest.mark.parametrize("name", sorted(BUILDERS))
def test_every_builder_likewise(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _warns_once(lambda: BUILDERS[name](wholly_unheard_of=True), name)
    monkeypatch.setenv("MILVUS_STORE_STRICT", "1")
    with pytest.raises(ParamError, match="'wholly_unheard_of'"):
        BUILDERS[name](wholly_unheard_of=True)


INNOCENT = [
    *(
        "progress_bar",
        "embeddings",
        "metadatas",
        "texts",
        "batch_size",
        "verbose",
        "callbacks",
        "run_manager",
    ),
    *("name", "index", "return_type", "score_threshold", "lambda_mult", "metadata", "documents", "user_id"),
    *(
        "session_id",
        "wait",
        "tags",
        "comment",
        "overwrite",
        "drop_old",
        "retries",
        "headers",
        "config",
        "meta",
    ),
]


@pytest.mark.parametrize("name", INNOCENT)
def test_an_innocent_name_is_taken_for_no_other(rows: MilvusClient, name: str) -> None:
    calls: list[Callable[..., Any]] = [
        partial(MilvusClient, ":memory:"),
        partial(rows.search, "c", QUERY),
        partial(rows.insert, "c", []),
        partial(rows.query, "c", "id == 1"),
        partial(rows.delete, "c", [99]),
        partial(rows.create_collection, "d", 2),
        CollectionSchema,
    ]
    for call in calls:
        with pytest.warns(UnknownOptionWarning, match=f"'{name}'"):
            call(**{name: "x"})


def test_the_names_that_scripts_give_to_pymilvus_are_ignored(path: Path) -> None:
    with pytest.warns(UnknownOptionWarning, match="'alias'"):
        client = MilvusClient(path, alias="a")
    client.create_collection("c", dimension=2)
    with pytest.warns(UnknownOptionWarning) as warned:
        client.insert("c", {"id": 1, "vector": [1, 0]}, progress_bar=True, embeddings=[], metadatas=[])
    assert len(warned) == 3
    assert client.get("c", [1]) == [{"id": 1, "vector": [1, 0]}]
    client.close()
    with pytest.warns(UnknownOptionWarning, match="'is_function_output'"):
        assert not FieldSchema("f", DataType.INT64, is_function_output=True).is_function_output


def test_a_warning_is_given_once_whatever_is_filtered(rows: MilvusClient) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _ in range(3):
            rows.search("c", QUERY, verbose=True)
            rows.get("c", [1], verbose=True)
    assert [str(one.message).partition("(")[0] for one in caught] == ["search", "get"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rows.search("c", QUERY, verbose=True)


def test_a_filter_that_makes_errors_of_warnings_makes_one_each_time(rows: MilvusClient) -> None:
    for _ in range(2):
        with pytest.raises(UnknownOptionWarning):
            rows.search("c", QUERY, verbose=True)


def test_the_environment_makes_every_client_strict(
    rows: MilvusClient, monkeypatch: pytest.MonkeyPatch, path: Path
) -> None:
    for off in ("", "0", "false"):
        monkeypatch.setenv("MILVUS_STORE_STRICT", off)
        forget_warnings()
        with pytest.warns(UnknownOptionWarning):
            rows.query("c", "id == 1", verbose=True)
    monkeypatch.setenv("MILVUS_STORE_STRICT", "1")
    for call in (
        lambda: rows.query("c", "id == 1", verbose=True),
        lambda: MilvusClient(path, verbose=True),
        lambda: rows.search("c", QUERY, search_params={"junk": 1}),
    ):
        with pytest.raises(ParamError, match=r"'verbose'|'junk'"):
            call()


def test_the_asynchronous_client_and_that_of_a_tenant_likewise(path: Path) -> None:
    async def both() -> None:
        async with AsyncMilvusClient(path) as client:
            await client.create_collection("c", dimension=2)
            with pytest.warns(UnknownOptionWarning):
                await client.search("c", QUERY, verbose=True)
            await client.search("c", QUERY, verbose=True)
            with pytest.raises(ParamError, match="did you mean 'limit'"):
                await client.search("c", QUERY, limt=1)
        async with AsyncMilvusClient(path, strict=True) as strict:
            with pytest.raises(ParamError, match="'verbose'"):
                await strict.search("c", QUERY, verbose=True)

    asyncio.run(both())
    with MilvusClient(path, strict=True) as client:
        schema = client.create_schema()
        schema.add_field("id", DataType.INT64, is_primary=True)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
        schema.add_field("who", DataType.VARCHAR, max_length=9, is_partition_key=True)
        client.create_collection("t", schema=schema)
        with pytest.raises(ParamError, match="'verbose'"):
            client.for_tenant("t", "ann").get("t", [1], verbose=True)


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        *[(name, "limit") for name in ("limt", "lmit", "Limit", "top_k", "topk", "k", "top", "n_results")],
        *[(name, "filter") for name in ("fliter", "filters", "expr", "where")],
        *[(name, "data") for name in ("vectors", "vector", "query_vector")],
        *[(name, "output_fields") for name in ("outputFields", "output_field", "include")],
        *[(name, "partition_names") for name in ("partition_name", "partitions")],
        *[("vector_field", "anns_field"), ("searchparams", "search_params"), ("param", "search_params")],
        *[
            ("offest", "offset"),
            ("timout", "timeout"),
            ("group_by", "group_by_field"),
            ("consistency", "cons"),
        ],
    ],
)
def test_what_is_surely_meant_is_named(rows: MilvusClient, given: str, meant: str) -> None:
    with pytest.raises(ParamError, match=rf"search\(\) got .*{given!r}; did you mean '{meant}"):
        rows.search("c", QUERY, **{given: 3})


@pytest.mark.parametrize("name", ["durabilty", "busytimeout", "memory_limt", "readonly", "database", "path"])
def test_slips_in_opening_a_file_open_none(tmp_path: Path, name: str) -> None:
    with pytest.raises(ParamError, match=f"{name!r}; did you mean"):
        MilvusClient(tmp_path / "x.db", **{name: 1})  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda client: client.create_collection("d", dim=3), "dimension"),
        (lambda client: client.create_collection("d", 2, metric="L2"), "metric_type"),
        (lambda client: client.delete("c", expr="id > 1"), "filter"),
        (lambda client: client.get("c", [1], outputfields=["n"]), "output_fields"),
        (lambda client: client.insert("c", [], partition_names="p"), "partition_name"),
        (lambda client: client.create_schema(autoid=True), "auto_id"),
        (lambda client: FieldSchema("f", DataType.VARCHAR, maxlength=3), "max_length"),
        (lambda client: FieldSchema("f", DataType.INT64, primary_key=True), "is_primary"),
        (lambda client: AnnSearchRequest(QUERY, "v", {}, 3, exprs="x"), "expr"),
        (lambda client: client.search("c", QUERY, search_params={"params": {"nprob": 3}}), "nprobe"),
        (lambda client: client.search("c", QUERY, search_params={"metrictype": "L2"}), "metric_type"),
        (
            lambda client: client.create_index(
                "c", client.prepare_index_params("vector", index_type="HNSW", efConstrution=30)
            ),
            "efConstruction",
        ),
    ],
)
def test_slips_elsewhere_are_named(
    rows: MilvusClient, call: Callable[[MilvusClient], Any], name: str
) -> None:
    with pytest.raises(ParamError, match=f"did you mean '{name}'"):
        call(rows)


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_what_would_change_the_answer_is_never_ignored(rows: MilvusClient, name: str) -> None:
    """pymilvus takes each of them somewhere; where a call does not, it says what to do instead."""
    call = next(
        call
        for call in (rows.flush, rows.search)
        if name not in inspect.signature(call).parameters and not (call == rows.search and name == "ids")
    )
    with pytest.raises(ParamError, match=f"{name!r}"):
        call("c", **{name: "something"})
    if name not in MEANT:
        call("c", **{name: None})  # pymilvus takes None for nothing


@pytest.mark.parametrize("name", sorted(WITHOUT_EFFECT))
def test_what_changes_nothing_is_taken_in_silence_even_by_a_strict_client(
    path: Path, name: str, rows: MilvusClient
) -> None:
    with MilvusClient(path, strict=True) as strict:
        assert strict.query("c", "id == 1", ["n"], **{name: 1}) == rows.query("c", "id == 1", ["n"])


@pytest.mark.parametrize("kind", ["FLAT", "HNSW", "IVF_FLAT", "AUTOINDEX"])
def test_search_parameters_of_other_indexes_are_ignored_and_unknown_ones_warned_of(
    client: MilvusClient, kind: str
) -> None:
    schema = client.create_schema()
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("v", DataType.FLOAT_VECTOR, dim=2)
    index = client.prepare_index_params("v", index_type=kind, metric_type="L2")
    client.create_collection("c", schema=schema, index_params=index)
    client.insert("c", [{"id": n, "v": [n, 0]} for n in range(20)])
    expected = client.search("c", QUERY, limit=3)
    own = {"HNSW": {"ef"}, "IVF_FLAT": {"nprobe"}}.get(kind, set())
    for name in {"nprobe", "ef", "level", "reorder_k", "search_list", "search_k", "nlist", "M"} - own:
        for params in ({name: "x"}, {"params": {name: -1}}, {"params": {name: 64}}):
            assert client.search("c", QUERY, limit=3, search_params=params) == expected
            request = AnnSearchRequest(QUERY, "v", params, 3)
            assert client.hybrid_search("c", [request], None, limit=3)[0].ids == expected[0].ids
            assert client.search_iterator("c", QUERY, 3, search_params=params).next().ids() == expected[0].ids
    junk = partial(client.search, "c", QUERY, limit=3, search_params={"params": {"junk": "x"}})
    with pytest.warns(UnknownOptionWarning, match="search parameter 'junk'"):
        found = junk()
    assert found == junk() == expected
    for name in own:
        with pytest.raises(ParamError, match=name):
            client.search("c", QUERY, limit=3, search_params={"params": {name: 0}})


@pytest.mark.parametrize(
    ("name", "argument"),
    [
        *[(name, name) for name in ("limit", "filter", "output_fields", "group_by_field", "round_decimal")],
        *[("expr", "filter"), ("topk", "limit")],
    ],
)
def test_arguments_among_search_parameters_are_errors(rows: MilvusClient, name: str, argument: str) -> None:
    for params in ({name: 3}, {"params": {name: 3}}):
        with pytest.raises(ParamError, match=rf"search_params has '{name}': expected '{argument}'"):
            rows.search("c", QUERY, search_params=params)


def test_a_strict_and_a_lenient_client_do_not_share_what_they_remember(
    rows: MilvusClient, path: Path
) -> None:
    params = {"params": {"junk": 1}}
    with pytest.warns(UnknownOptionWarning):
        rows.search("c", QUERY, search_params=params)
    with MilvusClient(path, strict=True) as strict, pytest.raises(ParamError, match="'junk'"):
        strict.search("c", QUERY, search_params=params)
    assert rows.search("c", QUERY, search_params=params)


def test_index_parameters_of_other_indexes_and_unknown_ones_are_left_out(client: MilvusClient) -> None:
    schema = client.create_schema()
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("v", DataType.FLOAT_VECTOR, dim=2)
    index = client.prepare_index_params()
    index.add_index("v", index_type="HNSW", metric_type="L2", params={"M": 8, "nlist": 4, "junk": 1})
    with pytest.warns(UnknownOptionWarning, match="index parameter 'junk'") as warned:
        client.create_collection("c", schema=schema, index_params=index)
    assert len(warned) == 1
    described = client.describe_index("c", "v")
    assert described["M"] == 8
    assert not {"nlist", "junk"} & set(described)
    for params, message in (({"M": 1}, "'M'"), ({"m": 8}, "did you mean 'M'")):
        bad = client.prepare_index_params("v", index_type="HNSW", metric_type="L2", params=params)
        with pytest.raises(ParamError, match=message):
            client.create_collection("d", schema=schema, index_params=bad)
