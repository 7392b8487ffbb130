"""The statements of the original kernel, each a call of the legacy client."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from enum import IntEnum
from typing import Any, TypeVar

import numpy as np

from milvus_store import MilvusClient
from milvus_store.errors import CollectionNotLoadedException
from milvus_store.legacy import IndexType, MetricType, Status

from . import statements
from .dispatch import execute
from .errors import CellError
from .help_texts import EXAMPLES
from .row_statements import every_row
from .session import Session, describe_type
from .statements import Option, Options, Several, Vector
from .tables import Line, Output, Table

Choice = TypeVar("Choice", bound=IntEnum)

_DEFAULT_TOP_K = 10


@execute.register
def _create_table(statement: statements.CreateTable, session: Session) -> Output:
    given = _values(statement.options, ("dimension", "index_file_size", "metric_type"))
    if "metric_type" in given:
        given["metric_type"] = _choice(MetricType, statement.options["metric_type"])
    status = session.legacy.create_collection({"collection_name": statement.collection, **given})
    _succeeded(status)
    return Line(status.message)


@execute.register
def _drop_table(statement: statements.DropTable, session: Session) -> Output:
    status = session.legacy.drop_collection(statement.collection)
    _succeeded(status)
    return Line(status.message)


@execute.register
def _list_tables(statement: statements.ListTables, session: Session) -> Output:
    status, names = session.legacy.list_collections()
    _succeeded(status)
    return Table(("collections",), [(name,) for name in names])


@execute.register
def _create_partition(statement: statements.CreatePartition, session: Session) -> Output:
    status = session.legacy.create_partition(statement.collection, _tag(statement.options, statement.at))
    _succeeded(status)
    return Line(status.message)


@execute.register
def _drop_partition(statement: statements.DropPartition, session: Session) -> Output:
    status = session.legacy.drop_partition(statement.collection, _tag(statement.options, statement.at))
    _succeeded(status)
    return Line(status.message)


@execute.register
def _list_partitions(statement: statements.ListPartitions, session: Session) -> Output:
    status, partitions = session.legacy.list_partitions(statement.collection)
    _succeeded(status)
    return Table(
        ("collections", "tag"), [(partition.collection_name, partition.tag) for partition in partitions]
    )


@execute.register
def _create_index(statement: statements.CreateIndex, session: Session) -> Output:
    options = dict(statement.options)
    given = options.pop("index_type", None)
    kind = IndexType.FLAT if given is None else _choice(IndexType, given)
    params = {name: option.value for name, option in options.items()}
    status = session.legacy.create_index(statement.collection, kind, params)
    _succeeded(status)
    return Line(status.message)


@execute.register
def _drop_index(statement: statements.DropIndex, session: Session) -> Output:
    status = session.legacy.drop_index(statement.collection)
    _succeeded(status)
    return Line(status.message)


@execute.register
def _flush(statement: statements.Flush, session: Session) -> Output:
    status = session.legacy.flush(list(statement.collections))
    _succeeded(status)
    return Line(status.message)


@execute.register
def _compact(statement: statements.Compact, session: Session) -> Output:
    status = session.legacy.compact(statement.collection)
    _succeeded(status)
    return Line(status.message)


@execute.register
def _insert(statement: statements.Insert, session: Session) -> Output:
    tag = _values(statement.options, ("partition_tag",)).get("partition_tag")
    vectors = _vectors(statement.vectors, statement.collection, session)
    ids = None if statement.ids is None else list(statement.ids)
    status, inserted = session.legacy.insert(statement.collection, vectors, ids, tag)
    _succeeded(status)
    return Table(("inserted_vector_ids",), [(entity_id,) for entity_id in inserted])


@execute.register
def _search(statement: statements.Search, session: Session) -> Output:
    options = dict(statement.options)
    top_k = options.pop("top_k", Option(_DEFAULT_TOP_K, statement.at)).value
    tags = options.pop("partition_tags", None)
    params = {name: option.value for name, option in options.items()}
    vectors = _vectors(statement.vectors, statement.collection, session)
    status, found = session.legacy.search(
        statement.collection, top_k, vectors, None if tags is None else _as_list(tags.value), params
    )
    _succeeded(status)
    if len(found) == 1:
        return Table(("id", "distance"), [(hit.id, hit.distance) for hit in found[0]])
    rows = [(number, hit.id, hit.distance) for number, hits in enumerate(found, 1) for hit in hits]
    return Table(("query", "id", "distance"), rows)


@execute.register
def _select_ids(statement: statements.SelectIds, session: Session) -> Output:
    status, vectors = session.legacy.get_entity_by_id(statement.collection, list(statement.ids))
    _succeeded(status)
    rows = [(entity_id, vector or None) for entity_id, vector in zip(statement.ids, vectors, strict=True)]
    return Table(("id", "vector"), rows)


@execute.register
def _delete_ids(statement: statements.DeleteIds, session: Session) -> Output:
    status = session.legacy.delete_entity_by_id(statement.collection, list(statement.ids))
    _succeeded(status)
    return Line(status.message)


@execute.register
def _describe(statement: statements.Describe, session: Session) -> Output:
    described = session.client.describe_collection(statement.collection)
    rows: list[tuple[str, Any]] = [("collection_name", described["collection_name"])]
    status, info = session.legacy.get_collection_info(statement.collection)
    if status.OK():
        rows.append(("dimension", info.dimension))
        rows.append(("index_file_size", info.index_file_size))
        rows.append(("metric_type", str(info.metric_type)))
    for index in session.client.list_indexes(statement.collection):
        shown = session.client.describe_index(statement.collection, index)
        of = "" if status.OK() else f" of {shown['field_name']}"
        rows.append((f"index_type{of}", shown["index_type"]))
        if not status.OK() and "metric_type" in shown:
            rows.append((f"metric_type{of}", shown["metric_type"]))
        rows.append((f"params{of}", {key: shown[key] for key in shown if key not in _NOT_PARAMS}))
    rows.append(("row_count", _count(statement.collection, session)))
    rows.extend((f"field {field['name']}", describe_type(field)) for field in described["fields"])
    if described["enable_dynamic_field"]:
        rows.append(("other fields", "taken as they come"))
    return Table(("description", "info"), rows, note="")


_NOT_PARAMS = frozenset(
    {"index_type", "index_name", "metric_type", "field_name"}
    | {"total_rows", "indexed_rows", "pending_index_rows", "state"}
)


def _count(collection: str, session: Session) -> int:
    status, count = session.legacy.count_entities(collection)
    _succeeded(status)
    return int(count)


@execute.register
def _statistics(statement: statements.Statistics, session: Session) -> Output:
    status, stats = session.legacy.get_collection_stats(statement.collection)
    if status.code == Status.ILLEGAL_COLLECTION_NAME:  # no collection of 0.9, so there are no segments
        return _partitions(statement.collection, session.client)
    _succeeded(status)
    rows = [
        (partition["tag"], segment["name"], segment["row_count"], segment["index_name"], segment["data_size"])
        for partition in stats["partitions"]
        for segment in partition["segments"]
    ]
    note = f"{stats['row_count']} rows, {stats['data_size']} bytes"
    return Table(("partition_tag", "name", "row_count", "index_name", "data_size"), rows, note)


def _partitions(collection: str, client: MilvusClient) -> Table:
    tags = client.list_partitions(collection)
    rows = [(tag, _count_partition(collection, tag, client)) for tag in tags]
    return Table(("partition_tag", "row_count"), rows)


def _count_partition(collection: str, tag: str, client: MilvusClient) -> int:
    """The current rows of a partition: a server's statistics lack rows that it has not written to disk yet."""
    every = every_row(collection, client)
    try:
        (row,) = client.query(collection, every, output_fields=["count(*)"], partition_names=[tag])
    except CollectionNotLoadedException:
        return int(client.get_partition_stats(collection, tag)["row_count"])
    return int(row["count(*)"])


