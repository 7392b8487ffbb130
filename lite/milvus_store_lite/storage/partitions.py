"""The partitions of a collection by name: their ids, and which of them may be read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..errors import CollectionNotLoadedException, PartitionNotExistException
from .catalog import CollectionRecord


def partition_id(record: CollectionRecord, name: str) -> int:
    """The id of partition ``name``; raises PartitionNotExistException."""
    found = record.partitions.get(name)
    if found is None:
        raise PartitionNotExistException(
            message=f"partition {name!r} does not exist in collection '{record.name}', expected one of "
            f"{', '.join(record.partitions)}"
        )
    return found


def partition_ids(record: CollectionRecord, names: Iterable[str] | None) -> frozenset[int]:
    """The ids of the partitions ``names``, of all of them for None; raises PartitionNotExistException."""
    return frozenset(partition_id(record, name) for name in (record.partitions if names is None else names))


def loaded_partitions(record: CollectionRecord, asked: Sequence[str] | None) -> Sequence[str] | None:
    """The partitions to read when ``asked`` were named, None for all.

    Raises:
        CollectionNotLoadedException: the collection, or a partition that was named, is not loaded.
    """
    if not record.is_loaded:
        raise CollectionNotLoadedException(
            message=f"collection '{record.name}' is not loaded: create an index on its vector field and "
            f"call load_collection('{record.name}') first"
        )
    if not record.released:
        return asked
    if asked is None:
        return [name for name in record.partitions if name not in record.released]
    for name in asked:
        if name in record.released:
            raise CollectionNotLoadedException(
                201,
                f"partition {name!r} of collection '{record.name}' is not loaded: call "
                f"load_partitions('{record.name}', [{name!r}]) first",
            )
    return asked
