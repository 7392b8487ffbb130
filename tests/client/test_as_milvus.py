"""What happens again, or to what is not there: as a Milvus 2.3.5 answers, asked through pymilvus."""

from __future__ import annotations

import asyncio
import copy
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pymilvus
import pytest

import milvus_store
from milvus_store import (
    AnnSearchRequest,
    AsyncMilvusClient,
    CollectionSchema,
    DataType,
    IndexType,
    LoadState,
    MilvusClient,
    RRFRanker,
    StructFieldSchema,
)
from milvus_store.errors import MilvusException, ParamError
from milvus_store_lite.filters.syntax.precedence import RESERVED
from milvus_store_lite.schema.reserved import RESERVED_NAMES


def schema(dim: int = 2, *, auto_id: bool = False, description: str = "") -> CollectionSchema:
    made = CollectionSchema(auto_id=auto_id, description=description)
    made.add_field("id", DataType.INT64, is_primary=True)
    made.add_field("s", DataType.VARCHAR, max_length=50, nullable=True, default_value="none")
    return made.add_field("vector", DataType.FLOAT_VECTOR, dim=dim)


def index(kind: str = "HNSW", metric: str = "L2", **params: Any) -> Any:
    return MilvusClient.prepare_index_params("vector", index_type=kind, metric_type=metric, params=params)


@pytest.fixture
def made(client: MilvusClient) -> MilvusClient:
    client.create_collection("c", schema=schema(), index_params=index(M=8))
    client.create_collection("q", dimension=4)
    client.insert("c", [{"id": n, "vector": [n, 1]} for n in range(3)])
    client.create_partition("c", "p")
    client.create_alias("c", "a")
    client.create_database("d")
    return client


AGAIN: list[tuple[str, Callable[[MilvusClient], Any]]] = [
    ("create_collection", lambda c: c.create_collection("c", schema=schema())),
    ("with its index", lambda c: c.create_collection("c", schema=schema(), index_params=index(M=8))),
    ("the quick one", lambda c: c.create_collection("q", dimension=4)),
    ("its level by number", lambda c: c.create_collection("c", schema=schema(), consistency_level=2)),
    ("create_partition", lambda c: c.create_partition("c", "p")),
    ("the default partition", lambda c: c.create_partition("c", "_default")),
    ("create_alias", lambda c: c.create_alias("c", "a")),
    ("by its alias", lambda c: c.create_alias("a", "a")),
    ("alter_alias", lambda c: c.alter_alias("c", "a")),
    ("create_index", lambda c: c.create_index("c", index(M=8))),
    ("load_collection", lambda c: c.load_collection("c")),
    ("load_partitions", lambda c: c.load_partitions("c", ["p"])),
    ("drop_collection of none", lambda c: c.drop_collection("nope")),
    ("drop_partition of none", lambda c: c.drop_partition("c", "nope")),
    ("drop_alias of none", lambda c: c.drop_alias("nope")),
    ("drop_index of none", lambda c: c.drop_index("c", "nope")),
    ("drop_database of none", lambda c: c.drop_database("nope")),
    ("describe_index of none", lambda c: c.describe_index("c", "nope")),
]


@pytest.mark.parametrize("call", [call for _, call in AGAIN], ids=[name for name, _ in AGAIN])
def test_the_same_again_is_no_error_and_changes_nothing(
    made: MilvusClient, call: Callable[[MilvusClient], Any]
) -> None:
    def everything() -> Any:
        collections = [
            (made.describe_collection(name), made.get_collection_stats(name), made.list_partitions(name))
            for name in made.list_collections()
        ]
        indexes = [made.describe_index(name, "vector") for name in made.list_collections()]
        return collections, indexes, made.list_databases(), made.query("c", "id >= 0")

    before = everything()
    for _ in range(2):
        assert call(made) is None
    assert everything() == before


def test_released_and_dropped_twice(made: MilvusClient) -> None:
    for _ in range(2):
        made.release_partitions("c", ["p"])
    for _ in range(2):
        made.release_collection("c")
    for _ in range(2):
        made.drop_partition("c", "p")
        made.drop_index("c", "vector")
        made.drop_database("d")
        made.drop_alias("a")
    made.drop_collection("c")
    made.drop_collection("c")
    assert made.list_collections() == ["q"]


