"""Selects the rows of a request: the view to read them from, and the slots of it that match."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ..columns.column import BoolArray
from ..columns.masks import Mask
from ..columns.snapshot_cache import SnapshotCache
from ..columns.snapshot_caches import MAX_SUBSET_VALUES, SnapshotCaches
from ..columns.view import View
from ..errors import ParamError
from ..indexes.scalar_types import has_sql_index
from ..schema.model import Schema
from ..schema.properties import ISOLATION, as_flag
from ..storage.catalog import CollectionRecord
from ..storage.partitions import loaded_partitions, partition_id
from ..storage.row_reader import RowSubset
from ..storage.store import CollectionReader
from .scope import Scope
from .tenants import partition_key, stored_tenant

if TYPE_CHECKING:
    from ..filters import ElementFilter, Filter
    from ..filters.binding.context import NumberPaths


@dataclass(frozen=True, slots=True)
class Selection:
    """``rows``: the slots of ``view`` that are selected, None for all.

    ``population``: the slots whose statistics rank full text, None for all live rows.
    """

    view: View
    rows: Mask | None
    population: Mask | None = None

    @property
    def mask(self) -> BoolArray | None:
        """(n,) bool over the slots of the view, None when all are selected."""
        return None if self.rows is None else self.rows.flags

    @property
    def slots(self) -> npt.NDArray[np.int64]:
        """The selected slots, ascending."""
        return np.arange(self.view.count) if self.rows is None else self.rows.slots

    @property
    def count(self) -> int:
        return self.view.count if self.rows is None else self.rows.count

    def only(self, mask: BoolArray) -> Selection:
        """The selected rows that are also in ``mask``, (n,) bool."""
        return Selection(self.view, Mask(_both(self.mask, mask)), self.population)


class _Referable:
    """Base of classes with weak references."""

    __slots__ = ("__weakref__",)


@dataclass(frozen=True, slots=True, eq=False)
class BoundScope(_Referable):
    """A scope, bound to one definition of the collection: compiled once, applied at any position.

    Snapshots cache its mask by a weak reference, so that they keep no large filter alive.

    ``condition``: None for every row. ``partitions``: ids, None for all of them. ``tenants``: the values of the
    partition key that the condition demands, None if any will do; ``subsets``: those of other fields that may have
    an SQL index. ``tenant_condition``: the scope's tenant as a condition, None for no tenant.
    """

    condition: Filter | None
    partitions: tuple[int, ...] | None
    tenants: RowSubset | None
    subsets: tuple[RowSubset, ...]
    tenant_condition: Filter | None

    @classmethod
    def of(cls, record: CollectionRecord, scope: Scope, *, only_loaded: bool) -> BoundScope:
        """Bind ``scope`` to the definition ``record``.
        Args:
            only_loaded: whether rows must be loaded, as for reads; False for changes.

        Raises:
            FilterError: the scope's filter does not parse or does not fit the schema.
            PartitionNotExistException: it names a partition that does not exist.
            CollectionNotLoadedException: the collection, or a partition that it names, is not loaded.
            ParamError: the partition key cannot have its tenant as a value.
        """
        names = loaded_partitions(record, scope.partitions) if only_loaded else scope.partitions
        tenant_condition = _tenants_condition(record, scope)
        condition = _condition(record, scope, tenant_condition)
        return cls(
            condition=condition,
            partitions=None if names is None else tuple(partition_id(record, name) for name in names),
            tenants=_tenants(record.schema, condition),
            subsets=tuple(_subsets(record, condition)),
            tenant_condition=tenant_condition,
        )

    def select(self, caches: SnapshotCaches, reader: CollectionReader) -> Selection:
        """The live rows, as ``reader`` sees the collection.

        Raises:
            SnapshotMoved: another thread has caught up further than this transaction sees.
        """
        return self.select_in(caches.of_subsets(reader, self.tenants, self.subsets), reader)

    def select_in(self, cache: SnapshotCache, reader: CollectionReader) -> Selection:
        """The same among the rows of ``cache``."""
        view = View.of(cache, reader)
        if self.condition is None and self.partitions is None:
            return Selection(view, view.alive())
        rows = view.cached_mask(self, self._mask)
        if self.condition is not None and self.condition.sample is not None:
            rows = Mask(self.condition.sampled(rows.flags))
        return Selection(view, rows)

    def select_by_text(self, caches: SnapshotCaches, reader: CollectionReader) -> Selection:
        """``select`` for a ranking by statistics: those of all rows, but for a bound tenant those of its own rows.

        Otherwise a tenant would see in the scores how many rows of others have a term.
        """
        if self.tenant_condition is None:
            return self.select_in(caches.whole, reader)
        chosen = self.select(caches, reader)
        if not chosen.view.is_whole:
            return chosen
        return replace(chosen, population=chosen.view.cached_mask(self, self._own_mask, "tenant"))

    @property
    def elements(self) -> ElementFilter | None:
        """What the condition says of the elements that a query finds one by one; None where it finds rows.

        Raises:
            FilterError: it is about several arrays, or joined to the rest by other words than 'and'.
        """
        return None if self.condition is None else self.condition.elements

    @property
    def is_sample(self) -> bool:
        """Whether it selects some of the rows that match, by chance."""
        return self.condition is not None and self.condition.sample is not None

    def matches(self, view: View) -> Mask:
        """The slots of ``view`` that are live and match, before sampling."""
        return view.cached_mask(self, self._mask)

    def _own_mask(self, view: View) -> BoolArray:
        """(n,) bool over the slots of ``view``: all live rows of the scope's tenant."""
        assert self.tenant_condition is not None
        return _both(view.snapshot.alive, self.tenant_condition.mask(view))

    def _mask(self, view: View) -> BoolArray:
        """(n,) bool over the slots of ``view``: live rows that match, before sampling."""
        mask = view.snapshot.alive
        if self.partitions is not None:
            mask = _both(mask, np.isin(view.partitions().values, self.partitions))
        if self.condition is not None:
            mask = _both(mask, self.condition.mask(view))
        assert mask is not None, "there is a partition or a condition"
        return mask


