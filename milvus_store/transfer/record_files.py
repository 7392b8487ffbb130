"""Which kind of records a path has, and how they are opened."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from ..errors import ParamError
from ..extras import import_extra
from .other_stores.opening import STORES, open_store, store_of_file, store_of_folder
from .records import Records

FORMATS: Final = ("parquet", "arrow", "jsonl", "json", "csv", "tsv", "numpy", "sqlite", "duckdb", *STORES)

_BEGINNINGS: Final = {
    b"PAR1": "parquet",
    b"ARROW1": "arrow",
    b"SQLite format 3\x00": "sqlite",
    b"\x93NUMPY": "numpy",
    b"PK\x03\x04": "numpy",  # .npz
}
_DUCKDB: Final = b"DUCK"
"""After the checksum of a file's first block."""


def open_records(
    path: str, format: str | None = None, table: str | None = None, from_collection: str | None = None
) -> Records:
    """The records at ``path``.

    Args:
        table: of a database. from_collection: of another vector store.

    Raises:
        OSError: there is no such file.
        ParamError: there is no such format, or a table or a collection is named that only others have.
        DataNotMatchException: the file or the folder is not what it seemed to be.
        MissingExtraError: what reads the format is not installed.
    """
    if format is not None and format not in FORMATS:
        raise ParamError(message=f"format must be one of {', '.join(FORMATS)}, got {format!r}")
    kind = format or _kind_of(path)
    if table is not None and kind not in ("sqlite", "duckdb"):
        raise ParamError(message=f"table={table!r} is for databases, and {path} is read as {kind}")
    if from_collection is not None and kind not in STORES:
        raise ParamError(
            message=f"from_collection={from_collection!r} is for other vector stores, and {path} is read as {kind}"
        )
    if kind in STORES:
        return open_store(kind, path, from_collection)
    if kind in ("parquet", "arrow", "duckdb"):
        import_extra("pyarrow", "Parquet, Arrow and DuckDB files")
    if kind == "parquet":
        from .arrow_files import ParquetRecords

        return ParquetRecords(path)
    if kind == "arrow":
        from .arrow_files import FeatherRecords

        return FeatherRecords(path)
    if kind == "duckdb":
        from .duckdb_files import DuckdbRecords

        return DuckdbRecords(path, table)
    if kind == "sqlite":
        from .databases import SqliteRecords

        return SqliteRecords(path, table)
    if kind == "numpy":
        from .numpy_files import NumpyRecords

        return NumpyRecords(path)
    from .text_files import TextRecords

    return TextRecords(path, None if kind == "text" else kind)


def _kind_of(path: str) -> str:
    """What the beginning of a file, or what is in a folder, says it is."""
    folder = Path(path)
    if folder.is_dir():
        store = "numpy" if any(folder.glob("*.npy")) else store_of_folder(folder)
        if store is None:
            raise ParamError(
                message=f"{path} is no folder that can be imported: it has neither .npy files, nor what Chroma, "
                "LanceDB, Qdrant's local mode or LangChain's FAISS store have in theirs"
            )
        return store
    with open(path, "rb") as file:
        beginning = file.read(16)
    for told, kind in _BEGINNINGS.items():
        if beginning.startswith(told):
            return kind
    if beginning[8:12] == _DUCKDB:
        return "duckdb"
    return store_of_file(path, beginning) or "text"
