"""What a Milvus server would need for the same rows: the rules of Milvus's own sizing tool, for Milvus 2.6.

They are those of https://milvus.io/tools/sizing as published in ``SOURCE``. GB there are 2**30 bytes. The tool
knows float32 vectors; of others we take the bytes that they have.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from milvus_store_lite import DataType, Workload

TOOL: Final = "https://milvus.io/tools/sizing"
SOURCE: Final = "https://github.com/milvus-io/milvus.io/blob/06a9d68628037129cda09ae4323f267744756ce1/src/utils/sizingTool.ts"

_GB: Final = 2**30
_SEGMENTS: Final = 2 * _GB
"""Two growing segments of 1 GB, the tool's default."""
_RESERVE: Final = 1.15
_BYTES: Final = {
    DataType.FLOAT_VECTOR: 4.0,
    DataType.FLOAT16_VECTOR: 2.0,
    DataType.BFLOAT16_VECTOR: 2.0,
    DataType.INT8_VECTOR: 1.0,
    DataType.BINARY_VECTOR: 0.125,
    DataType.SPARSE_FLOAT_VECTOR: 8.0,
}
"""Bytes of each dimension; of a sparse vector, of each value."""
_CLUSTER_FROM: Final = {"DISKANN": 50_000_000 * 768 * 4}
_OTHERS_FROM: Final = 10_000_000 * 768 * 4
"""Bytes of raw vectors and scalars from which the tool proposes a cluster."""
_LARGE: Final = 100_000_000 * 768 * 4
_M, _LISTS = 30, 128
_SCALAR: Final = 8


@dataclass(frozen=True, slots=True)
class Nodes:
    """``count`` machines or containers of a kind, each with so many ``cores``, GB of ``memory`` and of
    ``disk``."""

    kind: str
    count: int
    cores: float
    memory: int
    disk: int = 0


@dataclass(frozen=True, slots=True)
class MilvusNeeds:
    """``is_cluster``: whether it is a cluster rather than one server. ``loading``: bytes of memory that the
    loaded collection takes, ``raw``: of its vectors and scalars. ``cores`` and GB of ``memory`` are of all nodes.
    """

    is_cluster: bool
    raw: int
    loading: int
    nodes: tuple[Nodes, ...]
    cores: float
    memory: int


def milvus_needs(workload: Workload, *, is_cluster: bool | None = None) -> MilvusNeeds:
    """What Milvus needs for ``workload``; as a cluster or one server, None for what the tool proposes."""
    vectors = workload.rows * workload.dim * _BYTES[workload.vector]
    scalars = workload.rows * (workload.text + _SCALAR * (1 + workload.scalars))
    raw = int(vectors + scalars)
    loading = int(_loaded(workload, vectors) + scalars)
    if is_cluster is None:
        is_cluster = raw >= _CLUSTER_FROM.get(workload.index.upper(), _OTHERS_FROM)
    nodes = _cluster(raw, loading) if is_cluster else _standalone(raw, loading)
    cores = sum(each.count * each.cores for each in nodes)
    memory = sum(each.count * each.memory for each in nodes)
    return MilvusNeeds(is_cluster, raw, loading, nodes, cores, memory)


def _loaded(workload: Workload, vectors: float) -> float:
    """Bytes of memory of the vectors and their index."""
    kind = workload.index.upper()
    if kind in ("DISKANN", "AISAQ"):
        return vectors / 4 * _RESERVE
    rows, width = workload.rows, vectors / workload.rows
    lists = int(workload.parameters.get("nlist", _LISTS)) * width
    if kind == "IVF_FLAT":
        index = vectors + lists
    elif kind == "IVF_SQ8":
        index = vectors / 4 + lists
    elif kind == "IVF_RABITQ":
        index = vectors / 32 + lists
    elif kind == "SCANN":
        index = 9 / 8 * vectors
    elif kind == "HNSW" or (kind == "AUTOINDEX" and workload.vector is not DataType.SPARSE_FLOAT_VECTOR):
        # Milvus makes an AUTOINDEX of dense vectors an HNSW.
        index = vectors + 8 * int(workload.parameters.get("M", _M)) * rows
    else:
        index = vectors
    return (index + _SEGMENTS) * _RESERVE


def _standalone(raw: int, loading: int) -> tuple[Nodes, ...]:
    need = loading / _GB
    memory = 8 if need <= 8 else 16 if need <= 16 else 32 * math.ceil(need / 32)
    is_small = raw < 1_000_000 * 768 * 4
    return (
        Nodes("standalone", 1, memory / 4, memory),
        Nodes("etcd", 1, 0.5, 1 if is_small else 2, 10),
        Nodes("MinIO", 1, 1, 4 if is_small else 8, _object_storage(raw, loading)),
    )


def _cluster(raw: int, loading: int) -> tuple[Nodes, ...]:
    need = loading / _GB
    query = _query_nodes(need)
    size = 4 if need < 8 else 8 if need < 96 else 32
    cores = size // 4
    if need < 96:
        data = Nodes(
            "data node", 1 if need < 16 else 2 if need < 64 else 4, *((2, 8) if need < 8 else (4, 16))
        )
    else:
        data = Nodes("data node", 8, 8, 16)
    is_large = raw >= _LARGE
    log = max(math.ceil(raw / _GB), 20)
    return (
        query,
        Nodes("proxy", 1, cores, size),
        Nodes("coordinator", 1, cores, size),
        data,
        _streaming_nodes(query.count * query.cores),
        Nodes("etcd", 3, 1, 8 if is_large else 4, 50 if is_large else 20),
        Nodes("MinIO", 4, 1, 8, _object_storage(raw, loading)),
        Nodes("Kafka broker", 3, *((4, 16) if is_large else (2, 8)), log),
        Nodes("ZooKeeper", 3, 0.5, 4 if is_large else 2, 50 if is_large else 30),
    )


def _query_nodes(need: float) -> Nodes:
    """Query nodes that hold ``need`` GB."""
    if need < 8:
        return Nodes("query node", 1, 2, 8)
    if need < 96:
        return Nodes("query node", int(need // 16) + 1, 4, 16)
    cores = 8 if need < 512 else 16 if need < 2048 else 32
    return Nodes("query node", math.ceil(need / (4 * cores)), cores, 4 * cores)


def _streaming_nodes(query_cores: float) -> Nodes:
    units = math.ceil(query_cores / 16)
    if units <= 1:
        return Nodes("streaming node", 1, 2, 8)
    if units <= 4:
        return Nodes("streaming node", 1 if units == 2 else 2, 4, 16)
    return Nodes("streaming node", 2 if units <= 8 else math.ceil(units / 4), 8, 32)


def _object_storage(raw: int, loading: int) -> int:
    """GB of disk of each node of the object storage."""
    return max(math.ceil((raw + loading) / _GB), 30)
