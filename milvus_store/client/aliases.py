"""Calls about aliases: other names of a collection, which may move to another one."""

from __future__ import annotations

from typing import Any

from ..options import check_options
from .connection import Connection


class AliasCalls(Connection):
    def create_alias(
        self, collection_name: str, alias: str, timeout: float | None = None, **kwargs: Any
    ) -> None:
        """Let ``alias`` be another name of a collection; every call takes it where it takes the name."""
        check_options(self.create_alias, kwargs)
        self._database.create_alias(alias, collection_name)

    def alter_alias(
        self, collection_name: str, alias: str, timeout: float | None = None, **kwargs: Any
    ) -> None:
        """Let an existing alias stand for another collection, at once for every reader."""
        check_options(self.alter_alias, kwargs)
        self._database.alter_alias(alias, collection_name)

    def drop_alias(self, alias: str, timeout: float | None = None, **kwargs: Any) -> None:
        """Remove an alias; nothing happens if there is none."""
        check_options(self.drop_alias, kwargs)
        self._database.drop_alias(alias)

    def describe_alias(self, alias: str, timeout: float | None = None, **kwargs: Any) -> dict[str, str]:
        """The collection that an alias stands for."""
        check_options(self.describe_alias, kwargs)
        return {"alias": alias, "collection_name": self._database.alias_target(alias)}

    def list_aliases(
        self, collection_name: str = "", timeout: float | None = None, **kwargs: Any
    ) -> dict[str, Any]:
        """The aliases of a collection, or all of them."""
        check_options(self.list_aliases, kwargs)
        if not collection_name:
            return {"aliases": self._database.list_aliases()}
        record = self._database.collection(collection_name).describe()
        return {"aliases": list(record.aliases), "collection_name": record.name}
