"""Calls that change a collection after it was made: its properties."""

from __future__ import annotations

from typing import Any

from ..options import check_options
from .connection import Connection


class PropertyCalls(Connection):
    def alter_collection_properties(
        self, collection_name: str, properties: dict[str, Any], timeout: float | None = None, **kwargs: Any
    ) -> None:
        """Set properties of a collection; those that are not named stay as they are.

        ``partitionkey.isolation`` makes every search name one value of the partition key in its filter.

        Raises:
            ParamError: a value is not what its key takes, or a file does not serve the key.
        """
        check_options("alter_collection_properties", kwargs)
        self._database.collection(collection_name).alter_properties(properties)

    def drop_collection_properties(
        self, collection_name: str, property_keys: list[str], timeout: float | None = None, **kwargs: Any
    ) -> None:
        """Remove properties of a collection."""
        check_options("drop_collection_properties", kwargs)
        self._database.collection(collection_name).alter_properties({}, drop=property_keys)
