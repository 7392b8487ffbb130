"""Calls about partitions: named shares of a collection's rows."""

from __future__ import annotations

from typing import Any

from ..options import check_options
from .connection import Connection


class PartitionCalls(Connection):
    def create_partition(
        self, collection_name: str, partition_name: str, timeout: float | None = None, **kwargs: Any
    ) -> None:
        """Add a partition, for rows that ``insert`` puts there by ``partition_name``."""
        check_options("create_partition", kwargs)
        self._database.collection(collection_name).create_partition(partition_name)

    def drop_partition(
        self, collection_name: str, partition_name: str, timeout: float | None = None, **kwargs: Any
    ) -> None:
        """Remove a partition and its rows."""
        check_options("drop_partition", kwargs)
        self._database.collection(collection_name).drop_partition(partition_name)

    def has_partition(
        self, collection_name: str, partition_name: str, timeout: float | None = None, **kwargs: Any
    ) -> bool:
        """Whether the collection has a partition of this name."""
        check_options("has_partition", kwargs)
        return partition_name in self._database.collection(collection_name).describe().partitions

    def list_partitions(self, collection_name: str, timeout: float | None = None, **kwargs: Any) -> list[str]:
        """Names of the partitions, oldest first."""
        check_options("list_partitions", kwargs)
        return list(self._database.collection(collection_name).describe().partitions)

    def get_partition_stats(
        self, collection_name: str, partition_name: str, timeout: float | None = None, **kwargs: Any
    ) -> dict[str, int]:
        """``{"row_count": n}``, exact at every moment."""
        check_options("get_partition_stats", kwargs)
        return {"row_count": self._database.collection(collection_name).count_partition(partition_name)}