def check_isolation(record: CollectionRecord, bound: BoundScope, scope: Scope) -> None:
    """Raise ``ParamError`` if the collection demands that a search names one tenant, and ``scope`` does not."""
    key = record.schema.partition_key
    if key is None or scope.tenant is not None or not as_flag(record.properties.get(ISOLATION)):
        return
    if bound.tenants is None or len(bound.tenants.values) != 1:
        raise ParamError(
            message=f"collection '{record.name}' has {ISOLATION}: expected a filter that names one value of the "
            f"partition key, such as '{key.name} == ...', got {scope.expression!r:.80}"
        )


def _tenants_condition(record: CollectionRecord, scope: Scope) -> Filter | None:
    """The condition that a row belongs to the scope's tenant, None without a tenant."""
    if scope.tenant is None:
        return None
    # Imported with the first filter: a quarter of what importing the whole engine takes.
    from ..filters import equals

    return equals(partition_key(record), stored_tenant(record, scope.tenant))


def _condition(record: CollectionRecord, scope: Scope, tenant_condition: Filter | None) -> Filter | None:
    if scope.expression is None:
        return tenant_condition
    from ..filters import compile_filter

    zone = scope.clock.zone(record.in_force)
    condition = compile_filter(scope.expression, record.schema, scope.params, zone, _number_paths(record))
    return condition if tenant_condition is None else tenant_condition & condition


def _number_paths(record: CollectionRecord) -> NumberPaths:
    """The JSON paths at which texts of numbers count as numbers, since an index casts them."""
    casting = [index for index in record.indexes if "json_cast_function" in index.parameters]
    if not casting:
        return frozenset()
    from ..filters.paths import resolve_path

    paths = [index.parameters.get("json_path") or index.field for index in casting]
    found = [resolve_path(path, record.schema) for path in paths]
    return frozenset((path.field_name, path.path) for path in found)


def _tenants(schema: Schema, condition: Filter | None) -> RowSubset | None:
    """The part of the collection to which the condition confines a request by the partition key."""
    key = schema.partition_key
    values = None if condition is None or key is None else condition.required_values(key.name)
    return None if values is None or key is None else RowSubset(key.name, tuple(sorted(values)))


def _subsets(record: CollectionRecord, condition: Filter | None) -> Iterator[RowSubset]:
    """Parts to which the condition confines a request by other fields that may have an SQL index."""
    if condition is None:
        return
    for index in record.indexes:
        field = record.schema.by_name.get(index.field)
        if field is not None and has_sql_index(field, index.type):
            values = condition.required_values(field.name)
            if values is not None and len(values) <= MAX_SUBSET_VALUES:
                yield RowSubset(field.name, tuple(sorted(values)))


def _both(mask: BoolArray | None, other: BoolArray) -> BoolArray:
    return other if mask is None else mask & other