def test_a_collection_created_again_gets_the_index_it_lacks(client: MilvusClient) -> None:
    client.create_collection("c", schema=schema())
    assert client.get_load_state("c") == {"state": LoadState.NotLoad}
    client.insert("c", [{"id": 1, "vector": [1, 1]}])
    client.create_collection("c", schema=schema(), index_params=index(M=8))
    assert client.get_load_state("c") == {"state": LoadState.Loaded}
    assert client.search("c", [[1, 1]])[0].ids == [1]


OTHERS: list[tuple[str, Callable[[MilvusClient], Any], str]] = [
    ("dimension", lambda c: c.create_collection("c", schema=schema(3)), "another schema"),
    ("description", lambda c: c.create_collection("c", schema=schema(description="x")), "another schema"),
    ("auto_id", lambda c: c.create_collection("c", schema=schema(auto_id=True)), "another schema"),
    ("quick", lambda c: c.create_collection("c", dimension=2), "another schema"),
    (
        "consistency",
        lambda c: c.create_collection("c", schema=schema(), consistency_level="Strong"),
        "another consistency_level",
    ),
    (
        "properties",
        lambda c: c.create_collection("c", schema=schema(), properties={"timezone": "UTC"}),
        "another properties",
    ),
    ("metric", lambda c: c.create_collection("q", dimension=4, metric_type="L2"), "COSINE"),
    ("index", lambda c: c.create_collection("c", schema=schema(), index_params=index("FLAT")), "HNSW"),
    ("parameter", lambda c: c.create_index("c", index(M=16)), "drop it before"),
    ("alias as collection", lambda c: c.create_collection("a", schema=schema()), "alias 'a'"),
    ("alias of another", lambda c: c.create_alias("q", "a"), "already exists"),
    ("alias that is a collection", lambda c: c.create_alias("c", "q"), "name of a collection"),
    ("alias that is its collection", lambda c: c.create_alias("c", "c"), "name of a collection"),
    ("database", lambda c: c.create_database("d"), "already exists"),
    ("rename", lambda c: c.rename_collection("c", "c"), "already exists"),
]


@pytest.mark.parametrize(("call", "message"), [case[1:] for case in OTHERS], ids=[case[0] for case in OTHERS])
def test_what_is_there_with_another_definition_is_an_error_and_stays(
    made: MilvusClient, call: Callable[[MilvusClient], Any], message: str
) -> None:
    before = made.describe_collection("c"), made.describe_index("c", "vector"), made.list_aliases()
    with pytest.raises(MilvusException, match=message):
        call(made)
    assert (made.describe_collection("c"), made.describe_index("c", "vector"), made.list_aliases()) == before
    assert made.get_collection_stats("c") == {"row_count": 3}


MISSING: list[tuple[str, Callable[[MilvusClient], Any], int]] = [
    ("create_partition", lambda c: c.create_partition("nope", "p"), 100),
    ("drop_partition", lambda c: c.drop_partition("nope", "p"), 100),
    ("has_partition", lambda c: c.has_partition("nope", "p"), 100),
    ("describe_index", lambda c: c.describe_index("nope", "i"), 100),
    ("list_indexes", lambda c: c.list_indexes("nope"), 100),
    ("list_aliases", lambda c: c.list_aliases("nope"), 100),
    ("load_collection", lambda c: c.load_collection("nope"), 100),
    ("release_collection", lambda c: c.release_collection("nope"), 100),
    ("flush", lambda c: c.flush("nope"), 100),
    ("get_collection_stats", lambda c: c.get_collection_stats("nope"), 100),
    ("load_partitions", lambda c: c.load_partitions("c", ["nope"]), 200),
    ("release_partitions", lambda c: c.release_partitions("c", ["nope"]), 200),
    ("get_partition_stats", lambda c: c.get_partition_stats("c", "nope"), 200),
    ("get_load_state", lambda c: c.get_load_state("c", "nope"), 200),
    ("alter_alias", lambda c: c.alter_alias("c", "nope"), 1600),
    ("describe_alias", lambda c: c.describe_alias("nope"), 1600),
]


@pytest.mark.parametrize(("call", "code"), [case[1:] for case in MISSING], ids=[case[0] for case in MISSING])
def test_what_is_not_there_has_milvus_code(
    made: MilvusClient, call: Callable[[MilvusClient], Any], code: int
) -> None:
    with pytest.raises(MilvusException, match="'nope'") as caught:
        call(made)
    assert caught.value.code == code


