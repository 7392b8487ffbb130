"""Functions that embed on a server: what their names stand for is the say of whoever runs it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pymilvus
import pytest

import milvus_store
from milvus_store import embeddings
from milvus_store.errors import ParamError
from milvus_store.server.endpoint import MilvusServer
from milvus_store.server.operations.functions import import_functions

from .serving import serving

MODULE = """
from milvus_store import embeddings
embeddings.register("letters", lambda texts: [[len(text), text.count("a")] for text in texts])
"""


@pytest.fixture(autouse=True)
def registered() -> Iterator[None]:
    embeddings.register("letters", lambda texts: [[len(text), text.count("a")] for text in texts])
    embeddings.register("twos", lambda texts: [[2, 2]] * len(texts))
    yield
    embeddings.unregister("letters")
    embeddings.unregister("twos")


def make(client: Any, package: Any, provider: str = "letters") -> None:
    schema = client.create_schema()
    schema.add_field("id", package.DataType.INT64, is_primary=True)
    schema.add_field("text", package.DataType.VARCHAR, max_length=100)
    schema.add_field("vector", package.DataType.FLOAT_VECTOR, dim=2)
    kind = package.FunctionType.TEXTEMBEDDING
    schema.add_function(
        package.Function("embed", kind, ["text"], ["vector"], params={"provider": provider, "dim": "2"})
    )
    index = client.prepare_index_params()
    index.add_index("vector", index_type="FLAT", metric_type="L2")
    client.create_collection("docs", schema=schema, index_params=index)


def used(client: Any, package: Any) -> list[Any]:
    make(client, package)
    client.insert("docs", [{"id": 1, "text": "banana"}, {"id": 2, "text": "x"}])
    client.upsert("docs", [{"id": 2, "text": "aaa"}])
    found = client.search("docs", ["bananas", "ab"], limit=1, output_fields=["text", "vector"])
    parts = [package.AnnSearchRequest([text], "vector", {}, 1) for text in ("banana", "aa")]
    (fused,) = client.hybrid_search("docs", parts, package.RRFRanker(), limit=2)
    pages = client.search_iterator("docs", ["banana"], batch_size=2)
    functions = client.describe_collection("docs")["functions"]
    page = [hit["id"] for hit in pages.next()]
    pages.close()
    altered = package.Function(
        "embed",
        package.FunctionType.TEXTEMBEDDING,
        ["text"],
        ["vector"],
        params={"provider": "twos", "dim": "2"},
    )
    client.alter_collection_function("docs", "embed", altered)
    client.insert("docs", [{"id": 3, "text": "banana"}])
    (twos,) = client.get("docs", [3], output_fields=["vector"])
    return [
        [[dict(hit) for hit in hits] for hits in found],
        sorted(hit["id"] for hit in fused),
        page,
        [(one["name"], int(one["type"]), str(one["params"]["dim"])) for one in functions],
        list(map(float, twos["vector"])),
    ]


def test_every_client_gets_the_same_from_a_server_as_from_a_file(server: MilvusServer, path: Path) -> None:
    with milvus_store.MilvusClient(path) as local:
        expected = used(local, milvus_store)
    for package in (pymilvus, milvus_store):
        client = package.MilvusClient(server.uri)
        answers = used(client, package)
        assert answers == expected
        client.drop_collection("docs")
        client.close()


def test_a_name_that_the_server_has_not_registered_is_an_error_that_says_where_to(
    server: MilvusServer,
) -> None:
    client = pymilvus.MilvusClient(server.uri)
    with pytest.raises(pymilvus.MilvusException, match=r"in a server by a module that is named as functions"):
        make(client, pymilvus, "nowhere")
    make(client, pymilvus)
    embeddings.register("letters", lambda texts: [[float("nan"), 1]] * len(texts))
    for call in (lambda: client.insert("docs", {"id": 1, "text": "x"}), lambda: client.search("docs", ["x"])):
        with pytest.raises(pymilvus.MilvusException, match="got nan in the vector of text 0") as caught:
            call()
        assert caught.value.code == 2400
    client.close()


def test_a_server_registers_what_its_module_says(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own_functions.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    with serving(path, "--functions", "own_functions", "--no-metrics") as server:
        client = pymilvus.MilvusClient(server.uri)
        make(client, pymilvus)
        client.insert("docs", [{"id": 1, "text": "banana"}])
        assert client.search("docs", ["banana"])[0][0]["distance"] == 0
        client.close()


@pytest.mark.parametrize(
    ("text", "message"),
    [(None, "ModuleNotFoundError"), ("1 / 0", "ZeroDivisionError"), ("from x import", "SyntaxError")],
)
def test_a_module_that_cannot_be_imported_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    if text is not None:
        (tmp_path / "broken_functions.py").write_text(text)
    with pytest.raises(ParamError, match=f"functions: the module 'broken_functions'.*{message}"):
        import_functions("broken_functions")
