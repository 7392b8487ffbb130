"""Calls about databases: separate sets of collections inside the one file."""

from __future__ import annotations

from typing import Any

from .alterations import as_keys
from .calls import Calls, call


class DatabaseCalls(Calls):
    @call
    def create_database(
        self,
        db_name: str,
        properties: dict[str, Any] | None = None,
        timeout: float | None = None,
        **kwargs: Any,
    ) -> None:
        """Make an empty database in the file, for ``use_database`` or ``MilvusClient(db_name=...)``.

        Raises:
            MilvusException: the name is taken, or there are 64 already.
        """
        self._file.create_database(db_name, properties)

    @call
    def drop_database(self, db_name: str, **kwargs: Any) -> None:
        """Remove a database that holds no collections.

        Raises:
            DatabaseNotExistException: the file has no database of this name.
            ParamError: it is the default database, or holds collections.
        """
        self._file.drop_database(db_name)

    @call
    def list_databases(self, timeout: float | None = None, **kwargs: Any) -> list[str]:
        """Names of the databases in the file, ``default`` first."""
        return self._file.list_databases()

    @call
    def describe_database(self, db_name: str, **kwargs: Any) -> dict[str, Any]:
        """Name and properties of a database."""
        return {"name": db_name, **self._file.database_properties(db_name)}

    @call
    def alter_database_properties(self, db_name: str, properties: dict[str, Any], **kwargs: Any) -> None:
        """Set properties of a database; those that are not named stay as they are."""
        self._file.alter_database_properties(db_name, properties)

    @call
    def drop_database_properties(self, db_name: str, property_keys: list[str], **kwargs: Any) -> None:
        """Remove properties of a database."""
        self._file.drop_database_properties(db_name, as_keys(property_keys))

    @call
    def use_database(self, db_name: str, **kwargs: Any) -> None:
        """Let the calls of this client go to another database of the file from here on.

        Raises:
            DatabaseNotExistException: the file has no database of this name; the client stays where it was.
        """
        self._local = self._local.using(db_name)

    @call
    def using_database(self, db_name: str, **kwargs: Any) -> None:
        """``use_database`` by its older name."""
        self.use_database(db_name)
