"""Which rows a request is about: the view to read them from, and the slots of it that count."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ..columns.column import BoolArray
from ..columns.histories import Histories
from ..columns.snapshot import History, View
from ..errors import CollectionNotLoadedException, ParamError, PartitionNotExistException
from ..indexes.scalar_types import has_sql_index
from ..properties import ISOLATION, as_flag
from ..schema import Schema
from ..storage.catalog import CollectionRecord, Position
from ..storage.reading import Reading
from .request import Scope

if TYPE_CHECKING:
    from ..filters import Filter


@dataclass(frozen=True, slots=True)
class Selection:
    """``mask``: (n,) bool over the slots of ``view``, None when every slot counts."""

    view: View
    mask: BoolArray | None

    @property
    def slots(self) -> npt.NDArray[np.int64]:
        """The slots that count, ascending."""
        return np.arange(self.view.count) if self.mask is None else np.flatnonzero(self.mask)

    @property
    def count(self) -> int:
        return self.view.count if self.mask is None else int(np.count_nonzero(self.mask))

    def only(self, mask: BoolArray) -> Selection:
        """The selection of those rows that ``mask``, (n,) bool, shows as well."""
        return Selection(self.view, _both(self.mask, mask))


def select(
    record: CollectionRecord,
    histories: Histories,
    reading: Reading,
    position: Position,
    scope: Scope,
) -> Selection | None:
    """The live rows in ``scope`` at ``position``, which is where ``reading`` sees the collection.

    None when another thread has caught up further than this transaction sees: begin a new one.

    Raises:
        FilterError: the scope's filter does not parse or does not fit the schema.
        PartitionNotExistException: it names a partition that does not exist.
    """
    condition = _condition(record, scope)
    if _ranks_by_corpus(record.schema, scope):
        history = histories.whole
    else:
        history = _history(record, histories, reading, condition)
    view = history.view(reading, position)
    if view is None:
        return None
    mask = view.snapshot.alive
    if scope.partitions is not None:
        ids = partition_ids(record, scope.partitions)
        mask = _both(mask, np.isin(view.partitions().values, list(ids)))
    if condition is not None:
        mask = condition.sampled(_both(mask, condition.mask(view)))
    return Selection(view, mask)


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


def check_isolation(record: CollectionRecord, scope: Scope) -> None:
    """Raise ``ParamError`` if the collection demands that a search names one tenant, and the filter does not."""
    key = record.schema.partition_key
    if key is None or not as_flag(record.properties.get(ISOLATION)):
        return
    condition = _condition(record, scope)
    tenants = None if condition is None else condition.required_values(key.name)
    if tenants is None or len(set(tenants)) != 1:
        raise ParamError(
            message=f"collection '{record.name}' has {ISOLATION}: expected a filter that names one value of the "
            f"partition key, such as '{key.name} == ...', got {scope.expression!r:.80}"
        )


def _condition(record: CollectionRecord, scope: Scope) -> Filter | None:
    if scope.expression is None and scope.tenant is None:
        return None
    # Imported with the first filter: a quarter of what importing the whole engine takes.
    from ..filters import compile_filter, equals

    key = record.schema.partition_key
    confined = None if scope.tenant is None or key is None else equals(key, scope.tenant)
    if scope.expression is None:
        return confined
    condition = compile_filter(
        scope.expression, record.schema, scope.params, scope.clock.zone(record.in_force)
    )
    return condition if confined is None else confined & condition


def _ranks_by_corpus(schema: Schema, scope: Scope) -> bool:
    """Whether the rows are to be ranked by statistics of all rows, so that no view of a part will do."""
    return scope.ranked_by is not None and any(
        one.is_function_output and scope.ranked_by in (one.name, "") for one in schema.vectors
    )


def _history(
    record: CollectionRecord, histories: Histories, reading: Reading, condition: Filter | None
) -> History:
    """The rows to look at: all, or a part that the filter confines the request to."""
    if condition is None:
        return histories.whole
    indexed = (
        one
        for index in record.indexes
        if (one := record.schema.by_name.get(index.field)) is not None and has_sql_index(one, index.type)
    )
    return histories.of_demands(reading, condition.required_values, indexed)


def _both(mask: BoolArray | None, other: BoolArray) -> BoolArray:
    return other if mask is None else mask & other
