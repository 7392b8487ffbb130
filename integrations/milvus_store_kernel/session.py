"""What cells share: the connection, and the names that Python lines see."""

from __future__ import annotations

import re
from typing import Any, Final

from milvus_store import MilvusClient
from milvus_store.errors import MilvusException
from milvus_store.legacy import ConnectError, IndexType, MetricType, Milvus, Status

from .errors import CellError

_SAMPLE: Final = 20
"""Rows that are looked at for fields which the schema does not name."""
_FILE_URI: Final = re.compile(r"milvus:///(?=.)", re.IGNORECASE)


class Session:
    """A file or server that statements work on, once one of them has named it.

    ``legacy`` and ``client`` are two clients of it; ``names`` is the namespace of Python lines.
    """

    def __init__(self) -> None:
        self.uri: str | None = None
        self._legacy: Milvus | None = None
        self._client: MilvusClient | None = None
        self.names: dict[str, Any] = {
            "__name__": "__main__",
            "IndexType": IndexType,
            "MetricType": MetricType,
            "Milvus": Milvus,
            "MilvusClient": MilvusClient,
            "Status": Status,
        }

    def connect(self, uri: str) -> None:
        """Open ``uri`` in place of what is open; if that fails, what was open stays.

        ``milvus:///PATH`` is the file PATH, any other address a server, and all else the path of a file.

        Raises:
            NotConnectError, MilvusException, ImportError: it cannot be opened.
        """
        address = _FILE_URI.sub("", uri, count=1)
        legacy = Milvus(uri=address)
        try:
            client = MilvusClient(address)
        except BaseException:
            legacy.close()
            raise
        self.close()
        self.uri, self._legacy, self._client = address, legacy, client
        self.names |= {"client": legacy, "milvus_client": client}

    def close(self) -> None:
        for open_client in (self._legacy, self._client):
            if open_client is not None:
                open_client.close()
        self.uri = self._legacy = self._client = None
        for name in ("client", "milvus_client"):
            self.names.pop(name, None)

    @property
    def is_connected(self) -> bool:
        return self._client is not None

    @property
    def client(self) -> MilvusClient:
        if self._client is None:
            raise _not_connected()
        return self._client

    @property
    def legacy(self) -> Milvus:
        if self._legacy is None:
            raise _not_connected()
        return self._legacy

    def collections(self) -> list[str]:
        """Names of the collections, for completion; none if they cannot be had."""
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
            found |= {one["name"]: describe_type(one) for one in described["fields"]}
            if described["enable_dynamic_field"]:
                found = {**self._other_fields(name), **found}
        return found

    def _other_fields(self, collection: str) -> dict[str, str]:
        """Names that some rows have besides the schema's."""
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
            ("auto_id", "numbered by itself"),
            ("is_partition_key", "partition key"),
            ("nullable", "may be null"),
        )
        if field.get(key)
    ]
    return ", ".join([kind + size, *marks])


def _not_connected() -> CellError:
    return CellError(
        "NotConnected",
        "name a file or a server first, such as ./milvus_demo.db or milvus://127.0.0.1:19530",
        0,
    )
