"""Which rows a request is about: the view to read them from, and the slots of it that count."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ..columns.column import BoolArray
from ..columns.masks import Mask
from ..columns.snapshot_cache import SnapshotCache
from ..columns.snapshot_caches import MAX_PART_VALUES, SnapshotCaches
from ..columns.view import View
from ..errors import ParamError
from ..indexes.scalar_types import has_sql_index
from ..schema.model import Schema
from ..schema.properties import ISOLATION, as_flag
from ..storage.catalog import CollectionRecord
from ..storage.partitions import loaded_partitions, partition_id
from ..storage.row_reader import RowSubset
from ..storage.store import CollectionReader
from .request import Scope
from .tenants import partition_key, stored_tenant

if TYPE_CHECKING:
    from ..filters import Filter


@dataclass(frozen=True, slots=True)
class Selection:
    """``rows``: which slots of ``view`` count, None when every slot does.

    ``population``: the slots whose statistics rank full text, None when they are those of all live rows.
    """

    view: View
    rows: Mask | None
    population: Mask | None = None

    @property
    def mask(self) -> BoolArray | None:
        """(n,) bool over the slots of the view, None when every slot counts."""
        return None if self.rows is None else self.rows.flags

    @property
    def slots(self) -> npt.NDArray[np.int64]:
        """The slots that count, ascending."""
        return np.arange(self.view.count) if self.rows is None else self.rows.slots

    @property
    def count(self) -> int:
        return self.view.count if self.rows is None else self.rows.count

    def only(self, mask: BoolArray) -> Selection:
        """The selection of those rows that ``mask``, (n,) bool, shows as well."""
        return Selection(self.view, Mask(_both(self.mask, mask)), self.population)


@dataclass(frozen=True, slots=True, eq=False)
class BoundScope:
    """A scope as one definition of the collection means it: worked out once, asked at any position.

    ``condition``: None for every row. ``partitions``: ids, None for all of them. ``tenants``: the values of the
    partition key that the condition demands, None if any will do; ``parts``: those of other fields that may have
    an SQL index. ``confined``: the scope's tenant as a condition, None for no tenant.
    """

    condition: Filter | None
    partitions: tuple[int, ...] | None
    tenants: RowSubset | None
    parts: tuple[RowSubset, ...]
    confined: Filter | None

    @classmethod
    def of(cls, record: CollectionRecord, scope: Scope, *, only_loaded: bool) -> BoundScope:
        """What ``scope`` means.

        Args:
            only_loaded: rows that are not loaded are none to read; False for who changes them.

        Raises:
            FilterError: the scope's filter does not parse or does not fit the schema.
            PartitionNotExistException: it names a partition that does not exist.
            CollectionNotLoadedException: it asks for what is not loaded.
            ParamError: its tenant is none that the partition key could have.
        """
        names = loaded_partitions(record, scope.partitions) if only_loaded else scope.partitions
        confined = _tenants_condition(record, scope)
        condition = _condition(record, scope, confined)
        return cls(
            condition=condition,
            partitions=None if names is None else tuple(partition_id(record, name) for name in names),
            tenants=_tenants(record.schema, condition),
            parts=tuple(_parts(record, condition)),
            confined=confined,
        )

    def select(self, snapshot_caches: SnapshotCaches, reader: CollectionReader) -> Selection:
        """The live rows, as ``reader`` sees the collection.

        Raises:
            SnapshotMoved: another thread has caught up further than this transaction sees.
        """
        return self.select_in(snapshot_caches.of_parts(reader, self.tenants, self.parts), reader)

    def select_in(self, snapshot_cache: SnapshotCache, reader: CollectionReader) -> Selection:
        """The same among the rows of ``snapshot_cache``."""
        view = View.of(snapshot_cache, reader)
        if self.condition is None and self.partitions is None:
            return Selection(view, view.alive())
        rows = view.remembered_mask(self, self._mask)
        if self.condition is not None and self.condition.sample is not None:
            rows = Mask(self.condition.sampled(rows.flags))
        return Selection(view, rows)

    def select_by_text(self, snapshot_caches: SnapshotCaches, reader: CollectionReader) -> Selection:
        """``select`` for who ranks by statistics: those of all rows, but for a bound tenant those of its own.

        A tenant would otherwise see in the scores how many rows of others have a term.
        """
        if self.confined is None:
            return self.select_in(snapshot_caches.whole, reader)
        chosen = self.select(snapshot_caches, reader)
        if not chosen.view.is_whole:
            return chosen
        return replace(chosen, population=chosen.view.remembered_mask((self, "tenant"), self._own_mask))

    def _own_mask(self, view: View) -> BoolArray:
        """(n,) bool over the slots of ``view``: live rows of the scope's tenant, whatever else is asked for."""
        assert self.confined is not None
        return _both(view.snapshot.alive, self.confined.mask(view))

    def _mask(self, view: View) -> BoolArray:
        """(n,) bool over the slots of ``view``: rows that live and match, before any sample is taken of them."""
        mask = view.snapshot.alive
        if self.partitions is not None:
            mask = _both(mask, np.isin(view.partitions().values, self.partitions))
        if self.condition is not None:
            mask = _both(mask, self.condition.mask(view))
        assert mask is not None, "there is a partition or a condition"
        return mask


def check_isolation(record: CollectionRecord, choice: BoundScope, scope: Scope) -> None:
    """Raise ``ParamError`` if the collection demands that a search names one tenant, and ``scope`` does not."""
    key = record.schema.partition_key
    if key is None or scope.tenant is not None or not as_flag(record.properties.get(ISOLATION)):
        return
    if choice.tenants is None or len(choice.tenants.values) != 1:
        raise ParamError(
            message=f"collection '{record.name}' has {ISOLATION}: expected a filter that names one value of the "
            f"partition key, such as '{key.name} == ...', got {scope.expression!r:.80}"
        )


def _tenants_condition(record: CollectionRecord, scope: Scope) -> Filter | None:
    """That a row is of the scope's tenant, None if the scope has none."""
    if scope.tenant is None:
        return None
    # Imported with the first filter: a quarter of what importing the whole engine takes.
    from ..filters import equals

    return equals(partition_key(record), stored_tenant(record, scope.tenant))


def _condition(record: CollectionRecord, scope: Scope, confined: Filter | None) -> Filter | None:
    if scope.expression is None:
        return confined
    from ..filters import compile_filter

    condition = compile_filter(
        scope.expression, record.schema, scope.params, scope.clock.zone(record.in_force)
    )
    return condition if confined is None else confined & condition


def _tenants(schema: Schema, condition: Filter | None) -> RowSubset | None:
    """The part of the collection that the condition confines a request to by the partition key."""
    key = schema.partition_key
    values = None if condition is None or key is None else condition.required_values(key.name)
    return None if values is None or key is None else RowSubset(key.name, tuple(sorted(values)))


def _parts(record: CollectionRecord, condition: Filter | None) -> Iterator[RowSubset]:
    """Parts that the condition confines a request to by other fields, where they may have an SQL index."""
    if condition is None:
        return
    for index in record.indexes:
        one = record.schema.by_name.get(index.field)
        if one is not None and has_sql_index(one, index.type):
            values = condition.required_values(one.name)
            if values is not None and len(values) <= MAX_PART_VALUES:
                yield RowSubset(one.name, tuple(sorted(values)))


def _both(mask: BoolArray | None, other: BoolArray) -> BoolArray:
    return other if mask is None else mask & other