def test_another_process_may_have_created_it_at_the_same_time(path: Path) -> None:
    async def many() -> None:
        clients = [AsyncMilvusClient(path) for _ in range(4)]
        await asyncio.gather(*(client.create_collection("c", dimension=2) for client in clients))
        for client in clients:
            await client.close()

    asyncio.run(many())


# Index types, rankers, states -------------------------------------------------------------------------


def test_index_types_have_pymilvus_names_and_numbers() -> None:
    assert {one.name: one.value for one in pymilvus.IndexType} == {one.name: one.value for one in IndexType}
    for name in pymilvus.IndexType.__members__:
        assert str(IndexType[name]) == str(pymilvus.IndexType[name])


@pytest.mark.parametrize("kind", [IndexType.HNSW, pymilvus.IndexType.HNSW, "HNSW", "hnsw"])
def test_an_index_type_may_be_a_member_of_the_enum(client: MilvusClient, kind: Any) -> None:
    client.create_collection("c", schema=schema())
    client.create_index("c", client.prepare_index_params("vector", index_type=kind, metric_type="L2"))
    assert client.describe_index("c", "vector")["index_type"] == "HNSW"


def test_the_old_name_of_ivf_flat_in_the_enum_is_todays(client: MilvusClient) -> None:
    client.create_collection("c", schema=schema())
    for library in (milvus_store, pymilvus):
        params = client.prepare_index_params(
            "vector", index_type=library.IndexType.IVF_FLAT, metric_type="L2"
        )
        client.create_index("c", params)
        assert client.describe_index("c", "vector")["index_type"] == "IVF_FLAT"


def test_a_hybrid_search_without_a_ranker_fuses_by_ranks(made: MilvusClient) -> None:
    requests = [AnnSearchRequest([[n, 1]], "vector", {}, 3) for n in (0, 2)]
    assert made.hybrid_search("c", requests, None) == made.hybrid_search("c", requests, RRFRanker(60))


def test_a_load_state_prints_as_in_pymilvus(made: MilvusClient) -> None:
    state = made.get_load_state("c")["state"]
    theirs = pymilvus.client.types.LoadState.Loaded
    assert (str(state), repr(state), f"{state}") == (str(theirs), repr(theirs), f"{theirs}")
    assert str(made.get_load_state("c")) == "{'state': <LoadState: Loaded>}"


def test_a_query_has_a_cost(made: MilvusClient) -> None:
    assert made.query("c", "id == 1").extra["cost"] == 0
    assert made.get("c", [1]).extra["cost"] == 0
    assert "extra_info" not in str(made.query("c", "id == 1"))


# Names of fields --------------------------------------------------------------------------------------


def test_no_word_of_the_grammar_is_free() -> None:
    assert {word.lower() for word in RESERVED} <= RESERVED_NAMES


@pytest.mark.parametrize("word", sorted(RESERVED_NAMES))
def test_a_word_of_the_filter_language_names_no_field(client: MilvusClient, word: str) -> None:
    client.create_collection("c", dimension=2)
    for name in (word, word.upper(), word.title()):
        bad = schema().add_field(name, DataType.INT64)
        with pytest.raises(ParamError, match=f"'{name}'.*filter language") as caught:
            client.create_collection("bad", schema=bad)
        assert caught.value.code == 1701
        with pytest.raises(ParamError, match=f"'{name}'.*filter language"):
            client.create_collection("bad", dimension=2, primary_field_name=name)
        with pytest.raises(ParamError, match=f"'{name}'.*filter language"):
            client.add_collection_field("c", name, DataType.INT64, nullable=True)
        members = StructFieldSchema().add_field(name, DataType.INT64)
        with pytest.raises(ParamError, match=f"'{name}'.*filter language"):
            client.add_collection_struct_field("c", "structs", members, max_capacity=3)
    assert client.list_collections() == ["c"]


def test_words_that_only_look_like_it_and_dynamic_keys_are_free(client: MilvusClient) -> None:
    made = schema().add_field("android", DataType.INT64).add_field("is", DataType.INT64)
    client.create_collection("c", schema=made, index_params=index())
    client.create_collection("q", dimension=2)
    client.insert("q", {"id": 1, "vector": [1, 0], "and": 5})
    assert client.query("q", '$meta["and"] == 5', ["and"]) == [{"id": 1, "and": 5}]


# Hits -------------------------------------------------------------------------------------------------


@pytest.fixture
def hit(client: MilvusClient) -> Any:
    client.create_collection("q", dimension=2, primary_field_name="key")
    client.insert("q", {"key": 7, "vector": [1, 0], "title": "a", "n": None})
    return client.search("q", [[1, 0]], output_fields=["title", "n"])[0][0]


