"""Calls about nodes, segments and replicas, which Milvus's clients and tools ask of a server."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Mapping
from typing import Any, Final

from pymilvus.grpc_gen import common_pb2, milvus_pb2, rg_pb2

from ...client.milvus_client import MilvusClient
from ...errors import ParamError
from ...one_node import NODE_ID, SegmentInfo
from ...version import __version__
from ..messages.status import SUCCESS
from ..protocol import Message, message_of
from .collections import name_of

_ROLE: Final = "standalone"


# Segments ------------------------------------------------------------------------------------------------


def _persistent_segments(client: MilvusClient, request: Any) -> Message:
    states = list(getattr(request, "states", ())) or None
    found = client.list_persistent_segments(request.collectionName, states=states)
    infos = [
        message_of(milvus_pb2.PersistentSegmentInfo, **_segment(one), insert_channel=one.insert_channel)
        for one in found
    ]
    return milvus_pb2.GetPersistentSegmentInfoResponse(infos=infos)


def _query_segments(client: MilvusClient, request: Any) -> Message:
    infos = [
        message_of(
            milvus_pb2.QuerySegmentInfo,
            **_segment(one),
            mem_size=one.mem_size,
            index_name=one.index_name,
            indexID=one.index_id,
            nodeIds=one.node_ids,
        )
        for one in client.list_loaded_segments(request.collectionName)
    ]
    return milvus_pb2.GetQuerySegmentInfoResponse(infos=infos)


def _segment(one: SegmentInfo) -> dict[str, Any]:
    """The fields that both kinds of a segment have."""
    return {
        "segmentID": one.segment_id,
        "collectionID": one.collection_id,
        "partitionID": one.partition_id,
        "num_rows": one.num_rows,
        "state": one.state,
        "level": one.level,
        "is_sorted": one.is_sorted,
        "storage_version": one.storage_version,
    }


# Nodes ---------------------------------------------------------------------------------------------------


def _replicas(client: MilvusClient, request: Any) -> Message:
    name = name_of(client, request)
    partitions = client._database.collection(name).describe().loaded_partitions
    replicas = [
        milvus_pb2.ReplicaInfo(
            replicaID=one.id,
            collectionID=one.id,
            partition_ids=sorted(partitions),
            shard_replicas=[
                milvus_pb2.ShardReplica(
                    leaderID=shard.shard_leader,
                    dm_channel_name=shard.channel_name,
                    node_ids=shard.shard_nodes,
                )
                for shard in one.shards
            ],
            node_ids=one.group_nodes,
            resource_group_name=one.resource_group,
        )
        for one in client.describe_replica(name)
    ]
    return milvus_pb2.GetReplicasResponse(replicas=replicas)


def _resource_groups(client: MilvusClient, request: Any) -> Message:
    return milvus_pb2.ListResourceGroupsResponse(resource_groups=client.list_resource_groups())


def _resource_group(client: MilvusClient, request: Any) -> Message:
    found = client.describe_resource_group(request.resource_group)
    group = message_of(
        milvus_pb2.ResourceGroup,
        name=found.name,
        capacity=found.capacity,
        num_available_node=found.num_available_node,
        num_loaded_replica=found.num_loaded_replica,
        config=rg_pb2.ResourceGroupConfig(**found.config),
    )
    for node in found.nodes:
        group.nodes.add(node_id=node.node_id, address=node.address, hostname=node.hostname)
    return milvus_pb2.DescribeResourceGroupResponse(resource_group=group)


# Health and metrics --------------------------------------------------------------------------------------


def _component_states(client: MilvusClient, request: Any) -> Message:
    component = milvus_pb2.ComponentInfo(nodeID=NODE_ID, role=_ROLE, state_code=common_pb2.StateCode.Healthy)
    return milvus_pb2.ComponentStates(state=component, subcomponent_states=[component], status=SUCCESS)


def _metrics(client: MilvusClient, request: Any) -> Message:
    """What Milvus tells of its nodes in ``system_info``, of the one that there is."""
    try:
        asked = json.loads(request.request or "{}")
    except ValueError:
        raise ParamError(message=f"request must be JSON, got {request.request!r:.80}") from None
    kind = asked.get("metric_type") if isinstance(asked, Mapping) else None
    if kind != "system_info":
        raise ParamError(message=f"metric_type must be 'system_info', got {kind!r:.80}")
    hardware = {"ip": socket.gethostname(), "cpu_core_count": os.cpu_count() or 1}
    system = {"system_version": __version__, "deploy_mode": "STANDALONE"}
    infos = {"has_error": False, "name": _ROLE, "type": _ROLE, "id": NODE_ID}
    node = {
        "identifier": NODE_ID,
        "connected": None,
        "infos": {**infos, "hardware_infos": hardware, "system_info": system},
    }
    told = json.dumps({"nodes_info": [node]})
    return milvus_pb2.GetMetricsResponse(response=told, component_name=_ROLE)


# What a file has none of ---------------------------------------------------------------------------------


def _file_resources(client: MilvusClient, request: Any) -> Message:
    return milvus_pb2.ListFileResourcesResponse(resources=client.list_file_resources())


def _refresh_jobs(client: MilvusClient, request: Any) -> Message:
    jobs = client.list_refresh_external_collection_jobs(request.collection_name)
    return milvus_pb2.ListRefreshExternalCollectionJobsResponse(jobs=jobs)


CALLS: Final = {
    "GetPersistentSegmentInfo": _persistent_segments,
    "GetQuerySegmentInfo": _query_segments,
    "GetReplicas": _replicas,
    "ListResourceGroups": _resource_groups,
    "DescribeResourceGroup": _resource_group,
    "GetComponentStates": _component_states,
    "GetMetrics": _metrics,
    "ListFileResources": _file_resources,
    "ListRefreshExternalCollectionJobs": _refresh_jobs,
}
