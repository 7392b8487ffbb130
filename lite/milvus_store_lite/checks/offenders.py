"""Naming the rows that break a rule: how many, and the first few by seq."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Final

_NAMED: Final = 5


def named(connection: sqlite3.Connection, table: str, condition: str) -> str:
    """The rows of ``table`` that satisfy ``condition``, as a message ends; empty if there are none."""
    (count,) = connection.execute(f"SELECT count(*) FROM {table} WHERE {condition}").fetchone()
    if not count:
        return ""
    first = connection.execute(
        f"SELECT seq FROM {table} WHERE {condition} ORDER BY seq LIMIT {_NAMED}"
    ).fetchall()
    return shown(count, [seq for (seq,) in first])


def shown(count: int, seqs: Sequence[int]) -> str:
    """``count`` rows of which ``seqs`` are the first."""
    more = ", …" if count > _NAMED else ""
    return f"{count} row{'s' * (count != 1)} (seq {', '.join(map(str, seqs[:_NAMED]))}{more})"
