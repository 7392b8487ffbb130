"""Which store a folder or a file is of, and how its records are opened."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from ...errors import DataNotMatchException
from ...extras import import_extra
from ..records import Records
from .chroma_folders import SQLITE, ChromaRecords
from .postgres_dumps import PgvectorRecords
from .qdrant_folders import CONFIG, QdrantRecords

STORES: Final = ("chroma", "lancedb", "qdrant", "faiss", "pgvector")

_PLAIN_DUMP: Final = b"--\n-- Postgre"
"""As much of its first lines as is looked at."""
_OTHER_DUMP: Final = b"PGDMP"
_LANCE: Final = ".lance"


def store_of_folder(folder: Path) -> str | None:
    """The store that a folder is of, None where none is known."""
    if (folder / SQLITE).is_file():
        return "chroma"
    if (folder / CONFIG).is_file() and (folder / "collection").is_dir():
        return "qdrant"
    if folder.suffix == _LANCE or any(folder.glob(f"*{_LANCE}")):
        return "lancedb"
    return "faiss" if any(folder.glob("*.faiss")) else None


def store_of_file(path: str, beginning: bytes) -> str | None:
    """The store that a file is of, from its first bytes; None where none is known.

    Raises:
        DataNotMatchException: it is a dump that only PostgreSQL's own programs can read.
    """
    if beginning.startswith(_OTHER_DUMP):
        raise DataNotMatchException(
            message=f"{path} is a dump of PostgreSQL in its custom format: pg_restore -f dump.sql {path} makes a "
            "plain one of it, which can be read"
        )
    return "pgvector" if beginning.replace(b"\r\n", b"\n").startswith(_PLAIN_DUMP) else None


def open_store(kind: str, path: str, wanted: str | None) -> Records:
    """
    Raises:
        DataNotMatchException: the store is damaged, or is none.
        ParamError: it has no such collection, or it has several and none is named.
        MissingExtraError: the package that reads it is not installed.
    """
    if kind == "chroma":
        return ChromaRecords(path, wanted)
    if kind == "qdrant":
        return QdrantRecords(path, wanted)
    if kind == "pgvector":
        return PgvectorRecords(path, wanted)
    if kind == "faiss":
        from .faiss_folders import FaissRecords  # faiss is slow to import

        return FaissRecords(path, wanted)
    import_extra("pyarrow", "LanceDB folders")
    from .lancedb_folders import LancedbRecords

    return LancedbRecords(path, wanted)
