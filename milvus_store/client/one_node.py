"""Calls about nodes, segments and jobs: a file answers as a Milvus of one node, with one segment a partition."""

from __future__ import annotations

import socket
from collections.abc import Collection as AnyCollection
from collections.abc import Sequence
from typing import Any, Final

from milvus_store_lite import CollectionRecord, DataTypeNotMatchException, ParamError

from ..one_node import (
    DEFAULT_RESOURCE_GROUP,
    NODE_ID,
    CompactionPlans,
    LoadedSegmentInfo,
    NodeInfo,
    OptimizeResult,
    OptimizeTask,
    ReplicaInfo,
    ResourceGroupInfo,
    SegmentInfo,
    SegmentState,
    Shard,
)
from ..options import options
from .calls import Calls, call, call_taking

_STAGES: Final = ["initializing", "compacting", "waiting for index rebuild"]
_JOB_OPTIONS: Final = options("db_name")
_RETAINED: Final = frozenset(SegmentState) - {SegmentState.SegmentStateNone, SegmentState.NotExist}


class OneNodeCalls(Calls):
    @call
    def list_segments(
        self,
        collection_name: str,
        states: Sequence[int] | None = None,
        timeout: float | None = None,
        **kwargs: Any,
    ) -> list[SegmentInfo]:
        """The segments of a collection: in a file, one for each partition that has rows, which is flushed.

        Args:
            states: numbers of the states that segments may have; by default, of all that hold rows.
        """
        return self._segments(collection_name, _RETAINED if states is None else _checked(states))

    @call
    def list_persistent_segments(
        self,
        collection_name: str,
        timeout: float | None = None,
        states: Sequence[int] | None = None,
        **kwargs: Any,
    ) -> list[SegmentInfo]:
        """The same as ``list_segments``: every segment of a file is on disk."""
        return self._segments(collection_name, _RETAINED if states is None else _checked(states))

    @call
    def list_loaded_segments(
        self, collection_name: str, timeout: float | None = None, **kwargs: Any
    ) -> list[LoadedSegmentInfo]:
        """Those segments of a collection whose partitions are loaded."""
        record = self._database.collection(collection_name).describe()
        index = next((index.name for index in record.indexes if index.metric), "")
        return [
            LoadedSegmentInfo(
                segment.segment_id,
                segment.collection_id,
                segment.collection_name,
                segment.num_rows,
                partition_id=segment.partition_id,
                index_name=index,
            )
            for segment in self._segments(collection_name, {SegmentState.Flushed})
            if segment.partition_id in record.loaded_partitions
        ]

    def _segments(self, name: str, states: AnyCollection[int]) -> list[SegmentInfo]:
        collection = self._database.collection(name)
        record = collection.describe()
        if SegmentState.Flushed not in states:
            return []
        counted = [(number, collection.count_partition(one)) for one, number in record.partitions.items()]
        return [
            SegmentInfo(number, record.id, name, rows, partition_id=number)
            for number, rows in counted
            if rows
        ]

    @call
    def get_compaction_plans(
        self, job_id: int, timeout: float | None = None, **kwargs: Any
    ) -> CompactionPlans:
        """No plans, completed: on a file, ``compact`` returns when it is done."""
        return CompactionPlans(job_id)

    @call
    def list_compaction_tasks(
        self, collection_name: str, timeout: float | None = None, **kwargs: Any
    ) -> CompactionPlans:
        """No plans, completed: on a file, no compaction is under way when a call returned."""
        self._database.collection(collection_name).describe()
        return CompactionPlans(0, collection_name=collection_name)

    @call
    def optimize(
        self,
        collection_name: str,
        target_size: str | None = None,
        wait: bool = True,
        timeout: float | None = None,
        **kwargs: Any,
    ) -> Any:
        """Compact a collection, and bring the indexes on its vectors up to date.

        Args:
            target_size: how large a server makes segments; a file has none of that size.
            wait: return the result; else a task that has it. On a file the task is done when you get it.
        """
        collection = self._database.collection(collection_name)
        collection.compact()
        self._file.compact()
        record = collection.describe()
        for index in record.indexes:
            if index.metric:
                collection.build_index(index.field, wait=True)
        result = OptimizeResult("success", collection_name, record.id, target_size, list(_STAGES))
        return result if wait else OptimizeTask(result)

    @call
    def describe_replica(
        self, collection_name: str, timeout: float | None = None, **kwargs: Any
    ) -> list[ReplicaInfo]:
        """The one replica of a collection, or none while it is released."""
        record = self._database.collection(collection_name).describe()
        shards = [Shard(channel_of(record), (NODE_ID,), NODE_ID)]
        return [ReplicaInfo(record.id, shards)] if record.is_loaded else []

    @call
    def list_resource_groups(self, timeout: float | None = None, **kwargs: Any) -> list[str]:
        """The default resource group, which has the one node."""
        return [DEFAULT_RESOURCE_GROUP]

    @call
    def describe_resource_group(
        self, name: str, timeout: float | None = None, **kwargs: Any
    ) -> ResourceGroupInfo:
        """The default resource group.

        Raises:
            ParamError: another one is named; a file has none.
        """
        if name != DEFAULT_RESOURCE_GROUP:
            raise ParamError(
                code=300,
                message=f"resource group {name!r:.80} does not exist: a file has {DEFAULT_RESOURCE_GROUP!r} alone",
            )
        database = self._database
        loaded = [one for one in database.list_collections() if database.collection(one).is_loaded()]
        node = NodeInfo(NODE_ID, "localhost", socket.gethostname())
        return ResourceGroupInfo(name, dict.fromkeys(loaded, 1), [node])

    @call
    def list_file_resources(self, timeout: float | None = None, **kwargs: Any) -> list[Any]:
        """None: analyzers of a file have their word lists in their parameters."""
        return []

    @call_taking(_JOB_OPTIONS)
    def list_refresh_external_collection_jobs(
        self, collection_name: str = "", timeout: float | None = None, **kwargs: Any
    ) -> list[Any]:
        """None: a file holds its own rows.

        Args:
            db_name: the database, if not the one in use.
        """
        name = kwargs.get("db_name")
        if collection_name:
            (self._file.database(name) if name else self._database).collection(collection_name).describe()
        return []


def channel_of(record: CollectionRecord) -> str:
    """The name of the channel by which a Milvus would write to a collection."""
    return f"by-dev-rootcoord-dml_0_{record.id}v0"


def _checked(states: object) -> list[int]:
    if isinstance(states, (str, bytes)) or not isinstance(states, Sequence):
        raise DataTypeNotMatchException(
            message=f"states must be a list of numbers of segment states, got {states!r:.80}"
        )
    if not states:
        raise ParamError(message="states must not be empty: leave them out for all")
    for state in states:
        if state not in list(SegmentState) or isinstance(state, bool):
            raise ParamError(message=f"states must be numbers of segment states, got {state!r:.80}")
    return list(states)
