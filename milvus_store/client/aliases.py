"""Calls about aliases: other names of a collection, which may move to another one."""

from __future__ import annotations

from typing import Any

from ..options import options
from .calls import Calls, call, call_taking

_LIST_OPTIONS = options("db_name")


class AliasCalls(Calls):
    @call
    def create_alias(
        self, collection_name: str, alias: str, timeout: float | None = None, **kwargs: Any
    ) -> None:
        """Let ``alias`` be another name of a collection; every call takes it where it takes the name."""
        self._database.create_alias(alias, collection_name)

    @call
    def alter_alias(
        self, collection_name: str, alias: str, timeout: float | None = None, **kwargs: Any
    ) -> None:
        """Let an existing alias stand for another collection, at once for every reader."""
        self._database.alter_alias(alias, collection_name)

    @call
    def drop_alias(self, alias: str, timeout: float | None = None, **kwargs: Any) -> None:
        """Remove an alias; nothing happens if it does not exist."""
        self._database.drop_alias(alias)

    @call
    def describe_alias(self, alias: str, timeout: float | None = None, **kwargs: Any) -> dict[str, str]:
        """The collection that an alias stands for."""
        return {"alias": alias, "collection_name": self._database.alias_target(alias)}

    @call_taking(_LIST_OPTIONS)
    def list_aliases(
        self, collection_name: str = "", timeout: float | None = None, **kwargs: Any
    ) -> dict[str, Any]:
        """The aliases of a collection, or all of them.

        Args:
            db_name: the database, if not the one in use.
        """
        name = kwargs.get("db_name")
        database = self._file.database(name) if name else self._database
        if not collection_name:
            return {"aliases": database.list_aliases()}
        record = database.collection(collection_name).describe()
        return {"aliases": list(record.aliases), "collection_name": record.name}
