"""Calls that write and read rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from pymilvus.grpc_gen import common_pb2, milvus_pb2, schema_pb2

from milvus_store_lite import (
    ArrayOp,
    CollectionRecord,
    DataType,
    ElementPlace,
    FoundGroups,
    FoundRows,
    Written,
)

from ...client.milvus_client import MilvusClient
from ...client.ordering import ORDER_BY, split_outside_brackets
from ...client.query_groups import GROUP_BY
from ...client.rows import as_partition
from ...errors import ParamError
from ...field_ops import as_array_ops
from ..databases import collection_of
from ..messages.columns import columns_of
from ..messages.fields import field_data, ids_of
from ..messages.pairs import texts_of, value_of
from ..messages.results import output_names, shown_fields
from ..messages.templates import template_values
from ..protocol import Message
from .handshake import timestamp

_OPTIONS: Final = ("limit", "offset")
_TEXT_OPTIONS: Final = ("timezone", "time_fields", ORDER_BY)

_LAST_PK: Final = "query_iter_last_pk"
_LAST_OFFSET: Final = "query_iter_last_element_offset"


def _insert(client: MilvusClient, request: Any) -> Message:
    collection = collection_of(client, request.collection_name)
    stale = _stale_schema(request, collection.describe())
    if stale is not None:
        return stale
    columns = columns_of(request.fields_data, request.num_rows)
    written = collection.insert(columns, as_partition(request.partition_name))
    return _mutation(written, insert_cnt=written.row_count)


def _upsert(client: MilvusClient, request: Any) -> Message:
    collection = collection_of(client, request.collection_name)
    stale = _stale_schema(request, collection.describe())
    if stale is not None:
        return stale
    columns = columns_of(request.fields_data, request.num_rows)
    written = collection.upsert(
        columns,
        as_partition(request.partition_name),
        partial=getattr(request, "partial_update", False),
        array_ops=_array_ops(getattr(request, "field_ops", ())),
    )
    return _mutation(written, upsert_cnt=written.row_count)


def _array_ops(given: Iterable[Message]) -> dict[str, ArrayOp]:
    ops: dict[str, int] = {}
    for message in given:
        if message.field_name in ops:
            raise ParamError(message=f"field_ops has field {message.field_name!r} twice: expected it once")
        ops[message.field_name] = message.op
    return as_array_ops(ops)


def _stale_schema(request: Any, record: CollectionRecord) -> Message | None:
    """The answer to a client that knows an older schema: it asks for the newest one, and tries again."""
    if request.schema_timestamp in (0, record.version):
        return None
    status = common_pb2.Status(
        error_code=common_pb2.ErrorCode.SchemaMismatch,
        reason=f"the schema of collection '{record.name}' has changed",
    )
    return milvus_pb2.MutationResult(status=status)


def _mutation(written: Written, **counts: int) -> Message:
    return milvus_pb2.MutationResult(
        IDs=ids_of(written.ids),
        succ_index=range(written.row_count),
        acknowledged=True,
        timestamp=timestamp(),
        **counts,
    )


def _delete(client: MilvusClient, request: Any) -> Message:
    found = client.delete(
        request.collection_name,
        filter=request.expr,
        partition_name=request.partition_name,
        filter_params=template_values(request.expr_template_values),
    )
    return milvus_pb2.MutationResult(
        delete_cnt=found["delete_count"], acknowledged=True, timestamp=timestamp()
    )


def _query(client: MilvusClient, request: Any) -> Message:
    given = texts_of(request.query_params)
    is_iterator = given.get("iterator") is not None
    for name in (ORDER_BY, GROUP_BY):
        if is_iterator and given.get(name):
            raise ParamError(message=f"an iterator takes no {name}, as in Milvus: query() with a limit does")
    options: dict[str, Any] = {name: value_of(given[name]) for name in _OPTIONS if name in given}
    options |= {name: given[name] for name in _TEXT_OPTIONS if name in given}
    if given.get(GROUP_BY):
        options[GROUP_BY] = split_outside_brackets(given[GROUP_BY], ",")
    options["filter_params"] = template_values(request.expr_template_values)
    names = list(request.output_fields)
    found = client._found_rows(
        request.collection_name,
        request.expr,
        names,
        list(request.partition_names),
        options,
        by_pk=is_iterator,  # who pages by key asks for keys beyond the last one
        after=_last_element(client, request.collection_name, given),
    )
    if isinstance(found, int):
        return _counted(request, names, found)
    if isinstance(found, FoundGroups):
        return _grouped(request, names, found)
    fields = shown_fields(found)
    return milvus_pb2.QueryResults(
        fields_data=fields,
        collection_name=request.collection_name,
        output_fields=output_names(_with_pk(names or ["*"], found), fields),
        session_ts=timestamp(),
        primary_field_name=found.projection.schema.primary.name,
        **_elements(found),
    )


def _last_element(client: MilvusClient, collection: str, given: Mapping[str, str]) -> ElementPlace | None:
    """The element with which the last page of an iterator has ended; None where rows are paged."""
    pk, offset = given.get(_LAST_PK), given.get(_LAST_OFFSET)
    if not offset:
        return None
    if not offset.isdecimal() or pk is None:
        raise ParamError(
            message=f"{_LAST_OFFSET} must be the offset of an element, together with {_LAST_PK}, got "
            f"{offset!r:.80} and {pk!r:.80}"
        )
    primary = collection_of(client, collection).describe().schema.primary
    return ElementPlace(value_of(pk) if primary.dtype.is_integer else pk, int(offset))


def _elements(found: FoundRows) -> dict[str, list[Message]]:
    """What elements of each row were found; of rows, and for older clients, nothing."""
    if found.elements is None or "element_indices" not in milvus_pb2.QueryResults.DESCRIPTOR.fields_by_name:
        return {}
    return {
        "element_indices": [
            milvus_pb2.ElementIndices(indices=schema_pb2.LongArray(data=offsets))
            for offsets in found.elements.of_rows()
        ]
    }


def _with_pk(names: Iterable[str], found: FoundRows) -> list[str]:
    """The names asked for, and the primary key, which a query gives in any case."""
    return list(dict.fromkeys([*names, found.projection.schema.primary.name]))


def _counted(request: Any, names: list[str], count: int) -> Message:
    field = schema_pb2.FieldData(type=int(DataType.INT64), field_name=names[0])
    field.scalars.long_data.data.append(count)
    return milvus_pb2.QueryResults(
        fields_data=[field],
        collection_name=request.collection_name,
        output_fields=names,
        session_ts=timestamp(),
    )


def _grouped(request: Any, names: list[str], found: FoundGroups) -> Message:
    fields = []
    for column in found.columns:
        fields.append(field_data(column.field, column.values))
        fields[-1].field_name = column.name
    return milvus_pb2.QueryResults(
        fields_data=fields,
        collection_name=request.collection_name,
        output_fields=names,
        session_ts=timestamp(),
    )


CALLS: Final = {"Insert": _insert, "Upsert": _upsert, "Delete": _delete, "Query": _query}
