"""Functions that embed: rows and searches bring texts, and what the process has registered makes the vectors."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from milvus_store import (
    AnnSearchRequest,
    AsyncMilvusClient,
    DataType,
    FieldSchema,
    Function,
    FunctionType,
    MilvusClient,
    RRFRanker,
    embeddings,
)
from milvus_store.errors import DataNotMatchException, EmbeddingError, ParamError, SchemaNotReadyException

DIM = 3


def letters(texts: list[str]) -> list[list[float]]:
    return [[len(text), text.count("a"), 1] for text in texts]


@pytest.fixture(autouse=True)
def registered() -> Iterator[None]:
    embeddings.register("letters", letters)
    yield
    for name in embeddings.registered():
        embeddings.unregister(name)


def make(
    client: MilvusClient,
    provider: str = "letters",
    *,
    nullable: bool = False,
    vector: DataType = DataType.FLOAT_VECTOR,
    **params: Any,
) -> None:
    schema = client.create_schema(enable_dynamic_field=True)
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("text", DataType.VARCHAR, max_length=100, nullable=nullable)
    schema.add_field("vector", vector, dim=DIM, nullable=nullable)
    function = Function(
        "embed", FunctionType.TEXTEMBEDDING, "text", "vector", params={"provider": provider, **params}
    )
    schema.add_function(function)
    index = client.prepare_index_params("vector", index_type="FLAT", metric_type="L2")
    client.create_collection("docs", schema=schema, index_params=index)


def vectors(client: MilvusClient) -> dict[int, list[float] | None]:
    return {row["id"]: row["vector"] for row in client.query("docs", output_fields=["vector"], limit=100)}


def test_rows_get_the_vectors_of_their_texts(client: MilvusClient) -> None:
    make(client)
    client.insert("docs", [{"id": 1, "text": "banana"}, {"id": 2, "text": "x"}])
    client.upsert("docs", {"id": 2, "text": "aa"})
    assert vectors(client) == {1: [6, 3, 1], 2: [2, 2, 1]}
    described = client.describe_collection("docs")
    assert described["functions"][0]["params"] == {"provider": "letters"}
    assert [field["name"] for field in described["fields"] if field.get("is_function_output")] == ["vector"]


def test_a_search_takes_texts_and_vectors(client: MilvusClient) -> None:
    make(client)
    client.insert("docs", [{"id": 1, "text": "banana"}, {"id": 2, "text": "x"}])
    assert [[hit["id"] for hit in hits] for hits in client.search("docs", ["bananaa", "y"], limit=1)] == [
        [1],
        [2],
    ]
    assert client.search("docs", [[6, 3, 1]], limit=1)[0][0]["distance"] == 0
    assert client.search("docs", ids=[1], limit=1)[0][0]["id"] == 1
    page = client.search_iterator("docs", ["banana"], batch_size=1)
    assert [hit["id"] for hit in (*page.next(), *page.next())] == [1, 2]
    page.close()
    parts = [AnnSearchRequest([text], "vector", {}, 1) for text in ("banana", "x")]
    (hits,) = client.hybrid_search("docs", parts, RRFRanker(), limit=2)
    assert {hit["id"] for hit in hits} == {1, 2}


def test_a_text_that_a_partial_update_does_not_give_keeps_its_vector(client: MilvusClient) -> None:
    make(client)
    client.insert("docs", [{"id": 1, "text": "banana"}, {"id": 2, "text": "x"}])
    asked: list[str] = []
    embeddings.register("letters", lambda texts: asked.extend(texts) or letters(texts))
    client.upsert("docs", [{"id": 1, "n": 5}, {"id": 2, "text": "aaa"}], partial_update=True)
    assert vectors(client) == {1: [6, 3, 1], 2: [3, 3, 1]}
    assert asked == ["aaa"]
    with pytest.raises(DataNotMatchException, match="field 'text'"):
        client.upsert("docs", [{"id": 3, "n": 5}], partial_update=True)


def test_a_null_has_no_vector(client: MilvusClient) -> None:
    make(client, nullable=True)
    client.insert("docs", [{"id": 1, "text": None}, {"id": 2, "text": "x"}, {"id": 3}])
    client.upsert("docs", [{"id": 2, "text": None}, {"id": 4, "n": 1}], partial_update=True)
    assert vectors(client) == {1: None, 2: None, 3: None, 4: None}


def test_texts_go_in_batches_and_those_of_searches_to_their_own_callable(client: MilvusClient) -> None:
    sizes: list[int] = []
    embeddings.register(
        "letters",
        lambda texts, **options: sizes.append(len(texts)) or np.array(letters(texts), dtype=np.float64),
        embed_query=lambda texts, prompt: [[len(prompt), 0, 0] for _ in texts],
        batch_size=4,
    )
    make(client, prompt="ask", dim=str(DIM))
    client.insert("docs", [{"id": n, "text": "a" * n} for n in range(10)])
    assert sizes == [4, 4, 2]
    assert client.search("docs", ["whatever"], limit=1)[0][0]["distance"] == 6  # from (3, 0, 0) to (1, 1, 1)


def raising(texts: list[str]) -> Any:
    raise RuntimeError("no model")


@pytest.mark.parametrize(
    ("embed", "message"),
    [
        (raising, "embedding 2 texts failed: RuntimeError: no model"),
        (lambda texts: letters(texts)[1:], "expected 2 vectors for 2 texts, got 1"),
        (lambda texts: [[1, 2]] * len(texts), "expected vectors of dimension 3, got 2"),
        (lambda texts: [[1, 2, 3], [1]], "got vectors of the lengths 1, 3"),
        (lambda texts: [["a", "b", "c"]] * 2, "expected 2 vectors of numbers"),
        (lambda texts: None, "expected 2 vectors of numbers, got NoneType"),
        (lambda texts: [[1, 2, 3], [1, float("nan"), 3]], "got nan in the vector of text 1"),
        (lambda texts: [[1, 2, 1e39]] * 2, "expected finite numbers, got 1e\\+39"),
        (lambda texts: [[True, False, True]] * 2, "expected 2 vectors of numbers"),
        (lambda: None, "TypeError"),
    ],
)
def test_a_callable_that_fails_is_an_error_that_names_the_function_and_nothing_changes(
    client: MilvusClient, embed: Callable[..., Any], message: str
) -> None:
    make(client)
    client.insert("docs", {"id": 1, "text": "banana"})
    embeddings.register("letters", embed)
    rows = [{"id": 1, "text": "other"}, {"id": 2, "text": "x"}]
    for write in (
        lambda: client.insert("docs", rows),
        lambda: client.upsert("docs", rows),
        lambda: client.upsert("docs", rows, partial_update=True),
        lambda: client.search("docs", ["a", "b"]),
    ):
        with pytest.raises(EmbeddingError, match=message) as caught:
            write()
        assert (
            "function 'embed' (TEXTEMBEDDING) for field 'vector' (FLOAT_VECTOR(dim=3))"
            in caught.value.message
        )
        assert caught.value.code == 2400
    assert client.query("docs", output_fields=["text"], limit=9) == [{"id": 1, "text": "banana"}]


def test_no_model_is_asked_about_rows_that_are_refused(client: MilvusClient) -> None:
    make(client)
    asked: list[str] = []
    embeddings.register("letters", lambda texts: asked.extend(texts) or letters(texts))
    with pytest.raises(DataNotMatchException, match="row 1"):
        client.insert("docs", [{"id": 1, "text": "a"}, {"id": "2", "text": "b"}])
    with pytest.raises(DataNotMatchException, match="'vector' is filled by function 'embed'"):
        client.insert("docs", [{"id": 1, "text": "a", "vector": [1, 2, 3]}])
    assert asked == []


def test_a_callable_may_use_the_same_client(client: MilvusClient) -> None:
    """No lock is held and no transaction is open while it runs."""
    make(client)
    client.create_collection("cache", dimension=2)

    def embed(texts: list[str]) -> Any:
        client.insert("cache", {"id": len(texts), "vector": [1, 2]})
        return letters(texts)

    embeddings.register("letters", embed)
    client.insert("docs", [{"id": 1, "text": "banana"}])
    assert client.search("docs", ["banana"])[0][0]["id"] == 1
    assert len(client.query("cache", limit=9)) == 1


def test_int8_vectors_hold_whole_numbers(client: MilvusClient) -> None:
    make(client, vector=DataType.INT8_VECTOR)
    client.insert("docs", {"id": 1, "text": "banana"})
    assert client.search("docs", ["banana"], limit=1)[0][0]["distance"] == 0
    embeddings.register("letters", lambda texts: [[1, 200, 3]] * len(texts))
    with pytest.raises(EmbeddingError, match="expected integers from -128 to 127, got 200"):
        client.insert("docs", {"id": 2, "text": "x"})


def test_a_file_runs_nothing_that_this_process_has_not_registered(path: Path) -> None:
    with MilvusClient(path) as client:
        make(client)
        client.insert("docs", {"id": 1, "text": "banana"})
    embeddings.unregister("letters")
    embeddings.register("lettres", letters)
    with MilvusClient(path) as client:
        assert client.search("docs", [[6, 3, 1]], limit=1)[0][0]["id"] == 1
        for call in (
            lambda: client.insert("docs", {"id": 2, "text": "x"}),
            lambda: client.search("docs", ["x"]),
        ):
            with pytest.raises(EmbeddingError, match="nothing is registered as 'letters'") as caught:
                call()
            assert "did you mean 'lettres'" in caught.value.message
            assert "milvus_store.embeddings.register('letters', embed)" in caught.value.message


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"provider": "nowhere"}, "nothing is registered as 'nowhere'"),
        ({"provider": ""}, "needs a provider in its params"),
        ({"dim": 4}, "its dim must be that of field 'vector'"),
        ({"dim": "many"}, "dim must be a positive int"),
        ({"vector": DataType.FLOAT16_VECTOR}, "must be FLOAT_VECTOR or INT8_VECTOR"),
    ],
)
def test_a_function_that_cannot_work_is_refused_when_the_collection_is_made(
    client: MilvusClient, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises((EmbeddingError, ParamError, SchemaNotReadyException), match=message):
        make(client, **arguments)
    assert not client.has_collection("docs")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ({"default_value": "none"}, "must have no default_value"),
        ({"nullable": True}, "'vector' must be nullable too"),
    ],
)
def test_a_text_without_a_vector_is_refused(client: MilvusClient, text: dict[str, Any], message: str) -> None:
    schema = client.create_schema().add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("text", DataType.VARCHAR, max_length=100, **text)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=DIM)
    schema.add_function(
        Function("embed", FunctionType.TEXTEMBEDDING, "text", "vector", params={"provider": "letters"})
    )
    with pytest.raises(SchemaNotReadyException, match=message):
        client.create_collection("docs", schema=schema)


def test_queries_are_all_texts_or_all_vectors(client: MilvusClient) -> None:
    make(client)
    with pytest.raises(ParamError, match="query 1: .*expected a text"):
        client.search("docs", ["a", [1, 2, 3]])


def test_the_asynchronous_client_embeds_too(path: Path) -> None:
    with MilvusClient(path) as client:
        make(client)

    async def run() -> list[int]:
        async with AsyncMilvusClient(path) as client:
            await client.insert("docs", [{"id": 1, "text": "banana"}, {"id": 2, "text": "x"}])
            found = await asyncio.gather(
                *(client.search("docs", [text], limit=1) for text in ("banana", "x"))
            )
            return [hits[0][0]["id"] for hits in found]

    assert asyncio.run(run()) == [1, 2]


@pytest.mark.parametrize(
    "arguments", [("", letters), (None, letters), ("a", None), ("a", letters, 0), ("a", letters, True)]
)
def test_what_is_no_embedding_is_not_registered(arguments: tuple[Any, ...]) -> None:
    name, embed, *size = arguments
    with pytest.raises(ParamError):
        embeddings.register(name, embed, **({"batch_size": size[0]} if size else {}))
    assert embeddings.registered() == ["letters"]


def test_a_collection_has_such_a_function_from_the_start(client: MilvusClient) -> None:
    client.create_collection("docs", dimension=2)
    function = Function(
        "embed", FunctionType.TEXTEMBEDDING, "text", "vector2", params={"provider": "letters"}
    )
    index = client.prepare_index_params("vector2", index_type="FLAT", metric_type="L2")
    with pytest.raises(SchemaNotReadyException, match="a collection has it from the start"):
        client.add_function_field(
            "docs", FieldSchema("vector2", DataType.FLOAT_VECTOR, dim=2), function, index
        )


def embedding(**changes: Any) -> Function:
    given = {"params": {"provider": "letters"}, "name": "embed", "output_field_names": "vector", **changes}
    return Function(
        given.pop("name"), given.pop("function_type", FunctionType.TEXTEMBEDDING), "text", **given
    )


def test_a_function_goes_on_with_other_params(client: MilvusClient) -> None:
    make(client)
    client.insert("docs", {"id": 1, "text": "banana"})
    embeddings.register("ones", lambda texts, prompt: [[1, 1, len(prompt)]] * len(texts))
    altered = embedding(params={"provider": "ones", "prompt": "four"}, description="all alike")
    client.alter_collection_function("docs", "embed", altered)
    client.insert("docs", {"id": 2, "text": "banana"})
    assert vectors(client) == {1: [6, 3, 1], 2: [1, 1, 4]}
    assert client.search("docs", ["whatever"], limit=1)[0][0]["id"] == 2
    (described,) = client.describe_collection("docs")["functions"]
    assert described["params"] == {"provider": "ones", "prompt": "four"}
    assert described["description"] == "all alike"
    client.upsert("docs", {"id": 1, "text": "banana"})
    assert vectors(client)[1] == [1, 1, 4]


def test_other_clients_see_an_altered_function(client: MilvusClient) -> None:
    make(client)
    with MilvusClient(client.uri) as other:
        other.insert("docs", {"id": 1, "text": "banana"})
        embeddings.register("zeros", lambda texts: [[0, 0, 0]] * len(texts))
        client.alter_collection_function("docs", "embed", embedding(params={"provider": "zeros"}))
        other.insert("docs", {"id": 2, "text": "banana"})
        assert vectors(other) == {1: [6, 3, 1], 2: [0, 0, 0]}


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"name": "other"}, ParamError, "its name must stay 'embed', got 'other'"),
        (
            {"output_field_names": "second"},
            ParamError,
            r"its outputs must stay \('vector',\), got \('second',\)",
        ),
        (
            {"params": {"provider": "letters", "dim": 7}},
            SchemaNotReadyException,
            "its dim must be that of field",
        ),
        ({"params": {}}, ParamError, "needs a provider"),
        ({"params": {"provider": "nobody"}}, EmbeddingError, "nothing is registered as 'nobody'"),
        (
            {"function_type": FunctionType.BM25, "params": {}},
            ParamError,
            "kind must stay TEXTEMBEDDING, got BM25",
        ),
    ],
)
def test_what_must_stay_of_a_function(
    client: MilvusClient, changes: dict[str, Any], error: type[Exception], message: str
) -> None:
    make(client)
    before = client.describe_collection("docs")
    with pytest.raises(error, match=message):
        client.alter_collection_function("docs", "embed", embedding(**changes))
    assert client.describe_collection("docs") == before


def test_a_function_that_is_not_there_or_embeds_nothing_is_not_altered(client: MilvusClient) -> None:
    make(client)
    with pytest.raises(ParamError, match="function: expected a Function, got str 'embed'"):
        client.alter_collection_function("docs", "embed", "embed")  # type: ignore[arg-type]
    with pytest.raises(ParamError, match="no function 'embeds', the collection has embed"):
        client.alter_collection_function("docs", "embeds", embedding(name="embeds"))
    schema = client.create_schema()
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("text", DataType.VARCHAR, max_length=100, enable_analyzer=True)
    schema.add_field("words", DataType.SPARSE_FLOAT_VECTOR)
    words = Function("bm25", FunctionType.BM25, "text", "words")
    schema.add_function(words)
    client.create_collection("texts", schema=schema)
    with pytest.raises(ParamError, match=r"'bm25' \(BM25\) cannot be altered, as in Milvus"):
        client.alter_collection_function("texts", "bm25", words)
