"""Calls that write and read rows: insert, upsert, delete, get, query."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np

from milvus_store_lite import (
    COLLECTION_CLOCK,
    Clock,
    DataTypeNotMatchException,
    ElementPlace,
    FoundGroups,
    FoundRows,
    ParamError,
    Scope,
)

from ..data import as_given
from ..field_ops import as_array_ops
from ..options import options
from ..results import QueryResult, WriteResult
from .calls import Calls, call, call_taking
from .memoized_arguments import MemoizedArguments
from .query_groups import COUNT, OPTIONS, PAGE, asks_for_rows, group_request, has_aggregates, query_order

if TYPE_CHECKING:
    from ..filters import Expression
    from ..tables import Table

CLOCK_OPTIONS: Final = ("timezone", "time_fields")
_DELETE_OPTIONS: Final = options("pks", "filter_params")
_UPSERT_OPTIONS: Final = options("partial_update", "field_ops")
_GET_OPTIONS: Final = options(*PAGE, *OPTIONS, *CLOCK_OPTIONS)
_QUERY_OPTIONS: Final = options("filter_params", *PAGE, *OPTIONS, *CLOCK_OPTIONS)


class RowCalls(Calls):
    @call
    def insert(
        self,
        collection_name: str,
        data: dict[str, Any] | Iterable[dict[str, Any]] | Table,
        timeout: float | None = None,
        partition_name: str | None = "",
        **kwargs: Any,
    ) -> WriteResult:
        """Add rows, all or none of them; on return they are on disk.

        Args:
            data: one row or a list of rows, each a dictionary from field name to value; also a tuple or an
                iterator of rows. Or columns: a pandas or polars DataFrame, a pyarrow Table or RecordBatch, or a
                dictionary from field name to a list or array with a value for each row, which is the fastest.

        Returns:
            ``{"insert_count": n, "ids": [...], "cost": 0}``

        Raises:
            DataNotMatchException: a row does not fit the schema; the message names row, field, what was
                expected and what was given.
        """
        rows, collection = as_given(data), self._collection(collection_name)
        ids, count = collection.insert(rows, as_partition(partition_name)) if rows else ([], 0)
        return WriteResult({"insert_count": count, "ids": ids, "cost": 0})

    @call_taking(_UPSERT_OPTIONS)
    def upsert(
        self,
        collection_name: str,
        data: dict[str, Any] | Iterable[dict[str, Any]] | Table,
        timeout: float | None = None,
        partition_name: str | None = "",
        **kwargs: Any,
    ) -> WriteResult:
        """Add rows, replacing those that have the same primary key; otherwise like ``insert``.

        Args:
            partial_update: True to change just the fields and dynamic keys that a row has; the others stay as
                they are, and so do the partition if none is named and a key that ``auto_id`` gave. A null is a
                value, as in ``insert``; JSON fields and arrays are values as a whole. A row whose primary key is
                new must be complete.
            field_ops: ``{"tags": "array_append"}`` appends the given elements to the stored array, and
                ``"array_remove"`` removes all that equal a given one; also as ``FieldOp``. Either makes the
                update partial.

        Returns:
            ``{"upsert_count": n, "cost": 0, "ids": [...]}``

        Raises:
            ParamError: ``field_ops`` names a field that is not an ARRAY, or that no row has.
        """
        is_partial, ops = is_partial_update(kwargs), as_array_ops(kwargs.get("field_ops"))
        rows, collection = as_given(data), self._collection(collection_name)
        partition = as_partition(partition_name)
        written = collection.upsert(rows, partition, partial=is_partial, array_ops=ops) if rows else ([], 0)
        ids, count = written
        return WriteResult({"upsert_count": count, "cost": 0, "ids": ids})

    @call_taking(_DELETE_OPTIONS)
    def delete(
        self,
        collection_name: str,
        ids: list[int] | list[str] | str | int | None = None,
        timeout: float | None = None,
        filter: str | Expression | None = None,
        partition_name: str | None = None,
        **kwargs: Any,
    ) -> WriteResult:
        """Delete rows by primary keys or by a filter.

        Args:
            filter_params: values of the filter's ``{name}`` templates.

        Returns:
            ``{"delete_count": n, "cost": 0}``: the rows that were there and are gone.
        """
        pks = [*as_ids(kwargs.get("pks")), *as_ids(ids)]
        if pks and filter not in (None, ""):
            raise ParamError(message="delete() takes ids or a filter, got both")
        collection = self._collection(collection_name)
        if pks:
            count = collection.delete_ids(pks, as_partition(partition_name))
        elif ids is not None or kwargs.get("pks") is not None:
            count = 0
        else:
            as_partition(partition_name)
            scope = as_scope(filter, kwargs.get("filter_params"), partition_name)
            if scope.expression is None:
                raise ParamError(message=f"delete() needs ids or a filter, got filter={filter!r}")
            count = collection.delete_where(scope)
        return WriteResult({"delete_count": count, "cost": 0})

    @call_taking(_GET_OPTIONS)
    def get(
        self,
        collection_name: str,
        ids: list[int] | list[str] | str | int,
        output_fields: list[str] | None = None,
        timeout: float | None = None,
        partition_names: list[str] | None = None,
        **kwargs: Any,
    ) -> QueryResult:
        """The rows with these primary keys that exist, in the order of ``ids``.

        Args:
            limit, offset, order_by_fields, group_by_fields, timezone, time_fields: as for ``query``, but an order
                needs no limit.
        """
        fields, keys = as_fields(output_fields), as_ids(ids)
        if keys and not asks_for_rows(fields, kwargs):
            page = {"limit": len(keys), **kwargs} if query_order(kwargs, limited=True) else kwargs
            return self.query(collection_name, "", fields, ids=keys, partition_names=partition_names, **page)
        collection = self._collection(collection_name)
        rows = collection.get(keys, fields or ["*"], as_partitions(partition_names), as_clock(kwargs))
        return QueryResult(rows.dicts())

    @call_taking(_QUERY_OPTIONS)
    def query(
        self,
        collection_name: str,
        filter: str | Expression = "",
        output_fields: list[str] | None = None,
        timeout: float | None = None,
        ids: list[int] | list[str] | str | int | None = None,
        partition_names: list[str] | None = None,
        **kwargs: Any,
    ) -> QueryResult:
        """The rows that match ``filter``, in the order they were written.

        Where the filter has ``element_filter(array, …)``, there is a row for each element that it holds for, in
        which ``offset`` is the place in the array; limit, offset and ``count(*)`` count elements.

        Args:
            filter: a filter expression; empty only together with a limit, or for ``count(*)``.
            output_fields: field names, ``["*"]`` for everything (the default), ``["count(*)"]`` to count; or
                aggregates: ``count(field)``, ``sum(field)``, ``avg(field)``, ``min(field)``, ``max(field)``.
            limit, offset: a page of the result; limit + offset up to 16,384.
            order_by_fields: fields, dynamic keys and JSON paths to order the rows by, with a limit:
                ``[{"field": "price", "order": "desc"}]`` or ``"price:desc:nulls_last,name"``.
            group_by_fields: fields whose equal values make a group; output fields are these and aggregates.
            filter_params: values of the filter's ``{name}`` templates.
            timezone: an IANA name: where times of the filter without an offset are, and where times are shown;
                else that of the collection, of its database, or UTC.
            time_fields: ``"year, month, day"`` and the like: show these numbers instead of times.
        """
        if ids is not None and filter not in (None, ""):
            raise ParamError(message="query() takes a filter or ids, got both")
        keys = as_ids(ids)
        if ids is not None and (not keys or asks_for_rows(as_fields(output_fields), kwargs)):
            times = {name: kwargs[name] for name in CLOCK_OPTIONS if name in kwargs}
            return self.get(collection_name, keys, output_fields, partition_names=partition_names, **times)
        condition = filter if ids is None else self._having_ids(collection_name, keys)
        found = self._found_rows(collection_name, condition, output_fields, partition_names, kwargs)
        return QueryResult([{COUNT: found}] if isinstance(found, int) else found.dicts())

    def _having_ids(self, collection_name: str, keys: list[Any]) -> Expression:
        """The filter for the rows with these primary keys."""
        from ..filters import In, ListOf, Name  # not needed to filter by text

        primary = self._collection(collection_name).describe().schema.primary
        return In(Name(primary.name), ListOf.of(keys))

    def _found_rows(
        self,
        collection_name: str,
        filter: str | Expression | None,
        output_fields: object,
        partition_names: object,
        options: Mapping[str, Any],
        *,
        by_pk: bool = False,
        after: ElementPlace | None = None,
    ) -> FoundRows | FoundGroups | int:
        """The rows or groups that ``query`` finds, or how many rows, if it is to count.

        Args:
            options: its keywords. by_pk: whether to order the rows by their primary keys. after: the element after
                which those of its row are wanted.
        """
        limit, offset = options.get("limit"), options.get("offset") or 0
        scope = _QUERY_SCOPE(filter, partition_names, options)
        fields = as_fields(output_fields)
        collection = self._collection(collection_name)
        groups = group_request(fields, options)
        if fields == [COUNT] and groups is None:
            if limit is not None or offset:
                raise ParamError(message=f"{COUNT} goes with no limit and no offset")
            return collection.count_where(scope)
        if scope.expression is None and limit is None and not (groups and has_aggregates(groups)):
            raise ParamError(message="query() with an empty filter needs a limit, as in Milvus")
        if groups is not None:
            return collection.query_groups(scope, groups)
        order = query_order(options)
        return collection.query(
            scope, fields or ["*"], limit, offset, by_pk=by_pk, order_by=order, after=after
        )


def is_partial_update(options: Mapping[str, Any]) -> bool:
    """Whether an upsert is to change just the fields that are given."""
    is_partial = options.get("partial_update", False)
    if not isinstance(is_partial, bool):
        raise ParamError(message=f"partial_update must be a bool, got {is_partial!r:.80}")
    return is_partial


def as_clock(options: Mapping[str, Any]) -> Clock:
    """What the keywords ``timezone`` and ``time_fields`` ask for."""
    return Clock.of(options.get("timezone"), options.get("time_fields"))


def as_scope(
    filter: object,
    params: Mapping[str, Any] | None,
    partition_names: object,
    clock: Clock = COLLECTION_CLOCK,
) -> Scope:
    """The scope of a call's filter, its template values, its partitions and its clock."""
    if filter is not None and not isinstance(filter, str) and not _is_tree(filter):
        raise DataTypeNotMatchException(
            message=f"filter must be a str or a filter tree, got {type(filter).__name__}: {filter!r:.80}"
        )
    is_empty = filter is None or (isinstance(filter, str) and not filter.strip())
    return Scope(
        expression=None if is_empty else cast("str | Expression", filter),
        params=params or None,
        partitions=as_partitions(partition_names),
        clock=clock,
    )


