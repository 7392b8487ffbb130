"""Calls for collections and their partitions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from milvus_store import DataType, MilvusClient
from milvus_store.errors import MilvusException
from milvus_store.options import judge_options

from .checks import check_int, check_metric_type, check_name, check_tag, illegal
from .connection import Connection, loaded
from .enums import IndexType, MetricType, index_name_of
from .layout import DEFAULT_FILE_SIZE, DEFAULT_PARTITION, FILE_SIZE, ID_FIELD, VECTOR_FIELD, Layout
from .results import CollectionSchema, PartitionParam
from .status import OK_MESSAGE, Refused, Status, errors_as_status

MIN_DIMENSION: Final = 2
MAX_DIMENSION: Final = 32_768
MAX_FILE_SIZE: Final = 4096
_COUNT: Final = "count(*)"
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,254}", re.ASCII)
_KEYS: Final = ("collection_name", "dimension", FILE_SIZE, "metric_type")


class CollectionCalls(Connection):
    @errors_as_status()
    def create_collection(self, param: dict[str, Any], timeout: float | None = 10) -> Status:
        """Create a collection of vectors.

        Args:
            param: ``collection_name`` and ``dimension``, and if wanted ``index_file_size`` (MiB, 1 to 4096,
                1024) and ``metric_type`` (L2). The dictionary is left as it is.

        Raises:
            ParamError: it is not a dictionary, a required key is missing, or a value has the wrong type.
        """
        name, dimension, file_size, metric = _checked(param)
        client = self._within(timeout)
        if client.has_collection(name):
            raise Refused(Status.ILLEGAL_COLLECTION_NAME, f"Collection {name} already exists")
        kind = DataType.BINARY_VECTOR if metric.is_binary else DataType.FLOAT_VECTOR
        schema = MilvusClient.create_schema()
        schema.add_field(ID_FIELD, DataType.INT64, is_primary=True)
        schema.add_field(VECTOR_FIELD, kind, dim=dimension)
        flat = index_name_of(IndexType.FLAT, metric.is_binary)
        index = MilvusClient.prepare_index_params(VECTOR_FIELD, index_type=flat, metric_type=metric.name)
        client.create_collection(
            name,
            schema=schema,
            index_params=index,
            properties={FILE_SIZE: str(file_size)},
            consistency_level="Strong",
        )
        return Status(message="Create collection successfully!")

    @errors_as_status(False)
    def has_collection(self, collection_name: str, timeout: float | None = 10) -> tuple[Status, bool]:
        """Whether there is a collection of this name."""
        return Status(), self._within(timeout).has_collection(check_name(collection_name))

    @errors_as_status(None)
    def get_collection_info(
        self, collection_name: str, timeout: float | None = 10
    ) -> tuple[Status, CollectionSchema]:
        """Dimension, metric and ``index_file_size`` of a collection."""
        layout = Layout.of(self._within(timeout), check_name(collection_name))
        schema = CollectionSchema(layout.name, layout.dimension, layout.file_size, layout.metric)
        return Status(message="Describe collection successfully!"), schema

    @errors_as_status(None)
    def count_entities(self, collection_name: str, timeout: float | None = 10) -> tuple[Status, int]:
        """How many vectors a collection holds; always exact."""
        name, client = check_name(collection_name), self._within(timeout)
        (row,) = loaded(client, name, lambda: client.query(name, output_fields=[_COUNT]))
        return Status(message="Success!"), int(row[_COUNT])

    @errors_as_status([])
    def list_collections(self, timeout: float | None = 10) -> tuple[Status, list[str]]:
        """Names of the collections."""
        return Status(message="Show collections successfully!"), list(
            self._within(timeout).list_collections()
        )

    @errors_as_status(None)
    def get_collection_stats(
        self, collection_name: str, timeout: float | None = 10
    ) -> tuple[Status, dict[str, Any]]:
        """Rows and bytes of a collection, by partition and segment.

        A partition that has rows is one segment, whose name is the partition's tag. ``data_size`` counts the
        ids and vectors: for each row 8 bytes, and 4 for each dimension of floats or 1 for 8 dimensions of bits.
        """
        client = self._within(timeout)
        layout = Layout.of(client, check_name(collection_name))
        index_name = layout.segment_index_name
        partitions = []
        for tag in client.list_partitions(layout.name):
            rows = _count_partition(client, layout, tag)
            sizes = {"row_count": rows, "data_size": rows * layout.row_bytes}
            segments = [{"name": tag, "index_name": index_name, **sizes}] if rows else []
            partitions.append({"tag": tag, **sizes, "segments": segments})
        return Status(), {
            "row_count": sum(partition["row_count"] for partition in partitions),
            "data_size": sum(partition["data_size"] for partition in partitions),
            "partitions": partitions,
        }

    @errors_as_status()
    def load_collection(self, collection_name: str, timeout: float | None = None) -> Status:
        """Load a collection into memory; a search does so by itself."""
        self._within(timeout).load_collection(check_name(collection_name))
        return Status(message=OK_MESSAGE)

    @errors_as_status()
    def drop_collection(self, collection_name: str, timeout: float | None = 10) -> Status:
        """Remove a collection and its vectors."""
        name, client = check_name(collection_name), self._within(timeout)
        client.describe_collection(name)
        client.drop_collection(name)
        return Status(message="Delete collection successfully!")

    @errors_as_status()
    def create_partition(
        self, collection_name: str, partition_tag: str, timeout: float | None = 10
    ) -> Status:
        """Add a partition, for vectors that ``insert`` puts there by its tag."""
        name, tag, client = check_name(collection_name), check_tag(partition_tag), self._within(timeout)
        if client.has_partition(name, tag):
            raise Refused(
                Status.ILLEGAL_COLLECTION_NAME, f"Partition {tag} of collection {name} already exists"
            )
        client.create_partition(name, tag)
        return Status(message=OK_MESSAGE)

    @errors_as_status(False)
    def has_partition(
        self, collection_name: str, partition_tag: str, timeout: float | None = 10
    ) -> tuple[Status, bool]:
        """Whether the collection has a partition of this tag."""
        name, tag = check_name(collection_name), check_tag(partition_tag)
        return Status(), self._within(timeout).has_partition(name, tag)

    @errors_as_status([])
    def list_partitions(
        self, collection_name: str, timeout: float | None = 10
    ) -> tuple[Status, list[PartitionParam]]:
        """The partitions of a collection; the first is ``_default``."""
        name = check_name(collection_name)
        tags = self._within(timeout).list_partitions(name)
        return Status(), [PartitionParam(name, tag) for tag in tags]

    @errors_as_status()
    def drop_partition(self, collection_name: str, partition_tag: str, timeout: float | None = 10) -> Status:
        """Remove a partition and its vectors."""
        name, tag, client = check_name(collection_name), check_tag(partition_tag), self._within(timeout)
        if tag == DEFAULT_PARTITION:
            raise Refused(Status.ILLEGAL_ARGUMENT, f"Partition {tag} exists always and cannot be dropped")
        check_partitions(client, name, [tag])
        if self._is_server:
            _drop_on_server(client, name, tag)
        else:
            client.drop_partition(name, tag)
        return Status(message=OK_MESSAGE)


def _drop_on_server(client: MilvusClient, name: str, tag: str) -> None:
    """Drop a partition; release it first where the server refuses a loaded one. 0.9 had no such state."""
    try:
        client.drop_partition(name, tag)
    except MilvusException as refused:
        try:
            client.release_partitions(name, [tag])
        except (
            MilvusException
        ):  # Milvus Lite's server cannot release partitions, so it refused for another reason
            raise refused from None
        try:
            client.drop_partition(name, tag)
        except BaseException:
            client.load_partitions(name, [tag])
            raise


def check_partitions(client: MilvusClient, collection_name: str, tags: list[str]) -> None:
    """Raise Refused for an unknown tag: some servers would return an empty result instead."""
    known = client.list_partitions(collection_name)
    for tag in tags:
        if tag not in known:
            raise Refused(
                Status.UNEXPECTED_ERROR,
                f"Partition tag {tag!r} not found: {collection_name} has {', '.join(known)}",
            )


def _count_partition(client: MilvusClient, layout: Layout, tag: str) -> int:
    # Milvus Lite's server heeds the partition only where there is a filter.
    ask = partial(client.query, layout.name, layout.every_row, partition_names=[tag])
    (row,) = loaded(client, layout.name, lambda: ask(output_fields=[_COUNT]))
    return int(row[_COUNT])


def _checked(param: object) -> tuple[str, int, int, MetricType]:
    """(name, dimension, index_file_size, metric) of ``create_collection``'s dictionary."""
    if not isinstance(param, Mapping):
        illegal("param", "a dict", param)
    for key in ("collection_name", "dimension"):
        if key not in param:
            illegal("param", f"a dict with {key}", dict(param))
    name = check_name(param["collection_name"])
    dimension = check_int(param["dimension"], "dimension")
    file_size = check_int(param.get(FILE_SIZE, DEFAULT_FILE_SIZE), FILE_SIZE)
    metric = check_metric_type(param.get("metric_type", MetricType.L2))
    judge_options(
        "create_collection",
        {str(key): value for key, value in param.items()},
        _KEYS,
        what="key of param",
        error=partial(Refused, Status.ILLEGAL_ARGUMENT),
    )
    if not _NAME.fullmatch(name):
        raise Refused(
            Status.ILLEGAL_COLLECTION_NAME,
            f"Invalid collection name: {name!r}. It must begin with a letter or underscore, and have letters, "
            f"digits and underscores only, at most 255",
        )
    if not MIN_DIMENSION <= dimension <= MAX_DIMENSION:
        raise Refused(
            Status.ILLEGAL_DIMENSION,
            f"Invalid dimension: {dimension}. Valid range is [{MIN_DIMENSION}, {MAX_DIMENSION}]",
        )
    if metric.is_binary and dimension % 8:
        raise Refused(
            Status.ILLEGAL_DIMENSION,
            f"Invalid dimension: {dimension}. It must be a multiple of 8 for {metric}",
        )
    if not 1 <= file_size <= MAX_FILE_SIZE:
        raise Refused(
            Status.ILLEGAL_ARGUMENT,
            f"Invalid index_file_size: {file_size}. Valid range is [1, {MAX_FILE_SIZE}]",
        )
    return name, dimension, file_size, metric
