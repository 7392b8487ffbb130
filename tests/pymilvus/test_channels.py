"""The channels by which pymilvus calls a file: what a program may ask of gRPC's, it may ask of them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from pymilvus import AsyncMilvusClient, MilvusClient
from pymilvus.exceptions import MilvusException
from pymilvus.grpc_gen import milvus_pb2, milvus_pb2_grpc

import milvus_store.pymilvus as drop_in
from milvus_store.pymilvus.files import FILES
from milvus_store.server.endpoint import MilvusServer


@pytest.fixture
def uri(path: Path) -> str:
    client = MilvusClient(str(path))
    client.create_collection("docs", dimension=2)
    client.insert("docs", [{"id": i, "vector": [i, 1.0]} for i in range(5)])
    return FILES.uri(str(path))


@pytest.fixture
def channel(uri: str) -> Iterator[Any]:
    with grpc.insecure_channel(uri) as channel:
        yield channel


NAMES = milvus_pb2.HasCollectionRequest(collection_name="docs")
METHOD = "/milvus.proto.milvus.MilvusService/HasCollection"


class TestSynchronous:
    def test_a_stub_calls_by_it(self, channel: Any) -> None:
        assert milvus_pb2_grpc.MilvusServiceStub(channel).HasCollection(NAMES).value

    def test_a_call_comes_with_its_end(self, channel: Any) -> None:
        response, call = channel.unary_unary(METHOD).with_call(NAMES)
        assert response.value
        assert (call.code(), call.details()) == (grpc.StatusCode.OK, "")
        assert not call.is_active()

    def test_interceptors_see_calls(self, channel: Any) -> None:
        seen = []

        class Watch(grpc.UnaryUnaryClientInterceptor):  # type: ignore[misc]
            def intercept_unary_unary(self, continuation: Any, details: Any, request: Any) -> Any:
                seen.append(details.method)
                return continuation(details, request)

        watched = grpc.intercept_channel(channel, Watch())
        assert watched.unary_unary(METHOD)(NAMES).value
        assert watched.unary_unary(METHOD).future(NAMES).result().value
        assert seen == [METHOD, METHOD]

    def test_a_future_tells_when_it_is_done(self, channel: Any) -> None:
        told = threading.Event()
        pending = channel.unary_unary(METHOD).future(NAMES)
        pending.add_done_callback(lambda one: one is pending and told.set())
        assert pending.result(timeout=60).value
        assert told.wait(60)
        assert pending.done()
        assert (pending.code(), pending.exception()) == (grpc.StatusCode.OK, None)
        assert not pending.cancel()

    @pytest.mark.parametrize("kind", ["unary_unary", "stream_stream"])
    def test_a_method_that_no_file_has_is_unimplemented(self, channel: Any, kind: str) -> None:
        calls = getattr(channel, kind)("/milvus.proto.milvus.MilvusService/CreateReplicateStream")
        with pytest.raises(grpc.RpcError) as refused:
            calls(iter([]))
        assert refused.value.code() is grpc.StatusCode.UNIMPLEMENTED
        pending = calls.future(iter([]))
        with pytest.raises(grpc.RpcError):
            pending.result()
        assert pending.code() is grpc.StatusCode.UNIMPLEMENTED

    def test_a_call_that_no_file_answers_names_what_to_do(self, channel: Any) -> None:
        stub = milvus_pb2_grpc.MilvusServiceStub(channel)
        with pytest.raises(grpc.RpcError, match="Dummy is not served from a file") as refused:
            stub.Dummy(milvus_pb2.DummyRequest())
        assert refused.value.code() is grpc.StatusCode.UNIMPLEMENTED

    def test_a_closed_channel_makes_no_calls(self, channel: Any) -> None:
        calls = channel.unary_unary(METHOD)
        channel.close()
        with pytest.raises(ValueError, match="closed"):
            calls(NAMES)

    def test_it_is_ready_at_once(self, channel: Any) -> None:
        assert grpc.channel_ready_future(channel).result(timeout=60) is None

    def test_results_that_are_asked_for_later(self, uri: str, path: Path) -> None:
        handler = MilvusClient(str(path))._get_connection()
        pending = handler.insert_rows("docs", [{"id": 9, "vector": [9.0, 1.0]}], _async=True)
        result = pending.result() if hasattr(pending, "result") else pending
        assert result.insert_count == 1


class TestAsynchronous:
    async def test_a_write_goes_on_when_nobody_waits_for_it(self, uri: str, path: Path) -> None:
        client = AsyncMilvusClient(str(path))
        task = asyncio.create_task(client.insert("docs", [{"id": 77, "vector": [7.0, 1.0]}]))
        await asyncio.sleep(0.05)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

        async def stored() -> None:
            while not await client.get("docs", 77):
                await asyncio.sleep(0.01)

        await asyncio.wait_for(stored(), 60)
        await client.close()

    async def test_calls_overlap(self, uri: str, path: Path) -> None:
        client = AsyncMilvusClient(str(path))
        found = await asyncio.gather(*(client.search("docs", [[i, 1.0]], limit=1) for i in range(20)))
        assert [hits[0][0]["id"] for hits in found] == [*range(5), *[4] * 15]
        await client.close()

    async def test_its_states(self, uri: str) -> None:
        async with grpc.aio.insecure_channel(uri) as channel:
            await channel.channel_ready()
            assert channel.get_state() is grpc.ChannelConnectivity.READY
            waiting = asyncio.create_task(channel.wait_for_state_change(grpc.ChannelConnectivity.READY))
        await waiting
        assert channel.get_state() is grpc.ChannelConnectivity.SHUTDOWN
        with pytest.raises(ValueError, match="closed"):
            await channel.unary_unary(METHOD)(NAMES)


class TestDials:
    def test_other_addresses_are_grpcs(self, uri: str, path: Path, tmp_path: Path) -> None:
        with MilvusServer(tmp_path / "other.db", "127.0.0.1:0") as server:
            other = MilvusClient(server.uri)
            other.create_collection("other", dimension=2)
            assert other.list_collections() == ["other"]
            other.close()
        assert MilvusClient(str(path)).list_collections() == ["docs"]

    def test_uninstalling_leaves_grpc_as_it_was(self, uri: str) -> None:
        assert grpc.insecure_channel.__module__.startswith("milvus_store")
        drop_in.uninstall()
        assert grpc.insecure_channel.__module__ == "grpc"
        assert grpc.aio.insecure_channel.__module__.startswith("grpc.aio")

    def test_what_somebody_else_put_in_its_place_stays(
        self, uri: str, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ours = grpc.insecure_channel

        def theirs(*args: Any, **kwargs: Any) -> Any:
            return ours(*args, **kwargs)

        monkeypatch.setattr(grpc, "insecure_channel", theirs)
        drop_in.uninstall()
        assert grpc.insecure_channel is theirs
        drop_in.install()
        assert MilvusClient(str(path)).list_collections() == ["docs"]

    def test_a_file_that_is_closed_says_so(self, uri: str, path: Path) -> None:
        client = MilvusClient(str(path))
        drop_in.uninstall()
        with pytest.raises(MilvusException, match="is closed: open a new one"):
            client.list_collections()
