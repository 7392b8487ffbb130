"""Bounds, deadlines, numbers and log lines of calls, on a server in this process with calls of the tests' own."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from pymilvus.grpc_gen import common_pb2, milvus_pb2, milvus_pb2_grpc

from milvus_store.errors import ParamError
from milvus_store.server import served_file
from milvus_store.server.call_threads import CallThreads
from milvus_store.server.calls import calls_with
from milvus_store.server.endpoint import MilvusServer, Transport
from milvus_store.server.operations.limits import Limits
from milvus_store.server.operations.logs import JsonLines, TextLines
from milvus_store.server.operations.metrics import Metrics
from milvus_store.server.operations.monitor import Monitor


class Held:
    """A call that waits until it is let go, and the names of the collections that it was asked for."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.has_begun = threading.Semaphore(0)
        self.may_end = threading.Event()

    def __call__(self, _: Any, request: Any) -> Any:
        self.begun.append(request.collection_name)
        self.has_begun.release()
        assert self.may_end.wait(30)
        return milvus_pb2.MutationResult(insert_cnt=3)


@contextmanager
def served(
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
    held: Any,
    *,
    threads: int = 4,
    max_calls: int = 100,
    **more: Any,
) -> Iterator[Any]:
    """A channel to a server that answers ``Insert`` by ``held``."""
    monkeypatch.setattr(served_file, "calls_with", lambda kept: {**calls_with(kept), "Insert": held})
    pool = CallThreads(threads)
    monitor = Monitor(pool, more.pop("limits", Limits()), max_calls, **more)
    with (
        MilvusServer(
            path, "127.0.0.1:0", transport=Transport(threads=pool, interceptors=[monitor])
        ) as server,
        grpc.insecure_channel(server.uri.removeprefix("http://")) as channel,
    ):
        yield channel


def insert(channel: Any, name: str, timeout: float = 30) -> Any:
    stub = milvus_pb2_grpc.MilvusServiceStub(channel)
    return stub.Insert.future(milvus_pb2.InsertRequest(collection_name=name), timeout=timeout)


def refusal(call: Any) -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.RpcError):
        call.result()
    return call.code(), call.details()


