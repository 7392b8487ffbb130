"""Calls about the file as a whole, and analyzers."""

from __future__ import annotations

from typing import Any, Final

from pymilvus.grpc_gen import common_pb2, milvus_pb2, schema_pb2

from ...client.milvus_client import MilvusClient
from ...errors import ParamError
from ..messages.pairs import value_of
from ..protocol import Message
from .collections import name_of
from .handshake import timestamp


def _flush(client: MilvusClient, request: Any) -> Message:
    names = list(request.collection_names)
    for name in names:
        client.flush(name)
    now = timestamp()
    return milvus_pb2.FlushResponse(
        db_name=request.db_name,
        coll_segIDs={name: schema_pb2.LongArray() for name in names},
        flush_coll_segIDs={name: schema_pb2.LongArray() for name in names},
        coll_seal_times=dict.fromkeys(names, now),
        coll_flush_ts=dict.fromkeys(names, now),
    )


def _flush_all(client: MilvusClient, request: Any) -> Message:
    client.flush_all()
    return milvus_pb2.FlushAllResponse(flush_all_ts=timestamp())


def _flush_state(client: MilvusClient, request: Any) -> Message:
    return milvus_pb2.GetFlushStateResponse(flushed=True)  # every write that returned is on disk


def _flush_all_state(client: MilvusClient, request: Any) -> Message:
    return milvus_pb2.GetFlushAllStateResponse(flushed=True)


def _compact(client: MilvusClient, request: Any) -> Message:
    return milvus_pb2.ManualCompactionResponse(compactionID=client.compact(name_of(client, request)))


def _compaction_state(client: MilvusClient, request: Any) -> Message:
    state = common_pb2.CompactionState.Completed  # a compaction returns when it is done
    return milvus_pb2.GetCompactionStateResponse(state=state)


def _compaction_plans(client: MilvusClient, request: Any) -> Message:
    if getattr(request, "collection_name", ""):  # the tasks of a collection
        client.list_compaction_tasks(request.collection_name)
    return milvus_pb2.GetCompactionPlansResponse(state=common_pb2.CompactionState.Completed)


def _run_analyzer(client: MilvusClient, request: Any) -> Message:
    params = value_of(request.analyzer_params) if request.analyzer_params else None
    try:
        texts = [text.decode() for text in request.placeholder]
    except UnicodeDecodeError:
        raise ParamError(message="texts must be UTF-8") from None
    found = client.run_analyzer(
        texts,
        params,
        with_hash=request.with_hash,
        with_detail=True,
        collection_name=request.collection_name or None,
        field_name=request.field_name or None,
        analyzer_names=list(request.analyzer_names) or None,
    )
    assert isinstance(found, list), "a list of texts has a list of results"
    return milvus_pb2.RunAnalyzerResponse(
        results=[
            milvus_pb2.AnalyzerResult(
                tokens=[
                    milvus_pb2.AnalyzerToken(**token) if request.with_detail else _bare(token)
                    for token in result.tokens
                ]
            )
            for result in found
        ]
    )


def _bare(token: Any) -> Message:
    return milvus_pb2.AnalyzerToken(token=token["token"], hash=token.get("hash", 0))


CALLS: Final = {
    "Flush": _flush,
    "FlushAll": _flush_all,
    "GetFlushState": _flush_state,
    "GetFlushAllState": _flush_all_state,
    "ManualCompaction": _compact,
    "GetCompactionState": _compaction_state,
    "GetCompactionStateWithPlans": _compaction_plans,
    "RunAnalyzer": _run_analyzer,
}
