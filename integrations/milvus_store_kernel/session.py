"""The state that cells share: the connection, and the namespace of Python lines."""

from __future__ import annotations

from typing import Any, Final

from milvus_store import MilvusClient
from milvus_store.errors import MilvusException
from milvus_store.legacy import ConnectError, IndexType, MetricType, Milvus, Status

from .errors import CellError

_SAMPLE: Final = 20
"""Rows that are read to find dynamic fields."""


class Session:
    """The file or server that statements work on, once one of them has named it.

    ``legacy`` and ``client`` are its clients: that of Milvus 0.9, and ``MilvusClient``.
    """

    def __init__(self) -> None:
        self._legacy: Milvus | None = None
        self._names: dict[str, Any] = {
            "__name__": "__main__",
            "IndexType": IndexType,
            "MetricType": MetricType,
            "Milvus": Milvus,
            "MilvusClient": MilvusClient,
            "Status": Status,
        }

    def connect(self, uri: str) -> None:
        """Open ``uri`` and close the current one; if that fails, the current one stays open.

        Raises:
            NotConnectError, ImportError: it cannot be opened.
        """
        legacy = Milvus(uri=uri)
        self.close()
        self._legacy = legacy

    def close(self) -> None:
        if self._legacy is not None:
            self._legacy.close()
            self._legacy = None

    @property
    def client(self) -> MilvusClient:
        return self.legacy.consistent_client

    @property
    def legacy(self) -> Milvus:
        if self._legacy is None:
            raise _not_connected()
        return self._legacy

    def python_names(self) -> dict[str, Any]:
        """The namespace of Python lines, with the clients as they are now."""
        for name in ("client", "milvus_client"):
            self._names.pop(name, None)
        if self._legacy is not None:
            self._names |= {"client": self._legacy, "milvus_client": self._legacy.milvus_client}
        return self._names

    def collections(self) -> list[str]:
        """Names of the collections, for completion; empty where they cannot be listed."""
        try:
            return sorted(self.client.list_collections())
        except (MilvusException, ConnectError, CellError):
            return []

    def fields(self, collection: str | None) -> dict[str, str]:
        """Field name → type, of one collection or of all, for completion and inspection."""
        found: dict[str, str] = {}
        for name in [collection] if collection else self.collections():
            try:
                described = self.client.describe_collection(name)
            except (MilvusException, CellError):
                continue
            found |= {field["name"]: describe_type(field) for field in described["fields"]}
            if described["enable_dynamic_field"]:
                found = {**self._other_fields(name), **found}
        return found

    def _other_fields(self, collection: str) -> dict[str, str]:
        """Names of dynamic fields in some rows."""
        try:
            rows = self.client.query(collection, output_fields=["*"], limit=_SAMPLE)
        except MilvusException:
            return {}
        return {name: "in some rows" for row in rows for name in row}


def describe_type(field: dict[str, Any]) -> str:
    """A field of ``describe_collection`` in words."""
    kind = getattr(field["type"], "name", str(field["type"]))
    params = field.get("params") or {}
    size = next((f"({params[key]})" for key in ("dim", "max_length") if key in params), "")
    marks = [
        words
        for key, words in (
            ("is_primary", "primary key"),
            ("auto_id", "auto_id"),
            ("is_partition_key", "partition key"),
            ("nullable", "nullable"),
        )
        if field.get(key)
    ]
    return ", ".join([kind + size, *marks])


def _not_connected() -> CellError:
    return CellError(
        "NotConnected",
        "name a file or a server first, such as ./milvus_demo.db or milvus://127.0.0.1:19530",
    )