@execute.register
def _help(statement: statements.Help, session: Session) -> Output:
    if statement.topic == "metric":
        return Table(("metric",), [(name,) for name in _names(MetricType)])
    if statement.topic == "index":
        return Table(("index",), [(name,) for name in _names(IndexType)])
    return Table(("description", "statement"), EXAMPLES, note="")


def _names(kind: type[IntEnum]) -> list[str]:
    return [name for name in kind.__members__ if name != "INVALID"]


def _choice(kind: type[Choice], option: Option) -> Choice:
    name = option.value.upper() if isinstance(option.value, str) else None
    if name not in _names(kind):
        known = ", ".join(_names(kind))
        raise CellError("ParamError", f"expected one of {known}, got {option.value!r}", option.value_at)
    return kind[str(name)]


def _values(options: Options, known: Iterable[str]) -> dict[str, Any]:
    """The values of ``options``; raises CellError for a name that is not known."""
    known = list(known)
    for name, option in options.items():
        if name not in known:
            close = get_close_matches(name, known, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"expected {' or '.join(known)}"
            raise CellError("ParamError", f"unknown parameter {name!r}: {hint}", option.at)
    return {name: option.value for name, option in options.items()}


def _tag(options: Options, at: int) -> str:
    values = _values(options, ("partition_tag",))
    tag = values.get("partition_tag")
    if not isinstance(tag, str):
        at = options["partition_tag"].value_at if "partition_tag" in options else at
        raise CellError("ParamError", f"partition_tag must be text in quotes, got {tag!r}", at)
    return tag


def _as_list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, tuple) else [value]


def _vectors(vectors: Several[Vector], collection: str, session: Session) -> list[Any]:
    """Vectors as the collection takes them. Numbers for a collection of binary vectors are bits."""
    for index, vector in enumerate(vectors):
        if len(vector) != len(vectors[0]):
            message = f"vectors must be equally long: the first has {len(vectors[0])}, this one {len(vector)}"
            raise CellError("ParamError", message, vectors.offsets[index])
    status, info = session.legacy.get_collection_info(collection)
    if not status.OK() or not info.metric_type.is_binary:
        return [vector if isinstance(vector, bytes) else list(vector) for vector in vectors]
    return [vector if isinstance(vector, bytes) else _packed(vector) for vector in vectors]


def _packed(bits: tuple[float, ...]) -> bytes:
    if not set(bits) <= {0, 1}:
        raise CellError(
            "ParamError", "the collection holds binary vectors: give 0 and 1, or x'…' in hexadecimal"
        )
    return np.packbits(np.array(bits, dtype=np.uint8)).tobytes()


def _succeeded(status: Status) -> None:
    """Raise a ``CellError`` unless the legacy client's status is OK."""
    if not status.OK():
        name = _STATUS_NAMES.get(status.code, "Status")
        raise CellError(name, f"{status.message} (code {status.code})")


_STATUS_NAMES = {
    code: name for name, code in vars(Status).items() if name.isupper() and isinstance(code, int)
}
