"""Calls that load and release. A collection is loaded when the call returns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from pymilvus.grpc_gen import common_pb2, milvus_pb2

from ...client.milvus_client import MilvusClient
from ...results import LoadState
from ..messages.status import SUCCESS
from ..protocol import Message

_STATES: Final = {
    LoadState.NotExist: common_pb2.LoadState.LoadStateNotExist,
    LoadState.NotLoad: common_pb2.LoadState.LoadStateNotLoad,
    LoadState.Loading: common_pb2.LoadState.LoadStateLoading,
    LoadState.Loaded: common_pb2.LoadState.LoadStateLoaded,
}


def _load(client: MilvusClient, request: Any) -> Message:
    if request.refresh:
        client.refresh_load(request.collection_name)
    else:
        client.load_collection(request.collection_name)
    return SUCCESS


def _release(client: MilvusClient, request: Any) -> Message:
    client.release_collection(request.collection_name)
    return SUCCESS


def _load_partitions(client: MilvusClient, request: Any) -> Message:
    client.load_partitions(request.collection_name, list(request.partition_names))
    return SUCCESS


def _release_partitions(client: MilvusClient, request: Any) -> Message:
    client.release_partitions(request.collection_name, list(request.partition_names))
    return SUCCESS


def _state_of(client: MilvusClient, name: str, partitions: Sequence[str]) -> LoadState:
    """Loaded if each of ``partitions`` is, or the collection where none are named."""
    states = [client.get_load_state(name, partition)["state"] for partition in partitions or [""]]
    return next((state for state in states if state is not LoadState.Loaded), LoadState.Loaded)


def _state(client: MilvusClient, request: Any) -> Message:
    state = _state_of(client, request.collection_name, request.partition_names)
    return milvus_pb2.GetLoadStateResponse(state=_STATES[state])


def _progress(client: MilvusClient, request: Any) -> Message:
    client.describe_collection(request.collection_name)  # which raises, where the state would be NotExist
    state = _state_of(client, request.collection_name, request.partition_names)
    progress = 100 if state is LoadState.Loaded else 0
    return milvus_pb2.GetLoadingProgressResponse(progress=progress, refresh_progress=progress)


CALLS: Final = {
    "LoadCollection": _load,
    "ReleaseCollection": _release,
    "LoadPartitions": _load_partitions,
    "ReleasePartitions": _release_partitions,
    "GetLoadState": _state,
    "GetLoadingProgress": _progress,
}
