"""Data of Milvus Lite where a file of ours is expected: recognised, and left alone."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from ..errors import NotADatabaseError


def refuse_lite_data(path: str, error: NotADatabaseError) -> None:
    """Raise an error that says so, if the data at ``path`` are Milvus Lite's.

    Args:
        error: why the engine could not open ``path``.
    """
    kind = "a folder of Milvus Lite 3" if _is_folder(Path(path)) else ""
    kind = kind or ("a file of Milvus Lite 2" if _is_file(path) else "")
    if kind:
        raise NotADatabaseError(
            message=f"{path} is {kind}, and milvus_store.pymilvus serves files of milvus-store: choose another "
            "path, or open it with Milvus Lite after milvus_store.pymilvus.uninstall() and insert its rows anew"
        ) from error


def _is_folder(path: Path) -> bool:
    return (path / "collections").is_dir() or (path / "databases").is_dir()


def _is_file(path: str) -> bool:
    """Whether a file has the table in which Milvus Lite 2 describes its collections. It is only read."""
    if not Path(path).is_file():
        return False
    try:
        connection = sqlite3.connect(f"{Path(path).as_uri()}?mode=ro", uri=True)
    except sqlite3.Error:
        return False
    try:
        asked = connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'collection_meta'")
        return bool(asked.fetchone()[0])
    except sqlite3.Error:
        return False
    finally:
        connection.close()
