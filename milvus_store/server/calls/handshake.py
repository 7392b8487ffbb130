"""What a client asks before anything else: who is there, and what time it is."""

from __future__ import annotations

import itertools
import time
from typing import Any, Final

from pymilvus.grpc_gen import common_pb2, milvus_pb2

from ...client.milvus_client import MilvusClient
from ...version import BUILD, __version__
from ..protocol import Message

_LOGICAL_BITS: Final = 18
"""Milvus's timestamps: milliseconds, and so many bits that count within one."""

_numbers = itertools.count(1)


def timestamp() -> int:
    """The time as Milvus writes it."""
    return time.time_ns() // 1_000_000 << _LOGICAL_BITS


def _connect(client: MilvusClient, request: Any) -> Message:
    info = common_pb2.ServerInfo(build_tags=BUILD, deploy_mode="EMBEDDED")
    return milvus_pb2.ConnectResponse(server_info=info, identifier=next(_numbers))


def _get_version(client: MilvusClient, request: Any) -> Message:
    return milvus_pb2.GetVersionResponse(version=__version__)


def _alloc_timestamp(client: MilvusClient, request: Any) -> Message:
    return milvus_pb2.AllocTimestampResponse(timestamp=timestamp())


def _check_health(client: MilvusClient, request: Any) -> Message:
    client.list_databases()  # whether the file can be read
    return milvus_pb2.CheckHealthResponse(isHealthy=True)


CALLS: Final = {
    "Connect": _connect,
    "GetVersion": _get_version,
    "AllocTimestamp": _alloc_timestamp,
    "CheckHealth": _check_health,
}
