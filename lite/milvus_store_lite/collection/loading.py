"""Which partitions of a collection may be read: whether they may be loaded, and the change itself."""

from __future__ import annotations

from collections.abc import Iterable

from ..errors import IndexNotExistException
from ..storage.catalog import Catalog, CollectionRecord


def set_loaded(catalog: Catalog, record: CollectionRecord, partitions: Iterable[int]) -> None:
    """Load the partitions with these ids and release the others.

    Raises:
        IndexNotExistException: a vector field has no index, so that nothing can be loaded.
    """
    wanted = frozenset(partitions)
    if wanted:
        for field in record.schema.vectors:
            if record.index_of(field.name) is None:
                raise IndexNotExistException(
                    message=f"vector field '{field.name}' of collection '{record.name}' has no index: "
                    f"call create_index before load_collection"
                )
    if record.loaded_partitions != wanted:
        catalog.set_loaded(record.id, wanted)
