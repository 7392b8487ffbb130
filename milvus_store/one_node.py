"""What calls about nodes, segments and jobs return, with pymilvus's names: a file is one node, always done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Final

DEFAULT_RESOURCE_GROUP: Final = "__default_resource_group"

NODE_ID: Final = 1
"""The number of the one node."""

GROUP_CAPACITY: Final = 1_000_000
"""Nodes that Milvus's default resource group may have."""

_LEVELS: Final = ("Legacy", "L0", "L1", "L2")


class SegmentState(IntEnum):
    """Milvus's states of a segment."""

    SegmentStateNone = 0
    NotExist = 1
    Growing = 2
    Sealed = 3
    Flushed = 4
    Flushing = 5
    Dropped = 6
    Importing = 7


class State(IntEnum):
    """Milvus's states of a compaction."""

    UndefiedState = 0
    Executing = 1
    Completed = 2


@dataclass
class SegmentInfo:
    """Some rows of a collection that lie together; in a file, those of a partition."""

    segment_id: int
    collection_id: int
    collection_name: str
    num_rows: int
    is_sorted: bool = False
    state: SegmentState = SegmentState.Flushed
    level: int = 2
    storage_version: int = 0
    partition_id: int = 0
    insert_channel: str = ""
    compaction_from: list[int] = field(default_factory=list)

    @property
    def state_name(self) -> str:
        return self.state.name

    @property
    def level_name(self) -> str:
        return _LEVELS[self.level]


@dataclass
class LoadedSegmentInfo(SegmentInfo):
    """A segment that searches read. ``mem_size`` is 0: partitions share what is in memory."""

    index_name: str = ""
    index_id: int = 0
    node_ids: list[int] = field(default_factory=lambda: [NODE_ID])
    mem_size: int = 0


@dataclass
class CompactionPlans:
    """The plans of a compaction, of which a file makes none."""

    compaction_id: int
    state: State = State.Completed
    collection_name: str = ""
    plans: list[Any] = field(default_factory=list)


@dataclass(frozen=True)
class Shard:
    channel_name: str
    shard_nodes: tuple[int, ...]
    shard_leader: int


@dataclass(frozen=True)
class ReplicaInfo:
    """A copy of a loaded collection; in a file, the only one."""

    id: int
    shards: list[Shard]
    group_nodes: tuple[int, ...] = (NODE_ID,)
    resource_group: str = DEFAULT_RESOURCE_GROUP
    num_outbound_node: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class NodeInfo:
    node_id: int
    address: str
    hostname: str


@dataclass(frozen=True)
class ResourceGroupInfo:
    """Nodes under a name; in a file, the default group with the one node.

    Args:
        num_loaded_replica: collection → how many of its replicas are loaded there.
    """

    name: str
    num_loaded_replica: Mapping[str, int]
    nodes: list[NodeInfo]
    capacity: int = GROUP_CAPACITY
    num_available_node: int = 1
    num_outgoing_node: Mapping[str, int] = field(default_factory=dict)
    num_incoming_node: Mapping[str, int] = field(default_factory=dict)
    config: Mapping[str, Any] = field(
        default_factory=lambda: {"requests": {"node_num": 0}, "limits": {"node_num": GROUP_CAPACITY}}
    )


@dataclass(frozen=True)
class OptimizeResult:
    """What ``optimize`` has done.

    Args:
        compaction_id: the number of its job, as ``compact`` returns it.
        progress: its stages, in their order.
    """

    status: str
    collection_name: str
    compaction_id: int
    target_size: str | None
    progress: list[str]


class OptimizeTask:
    """An ``optimize`` that is done."""

    def __init__(self, result: OptimizeResult) -> None:
        self._result = result

    def done(self) -> bool:
        return True

    def cancelled(self) -> bool:
        return False

    def cancel(self) -> bool:
        """False: it is done."""
        return False

    def progress(self) -> str:
        """The last stage."""
        return self._result.progress[-1]

    def progress_history(self) -> list[str]:
        return list(self._result.progress)

    def result(self, timeout: float | None = None) -> OptimizeResult:
        return self._result


class AsyncOptimizeTask(OptimizeTask):
    """An ``OptimizeTask`` whose result is awaited, as in pymilvus."""

    async def result(self, timeout: float | None = None) -> OptimizeResult:  # type: ignore[override]
        return self._result
