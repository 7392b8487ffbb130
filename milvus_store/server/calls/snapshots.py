"""Calls about snapshots of a collection."""

from __future__ import annotations

from typing import Any, Final

from pymilvus.grpc_gen import milvus_pb2

from ...client.milvus_client import MilvusClient
from ...snapshots import RestoreSnapshotJobInfo
from ..messages.status import SUCCESS
from ..protocol import Message


def _create(client: MilvusClient, request: Any) -> Message:
    client.create_snapshot(
        request.name,
        request.collection_name,
        description=request.description,
        compaction_protection_seconds=request.compaction_protection_seconds,
    )
    return SUCCESS


def _drop(client: MilvusClient, request: Any) -> Message:
    client.drop_snapshot(request.name, request.collection_name)
    return SUCCESS


def _list(client: MilvusClient, request: Any) -> Message:
    return milvus_pb2.ListSnapshotsResponse(snapshots=client.list_snapshots(request.collection_name))


def _describe(client: MilvusClient, request: Any) -> Message:
    found = client.describe_snapshot(request.name, request.collection_name)
    return milvus_pb2.DescribeSnapshotResponse(
        name=found.name,
        description=found.description,
        collection_name=found.collection_name,
        partition_names=found.partition_names,
        create_ts=found.create_ts,
        s3_location=found.s3_location,
    )


def _restore(client: MilvusClient, request: Any) -> Message:
    job = client.restore_snapshot(
        request.name,
        request.collection_name,
        request.target_collection_name,
        target_db_name=request.target_db_name,
    )
    return milvus_pb2.RestoreSnapshotResponse(job_id=job)


def _pin(client: MilvusClient, request: Any) -> Message:
    pin = client.pin_snapshot_data(request.name, request.collection_name, ttl_seconds=request.ttl_seconds)
    return milvus_pb2.PinSnapshotDataResponse(pin_id=pin)


def _unpin(client: MilvusClient, request: Any) -> Message:
    client.unpin_snapshot_data(request.pin_id)
    return SUCCESS


def _state(client: MilvusClient, request: Any) -> Message:
    return milvus_pb2.GetRestoreSnapshotStateResponse(
        info=_info(client.get_restore_snapshot_state(request.job_id))
    )


def _jobs(client: MilvusClient, request: Any) -> Message:
    found = client.list_restore_snapshot_jobs(request.collection_name)
    return milvus_pb2.ListRestoreSnapshotJobsResponse(jobs=map(_info, found))


def _info(job: RestoreSnapshotJobInfo) -> Message:
    return milvus_pb2.RestoreSnapshotInfo(
        job_id=job.job_id,
        snapshot_name=job.snapshot_name,
        db_name=job.db_name,
        collection_name=job.collection_name,
        state=milvus_pb2.RestoreSnapshotState.Value(job.state),
        progress=job.progress,
        reason=job.reason,
        start_time=job.start_time,
        time_cost=job.time_cost,
    )


CALLS: Final = {
    "CreateSnapshot": _create,
    "DropSnapshot": _drop,
    "ListSnapshots": _list,
    "DescribeSnapshot": _describe,
    "RestoreSnapshot": _restore,
    "PinSnapshotData": _pin,
    "UnpinSnapshotData": _unpin,
    "GetRestoreSnapshotState": _state,
    "ListRestoreSnapshotJobs": _jobs,
}
