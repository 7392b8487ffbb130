"""Data of Milvus Lite where a file of ours is expected: recognised, and left alone."""

from __future__ import annotations

import sqlite3
from enum import Enum
from pathlib import Path

from milvus_store_lite import NotADatabaseError


class LiteData(Enum):
    """The two forms, by what to call them."""

    FOLDER = "a folder of Milvus Lite 3"
    FILE = "a file of Milvus Lite 2"


def lite_data_at(path: str) -> LiteData | None:
    """What of Milvus Lite is at ``path``; None for anything else."""
    if _is_folder(Path(path)):
        return LiteData.FOLDER
    return LiteData.FILE if _is_file(path) else None


def refuse_lite_data(path: str, error: NotADatabaseError) -> None:
    """Raise an error that says how to go on, if the data at ``path`` are Milvus Lite's.

    Args:
        error: why the engine could not open ``path``.
    """
    kind = lite_data_at(path)
    if kind is not None:
        raise NotADatabaseError(
            message=f"{path} is {kind.value}, and no file of milvus-store: 'milvus-store copy {path} NEW_FILE' "
            "makes one of it"
        ) from error


def _is_folder(path: Path) -> bool:
    return (path / "collections").is_dir() or (path / "databases").is_dir()


def _is_file(path: str) -> bool:
    """Whether a file has the table in which Milvus Lite 2 describes its collections. It is only read."""
    if not Path(path).is_file():
        return False
    try:
        connection = sqlite3.connect(f"{Path(path).absolute().as_uri()}?mode=ro", uri=True)
    except sqlite3.Error:
        return False
    try:
        asked = connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'collection_meta'")
        return bool(asked.fetchone()[0])
    except sqlite3.Error:
        return False
    finally:
        connection.close()
