"""The plugin for Datasette, which finds it by its entry point.

Datasette's pages list what ``sqlite_master`` has, and temporary views are not in it. So each view is a query of
its own on the page of the database as well.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable
from typing import Any

from milvus_store.extras import require_extra

from .connections import prepare
from .made_views import made_views, quoted

require_extra("datasette", "plugins of Datasette")

from pluggy import HookimplMarker  # noqa: E402

hookimpl = HookimplMarker("datasette")

Queries = dict[str, dict[str, str]]


@hookimpl
def prepare_connection(conn: sqlite3.Connection) -> None:
    """Make a file of ours readable; called for every connection of Datasette."""
    prepare(conn)


@hookimpl
def canned_queries(datasette: Any, database: str) -> Callable[[], Awaitable[Queries]]:
    """A query for each view of the database."""

    async def queries() -> Queries:
        names: list[str] = await datasette.get_database(database).execute_fn(made_views)
        return {name: {"sql": f"select * from {quoted(name)}"} for name in names}

    return queries
