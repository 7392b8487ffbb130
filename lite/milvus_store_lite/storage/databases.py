"""The table of databases: statements over a connection that is already inside a transaction."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from typing import Any


def exists(connection: sqlite3.Connection, name: str) -> bool:
    found = connection.execute("SELECT 1 FROM databases WHERE name = ?", (name,)).fetchone()
    return found is not None


def names(connection: sqlite3.Connection) -> list[str]:
    """All names, oldest first."""
    return [name for (name,) in connection.execute("SELECT name FROM databases ORDER BY id")]


def properties(connection: sqlite3.Connection, name: str) -> dict[str, Any] | None:
    """The properties of a database, None if there is none of this name."""
    row = connection.execute("SELECT properties FROM databases WHERE name = ?", (name,)).fetchone()
    return None if row is None else dict(json.loads(row[0]))


def add(connection: sqlite3.Connection, name: str, properties: Mapping[str, Any]) -> None:
    connection.execute(
        "INSERT INTO databases (name, properties) VALUES (?, ?)", (name, json.dumps(properties))
    )


def set_properties(connection: sqlite3.Connection, name: str, properties: Mapping[str, Any]) -> None:
    """Change the properties of a database; they are part of what its collections are defined by."""
    connection.execute("UPDATE databases SET properties = ? WHERE name = ?", (json.dumps(properties), name))
    connection.execute(
        "UPDATE collections SET version = version + 1"
        " WHERE database_id = (SELECT id FROM databases WHERE name = ?)",
        (name,),
    )


def remove(connection: sqlite3.Connection, name: str) -> None:
    """Remove a database that has no collections."""
    connection.execute("DELETE FROM databases WHERE name = ?", (name,))
