"""Calls about partitions."""

from __future__ import annotations

from typing import Any, Final

from pymilvus.grpc_gen import milvus_pb2

from ...client.milvus_client import MilvusClient
from ..databases import collection_of
from ..messages.pairs import pairs_of
from ..messages.status import SUCCESS
from ..protocol import Message


def _create(client: MilvusClient, request: Any) -> Message:
    client.create_partition(request.collection_name, request.partition_name)
    return SUCCESS


def _drop(client: MilvusClient, request: Any) -> Message:
    client.drop_partition(request.collection_name, request.partition_name)
    return SUCCESS


def _has(client: MilvusClient, request: Any) -> Message:
    return milvus_pb2.BoolResponse(
        value=client.has_partition(request.collection_name, request.partition_name)
    )


def _show(client: MilvusClient, request: Any) -> Message:
    record = collection_of(client, request.collection_name).describe()
    asked = set(request.partition_names)
    shown = {name: number for name, number in record.partitions.items() if not asked or name in asked}
    times = [record.created_at for _ in shown]
    return milvus_pb2.ShowPartitionsResponse(
        partition_names=list(shown),
        partitionIDs=list(shown.values()),
        created_timestamps=times,
        created_utc_timestamps=times,
        inMemory_percentages=[100 if number in record.loaded_partitions else 0 for number in shown.values()],
    )


def _statistics(client: MilvusClient, request: Any) -> Message:
    stats = client.get_partition_stats(request.collection_name, request.partition_name)
    return milvus_pb2.GetPartitionStatisticsResponse(stats=pairs_of(stats))


CALLS: Final = {
    "CreatePartition": _create,
    "DropPartition": _drop,
    "HasPartition": _has,
    "ShowPartitions": _show,
    "GetPartitionStatistics": _statistics,
}
