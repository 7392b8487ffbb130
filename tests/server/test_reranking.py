"""Rankers and function chains that a client sends to our server, and those of our client behind it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pymilvus
import pytest

from milvus_store import AnnSearchRequest, DataType, Function, FunctionScore, FunctionType, MilvusClient
from milvus_store.errors import MilvusException
from milvus_store.function_chain import FunctionChain, FunctionChainStage, col, fn
from milvus_store.server.endpoint import MilvusServer
from milvus_store.server.messages.rankers import chains_of

QUERIES = [[1.0, 0.5], [0.0, 2.0]]


@pytest.fixture
def clients(server: MilvusServer, client: MilvusClient) -> Iterator[tuple[MilvusClient, MilvusClient]]:
    """A client of ours of the server, and one of a file, with the same collection."""
    with MilvusClient(server.uri) as served:
        for one in (served, client):
            rows = np.random.default_rng(2).standard_normal((30, 2)).tolist()
            schema = one.create_schema()
            schema.add_field("id", DataType.INT64, is_primary=True)
            schema.add_field("n", DataType.INT64)
            schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
            index = one.prepare_index_params("vector", metric_type="L2")
            one.create_collection("c", schema=schema, index_params=index)
            one.insert("c", [{"id": n, "vector": rows[n], "n": n} for n in range(30)])
        yield served, client


def rank(reranker: str, inputs: list[str], **params: Any) -> Function:
    return Function("f", FunctionType.RERANK, inputs, params={"reranker": reranker, **params})


DECAY = rank("decay", ["n"], function="exp", origin=4, scale=5)


def hits(found: Any) -> list[Any]:
    return [[(hit["id"], pytest.approx(hit["distance"], rel=1e-6)) for hit in of_query] for of_query in found]


def test_our_client_of_a_server_sends_our_rankers(clients: tuple[MilvusClient, MilvusClient]) -> None:
    served, local = clients
    ranker = FunctionScore([rank("boost", [], filter="n > 9", weight=0.5), DECAY], {"boost_mode": "sum"})
    for options in ({"ranker": DECAY}, {"ranker": ranker}):
        assert hits(served.search("c", QUERIES, limit=9, **options)) == hits(
            local.search("c", QUERIES, limit=9, **options)
        )
    requests = [AnnSearchRequest(QUERIES, "vector", {}, 12)]
    assert hits(served.hybrid_search("c", requests, DECAY)) == hits(local.hybrid_search("c", requests, DECAY))


@pytest.mark.skipif(not hasattr(pymilvus, "FunctionChain"), reason="pymilvus 2.6 has no function chains")
def test_our_client_of_a_server_sends_our_chains(clients: tuple[MilvusClient, MilvusClient]) -> None:
    served, local = clients
    chain = (
        FunctionChain(FunctionChainStage.L2_RERANK, "mine")
        .map("f", fn.decay(col("n"), function="gauss", origin=3, scale=2))
        .map("$score", fn.num_combine(col("$score"), col("f")))
        .sort("$score", tie_break_col=col("$id"))
        .limit(4, offset=1)
    )
    for given in (chain, [chain]):
        found = hits(served.search("c", QUERIES, limit=9, function_chains=given))
        assert found == hits(local.search("c", QUERIES, limit=9, function_chains=given))
        assert len(found[0]) == 4


def test_a_server_asks_no_address_that_a_client_names(clients: tuple[MilvusClient, MilvusClient]) -> None:
    served, _ = clients
    ranker = rank("model", ["n"], provider="tei", Endpoint="http://127.0.0.1:9", queries=["a", "b"])
    with pytest.raises(MilvusException, match="a server asks no address that a client names"):
        served.search("c", QUERIES, ranker=ranker)
    with pytest.raises(MilvusException, match="a server asks no address that a client names"):
        served.hybrid_search("c", [AnnSearchRequest(QUERIES, "vector", {}, 3)], ranker)


def test_an_iterator_takes_no_ranker(server: MilvusServer, clients: Any) -> None:
    theirs = pymilvus.MilvusClient(server.uri)
    ranker = pymilvus.Function("f", pymilvus.FunctionType.RERANK, [], params={"reranker": "rrf"})
    with pytest.raises(pymilvus.MilvusException, match="an iterator takes no ranker"):
        theirs.search_iterator("c", QUERIES[:1], batch_size=5, ranker=ranker)
    theirs.close()


@pytest.mark.skipif(not hasattr(pymilvus, "FunctionChain"), reason="pymilvus 2.6 has no function chains")
def test_parameters_of_chains_have_their_types() -> None:
    from pymilvus.function_chain import FunctionChainExpr
    from pymilvus.grpc_gen import milvus_pb2

    params = {"a": True, "b": 2, "c": 0.5, "d": "x", "e": [1, "y"], "f": {"g": b"z"}}
    chain = pymilvus.FunctionChain(pymilvus.FunctionChainStage.L2_RERANK, "n")
    chain.map("$score", FunctionChainExpr("any", (pymilvus.function_chain.col("$score"), 3), params)).limit(2)
    message = milvus_pb2.SearchRequest()
    message.function_chains.append(chain.to_proto())
    (found,) = chains_of(message)
    step, limit = found.ops
    assert (found.name, found.stage, step.op, step.outputs) == ("n", 5, "map", ("$score",))
    assert step.expr is not None
    assert (step.expr.name, step.expr.args, step.expr.params) == ("any", (col("$score"), 3), params)
    assert limit.params == {"limit": 2, "offset": 0}