def _query_scope(filter: object, partition_names: object, options: Mapping[str, Any]) -> Scope:
    return as_scope(filter, options.get("filter_params"), partition_names, as_clock(options))


_QUERY_SCOPE: Final = MemoizedArguments(_query_scope)


def _is_tree(filter: object) -> bool:
    from ..filters import Node  # not needed to filter by text

    return isinstance(filter, Node)


def as_partition(partition_name: object) -> str | None:
    """The name of a partition; None if it is empty."""
    if partition_name is not None and not isinstance(partition_name, str):
        raise DataTypeNotMatchException(
            message=f"partition_name must be a str, got {type(partition_name).__name__}: {partition_name!r:.80}"
        )
    return partition_name or None


def as_partitions(partition_names: object) -> list[str] | None:
    """Names of partitions, a single name as a list; None, which means all partitions, if no name is given."""
    if partition_names is None or (isinstance(partition_names, str) and not partition_names):
        return None
    names = [partition_names] if isinstance(partition_names, str) else partition_names
    if not isinstance(names, (list, tuple)) or not all(isinstance(name, str) for name in names):
        raise DataTypeNotMatchException(
            message=f"partition_names must be a name or a list of names, got {partition_names!r:.80}"
        )
    return list(names) or None


def as_fields(output_fields: object) -> list[str]:
    if output_fields is None:
        return []
    if not isinstance(output_fields, (list, tuple)) or not all(
        isinstance(name, str) for name in output_fields
    ):
        raise DataTypeNotMatchException(
            message=f"output_fields must be a list of str, got {type(output_fields).__name__}: {output_fields!r}"
        )
    return list(output_fields)


def as_ids(ids: object) -> list[Any]:
    """One primary key, or several, as a list: of any kind of sequence, set, iterator, array or column."""
    if ids is None:
        return []
    if isinstance(ids, (int, str)):
        return [ids]
    if isinstance(ids, (np.generic, np.ndarray)) or hasattr(ids, "to_numpy"):
        column: Any = ids
        found = (column.to_numpy() if hasattr(column, "to_numpy") else column).tolist()
        return found if isinstance(found, list) else [found]
    if isinstance(ids, Iterable) and not isinstance(ids, (bytes, bytearray, Mapping)):
        return list(ids)
    raise DataTypeNotMatchException(
        message=f"ids must be an int, a str or a list of them, got {type(ids).__name__}: {ids!r:.80}"
    )
