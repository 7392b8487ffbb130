"""Calls about partitions: named shares of a collection's rows."""

from __future__ import annotations

from typing import Any

from milvus_store_lite import DataTypeNotMatchException

from .calls import Calls, call
from .rows import as_partitions


class PartitionCalls(Calls):
    @call
    def create_partition(
        self, collection_name: str, partition_name: str, timeout: float | None = None, **kwargs: Any
    ) -> None:
        """Add a partition, for rows that ``insert`` puts there by ``partition_name``."""
        self._database.collection(collection_name).create_partition(partition_name)

    @call
    def drop_partition(
        self, collection_name: str, partition_name: str, timeout: float | None = None, **kwargs: Any
    ) -> None:
        """Remove a partition and its rows."""
        self._database.collection(collection_name).drop_partition(partition_name)

    @call
    def has_partition(
        self, collection_name: str, partition_name: str, timeout: float | None = None, **kwargs: Any
    ) -> bool:
        """Whether the collection has a partition of this name."""
        return partition_name in self._database.collection(collection_name).describe().partitions

    @call
    def list_partitions(self, collection_name: str, timeout: float | None = None, **kwargs: Any) -> list[str]:
        """Names of the partitions, oldest first."""
        return list(self._database.collection(collection_name).describe().partitions)

    @call
    def load_partitions(
        self,
        collection_name: str,
        partition_names: str | list[str],
        timeout: float | None = None,
        **kwargs: Any,
    ) -> None:
        """Make partitions readable, beside those that are loaded already.

        While others are not loaded, reading the collection reads the loaded ones, and naming another is an error.
        """
        self._database.collection(collection_name).load(_as_names(partition_names))

    @call
    def release_partitions(
        self,
        collection_name: str,
        partition_names: str | list[str],
        timeout: float | None = None,
        **kwargs: Any,
    ) -> None:
        """Stop partitions from being read, in every process, until they are loaded again."""
        self._database.collection(collection_name).release(_as_names(partition_names))

    @call
    def get_partition_stats(
        self, collection_name: str, partition_name: str, timeout: float | None = None, **kwargs: Any
    ) -> dict[str, int]:
        """``{"row_count": n}``, exact at every moment."""
        return {"row_count": self._database.collection(collection_name).count_partition(partition_name)}


def _as_names(partition_names: object) -> list[str]:
    names = as_partitions(partition_names)
    if not names:
        raise DataTypeNotMatchException(
            message=f"partition_names must be a name or a list of names, got {partition_names!r:.80}"
        )
    return names