def test_a_call_beyond_those_at_a_time_is_refused_at_once_with_the_bound(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Held()
    with served(path, monkeypatch, held, threads=1, max_calls=2) as channel:
        first = insert(channel, "first")
        assert held.has_begun.acquire(timeout=30)
        second = insert(channel, "waiting")
        # It may overtake the second. One of them waits, and the other is refused while all threads work.
        third = insert(channel, "third")
        calls = {second, third}
        refused = next(iter(_done(calls)))
        assert refusal(refused) == (
            grpc.StatusCode.RESOURCE_EXHAUSTED,
            "the server takes at most 2 calls at a time (max_calls); try again later",
        )
        held.may_end.set()
        assert first.result().insert_cnt == 3
        (waited,) = calls - {refused}
        assert waited.result().insert_cnt == 3
        assert insert(channel, "later").result().insert_cnt == 3
    assert len(held.begun) == 3


def _done(calls: set[Any]) -> set[Any]:
    """Those that have ended, as soon as one has."""
    ended = threading.Event()
    for call in calls:
        call.add_done_callback(lambda _: ended.set())
    assert ended.wait(30)
    return {call for call in calls if call.done()}


def test_a_call_whose_deadline_passes_while_it_waits_is_not_begun(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Held()
    with served(path, monkeypatch, held, threads=1) as channel:
        first = insert(channel, "first")
        assert held.has_begun.acquire(timeout=30)
        late = insert(channel, "late", timeout=0.2)
        assert refusal(late)[0] is grpc.StatusCode.DEADLINE_EXCEEDED
        cancelled = insert(channel, "cancelled")
        cancelled.cancel()
        last = insert(channel, "last")
        held.may_end.set()
        assert (first.result().insert_cnt, last.result().insert_cnt) == (3, 3)
    assert held.begun == ["first", "last"]


def test_a_write_that_has_begun_is_finished_after_its_deadline(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, metrics = Held(), Metrics()
    with served(path, monkeypatch, held, metrics=metrics) as channel:
        call = insert(channel, "begun", timeout=0.2)
        assert held.has_begun.acquire(timeout=30)
        assert refusal(call)[0] is grpc.StatusCode.DEADLINE_EXCEEDED
        held.may_end.set()
    assert 'milvus_store_written_rows_total{method="Insert"} 3.0' in metrics.page().decode()


def test_a_message_beyond_the_bound_is_refused_with_it(path: Path) -> None:
    with (
        MilvusServer(path, "127.0.0.1:0", transport=Transport(message_bytes=1 << 20)) as server,
        grpc.insecure_channel(server.uri.removeprefix("http://")) as channel,
    ):
        call = insert(channel, "x" * (2 << 20))
        code, details = refusal(call)
    assert code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert str(1 << 20) in details


def pair(key: str, value: object) -> Any:
    return common_pb2.KeyValuePair(key=key, value=str(value))


def parts(nq: int, limit: int) -> list[Any]:
    """Requests that ask for ``nq`` and ``limit`` in each way that there is."""
    search = milvus_pb2.SearchRequest(nq=nq, search_params=[pair("topk", limit)])
    return [
        search,
        milvus_pb2.SearchRequest(nq=nq, search_params=[pair("limit", limit)]),
        milvus_pb2.HybridSearchRequest(requests=[search]),
        milvus_pb2.SearchRequest(
            sub_reqs=[milvus_pb2.SubSearchRequest(nq=nq, search_params=[pair("topk", limit)])]
        ),
    ]


def test_more_vectors_or_rows_than_the_bounds_are_refused() -> None:
    limits = Limits(nq=10, limit=100)
    for request in parts(10, 100):
        limits.check(request)
    for request in parts(11, 100):
        with pytest.raises(ParamError, match=r"a search takes at most 10 vectors \(max_nq\), got 11"):
            limits.check(request)
    query = milvus_pb2.QueryRequest(query_params=[pair("limit", 101)])
    hybrid = milvus_pb2.HybridSearchRequest(rank_params=[pair("limit", 101)])
    for request in (*parts(10, 101), query, hybrid):
        with pytest.raises(ParamError, match=r"limit must be at most 100 here \(max_limit\), got 101"):
            limits.check(request)


def test_a_limit_that_is_no_number_is_left_to_the_call() -> None:
    Limits(limit=10).check(milvus_pb2.QueryRequest(query_params=[pair("limit", "many")]))


def test_bounds_are_answered_as_milvus_does(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with served(path, monkeypatch, Held(), limits=Limits(nq=1)) as channel:
        stub = milvus_pb2_grpc.MilvusServiceStub(channel)
        status = stub.Search(milvus_pb2.SearchRequest(nq=2), timeout=30).status
    assert (status.code, status.reason) == (1100, "a search takes at most 1 vectors (max_nq), got 2")


def test_bytes_that_are_no_request_are_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        served(path, monkeypatch, Held()) as channel,
        pytest.raises(grpc.RpcError, match="this is no request of Insert") as caught,
    ):
        channel.unary_unary("/milvus.proto.milvus.MilvusService/Insert")(b"\xff" * 20, timeout=30)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


def test_calls_are_counted_by_method_and_code(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held, metrics = Held(), Metrics()
    held.may_end.set()
    with served(path, monkeypatch, held, metrics=metrics) as channel:
        stub = milvus_pb2_grpc.MilvusServiceStub(channel)
        insert(channel, "docs").result()
        insert(channel, "docs").result()
        stub.ShowCollections(milvus_pb2.ShowCollectionsRequest())
        stub.DescribeCollection(milvus_pb2.DescribeCollectionRequest(collection_name="nothing"))
        with pytest.raises(grpc.RpcError):
            stub.CalcDistance(milvus_pb2.CalcDistanceRequest())
    found = {
        (sample.labels["method"], sample.labels["code"]): sample.value
        for metric in metrics.registry.collect()
        for sample in metric.samples
        if sample.name == "milvus_store_calls_total"
    }
    assert found == {
        ("Insert", "0"): 2,
        ("ShowCollections", "0"): 1,
        ("DescribeCollection", "100"): 1,
        ("CalcDistance", "UNIMPLEMENTED"): 1,
    }
    value = metrics.registry.get_sample_value
    request = milvus_pb2.InsertRequest(collection_name="docs").ByteSize()
    assert (value("milvus_store_received_bytes_total") or 0) >= 2 * request
    assert value("milvus_store_sent_bytes_total")
    assert value("milvus_store_written_rows_total", {"method": "Insert"}) == 6
    assert value("milvus_store_call_seconds_count", {"method": "Insert"}) == 2
    assert value("milvus_store_calls_under_way", {"method": "Insert"}) == 0


SECRETS = ("s3cret", "0.123456", "a private text")


def test_a_call_is_logged_as_one_line_without_what_it_carries(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: Any, request: Any) -> Any:
        raise RuntimeError(f"{request}")

    caplog.set_level(logging.DEBUG)
    request = milvus_pb2.InsertRequest(db_name="default", collection_name="docs")
    field = request.fields_data.add(field_name="vector")
    field.vectors.float_vector.data.append(0.123456)
    field.field_name = "a private text"
    with served(path, monkeypatch, fail, log_calls=True) as channel:
        metadata = (("authorization", "s3cret"),)
        milvus_pb2_grpc.MilvusServiceStub(channel).Insert(request, metadata=metadata, timeout=30)
    for lines in (JsonLines(), TextLines()):
        text = "\n".join(map(lines.format, caplog.records))
        assert "RuntimeError" in text  # the traceback is there
        assert not any(secret in text for secret in SECRETS)
    (line,) = (json.loads(JsonLines().format(one)) for one in caplog.records if one.message == "call")
    assert (line["method"], line["code"], line["database"], line["collection"]) == (
        "Insert",
        "1",
        "default",
        "docs",
    )
    assert line["received"] == request.ByteSize()
    assert line["sent"] > 0
    assert line["ms"] >= 0


def test_a_name_that_somebody_sends_stays_one_word_of_a_text_line() -> None:
    record = logging.makeLogRecord({"msg": "call", "fields": {"collection": "x\ninfo y=1", "code": 0}})
    assert TextLines().format(record).endswith(' call collection="x\\ninfo y=1" code=0')


def test_a_long_name_is_cut_in_the_log(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    held = Held()
    held.may_end.set()
    with served(path, monkeypatch, held, log_calls=True) as channel:
        insert(channel, "x" * 100_000).result()
    assert max(len(JsonLines().format(one)) for one in caplog.records) < 1000