def test_a_hit_has_pymilvus_attributes(hit: Any) -> None:
    assert (hit.id, hit.pk, hit.key, hit.distance, hit.score, hit.title, hit.n) == (7, 7, 7, 1, 1, "a", None)
    assert hit.highlight is None
    entity = hit.entity
    assert (entity.title, entity["title"], entity.get("title")) == ("a", "a", "a")
    assert (entity.id, entity.pk, entity.key, entity.get("key"), entity["key"]) == (7, 7, 7, 7, 7)
    assert (entity.distance, entity.score, entity.get("distance")) == (1, 1, 1)
    assert entity.to_dict() == hit.to_dict() == {"key": 7, "distance": 1, "entity": {"title": "a", "n": None}}
    assert entity == hit["entity"] == hit.fields == entity.fields == {"title": "a", "n": None}
    assert entity.get("nope") is None
    assert entity.get("nope", 5) == hit.get("nope", 5) == 5
    assert list(entity) == ["title", "n"]


def test_a_hit_says_what_it_has_not(hit: Any) -> None:
    for one in (hit, hit.entity):
        for missing in ("nope", "_nope", "__nope__"):
            with pytest.raises(AttributeError, match=missing):
                getattr(one, missing)
        with pytest.raises(KeyError):
            one["nope"]
        assert not hasattr(one, "nope")


def test_a_hit_can_be_copied_and_changed(hit: Any) -> None:
    for copied in (copy.copy(hit), copy.deepcopy(hit), pickle.loads(pickle.dumps(hit))):
        assert (copied, copied.id, copied.entity.id, copied.title) == (hit, 7, 7, "a")
    hit.entity["title"] = "b"
    assert hit["entity"]["title"] == hit.title == "b"
    again = pickle.loads(pickle.dumps(hit))
    assert (again.entity.title, again.entity.id) == ("b", 7)


# Ids --------------------------------------------------------------------------------------------------


def ids_of(kind: str, *keys: Any) -> Any:
    import pandas as pd

    forms: dict[str, Callable[[], Any]] = {
        "list": lambda: list(keys),
        "tuple": lambda: keys,
        "set": lambda: set(keys),
        "range": lambda: range(keys[0], keys[-1] + 1),
        "generator": lambda: (key for key in keys),
        "dict keys": lambda: dict.fromkeys(keys).keys(),
        "array": lambda: np.array(keys),
        "small array": lambda: np.array(keys, dtype=np.int16),
        "object array": lambda: np.array(keys, dtype=object),
        "numpy scalars": lambda: [np.int64(key) for key in keys],
        "Series": lambda: pd.Series(keys),
        "Index": lambda: pd.Index(keys),
    }
    return forms[kind]()


KINDS = [
    *("list", "tuple", "set", "range", "generator", "dict keys", "array", "small array", "object array"),
    *("numpy scalars", "Series", "Index"),
]


@pytest.mark.parametrize("kind", KINDS)
def test_ids_are_taken_in_every_form(made: MilvusClient, kind: str) -> None:
    assert sorted(row["id"] for row in made.get("c", ids_of(kind, 0, 1))) == [0, 1]
    assert sorted(row["id"] for row in made.query("c", ids=ids_of(kind, 0, 1))) == [0, 1]
    assert sorted(hits.ids[0] for hits in made.search("c", ids=ids_of(kind, 0, 1), limit=1)) == [0, 1]
    assert made.delete("c", ids_of(kind, 0, 1))["delete_count"] == 2
    assert made.delete("c", pks=ids_of(kind, 0, 1, 2))["delete_count"] == 1


@pytest.mark.parametrize("one", [1, np.int64(1), np.uint8(1), np.array(1)])
def test_one_id_is_taken_as_it_is(made: MilvusClient, one: Any) -> None:
    assert [row["id"] for row in made.get("c", one)] == [1]
    assert [hits.ids[0] for hits in made.search("c", ids=one, limit=1)] == [1]
    assert made.delete("c", one)["delete_count"] == 1


@pytest.mark.parametrize(
    "bad", [1.5, np.float64(1.5), [1.5], np.array([1.5]), b"1", {1: 2}, True, "1", [None]]
)
def test_what_is_no_id_is_an_error(made: MilvusClient, bad: Any) -> None:
    with pytest.raises(MilvusException, match=r"ids|integer|'id'"):
        made.get("c", bad)
