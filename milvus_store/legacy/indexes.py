"""Calls for the single index of a collection."""

from __future__ import annotations

from functools import partial
from typing import Any

from milvus_store import MilvusClient
from milvus_store.errors import MilvusException

from .checks import check_index_type, check_name, check_params
from .connection import Connection
from .enums import IndexType, MetricType, index_name_of
from .futures import CreateIndexFuture
from .layout import Layout
from .parameters import check_build
from .results import IndexParam
from .status import OK_MESSAGE, Refused, Status, errors_as_status

_ONLY_FLAT = (MetricType.SUBSTRUCTURE, MetricType.SUPERSTRUCTURE)


class IndexCalls(Connection):
    def create_index(
        self,
        collection_name: str,
        index_type: IndexType | int | None = None,
        params: dict[str, Any] | None = None,
        timeout: float | None = None,
        **kwargs: Any,
    ) -> Any:
        """Give a collection an index, which replaces the current one.

        Args:
            index_type: an ``IndexType`` or its number; None for FLAT.
            params: every parameter of that type, within its range; see ``parameters.BUILD_PARAMETERS``.
            _async, _callback: return a ``CreateIndexFuture`` at once.

        Returns:
            ``Status``
        """
        name, kind, given = check_name(collection_name), check_index_type(index_type), check_params(params)
        return self._deliver(
            CreateIndexFuture, kwargs, partial(self._create_index, self._within(timeout), name, kind, given)
        )

    @errors_as_status()
    def _create_index(
        self, client: MilvusClient, name: str, kind: IndexType, given: dict[str, Any]
    ) -> Status:
        layout = Layout.of(client, name)
        type_name = index_name_of(kind, layout.is_binary)
        if type_name is None or (kind is not IndexType.FLAT and layout.metric in _ONLY_FLAT):
            raise Refused(
                Status.ILLEGAL_INDEX_TYPE,
                f"Index type {kind} does not support metric {layout.metric} of {name}",
            )
        checked = check_build(kind, given, layout.dimension)
        if (layout.index_type_name.upper(), layout.params) != (type_name, checked):
            _replace_index(client, layout, type_name, checked)
        return Status(message="Build index successfully!")

    @errors_as_status(None)
    def get_index_info(self, collection_name: str, timeout: float | None = 10) -> tuple[Status, IndexParam]:
        """Type and parameters of a collection's index."""
        layout = Layout.of(self._within(timeout), check_name(collection_name))
        return Status(message="Successfully"), IndexParam(layout.name, layout.index_type, dict(layout.params))

    @errors_as_status()
    def drop_index(self, collection_name: str, timeout: float | None = 10) -> Status:
        """Replace the index by FLAT, which compares with every vector."""
        name = check_name(collection_name)
        status: Status = self._create_index(self._within(timeout), name, IndexType.FLAT, {})
        return Status(message=OK_MESSAGE) if status.OK() else status


def _replace_index(client: MilvusClient, layout: Layout, type_name: str, params: dict[str, Any]) -> None:
    """Replace the collection's index; if the new one is refused, restore the old one."""
    client.release_collection(layout.name)
    if layout.index_name is not None:
        client.drop_index(layout.name, layout.index_name)
    try:
        _build(client, layout, type_name, params)
    except BaseException as error:
        if layout.index_name is not None:
            _build(client, layout, layout.index_type_name, dict(layout.params))
            client.load_collection(layout.name)
        if isinstance(error, MilvusException):
            raise Refused(Status.BUILD_INDEX_ERROR, error.message) from error
        raise
    client.load_collection(layout.name)


def _build(client: MilvusClient, layout: Layout, type_name: str, params: dict[str, Any]) -> None:
    index = MilvusClient.prepare_index_params(
        layout.vector_field,
        index_type=type_name,
        index_name=layout.index_name or "",
        metric_type=layout.metric_name,
        params=params,
    )
    client.create_index(layout.name, index)
