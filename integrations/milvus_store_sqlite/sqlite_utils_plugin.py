"""The plugin for sqlite-utils, which finds it by its entry point."""

from __future__ import annotations

import sqlite3

from pluggy import HookimplMarker

from .connections import prepare

hookimpl = HookimplMarker("sqlite_utils")


@hookimpl
def prepare_connection(conn: sqlite3.Connection) -> None:
    """Make a file of ours readable; called for every database that sqlite-utils opens."""
    prepare(conn)
