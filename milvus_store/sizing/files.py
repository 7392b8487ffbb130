"""Where the bytes of a database file are."""

from __future__ import annotations

from pathlib import Path

import milvus_store_lite as engine
from milvus_store_lite import IN_MEMORY, FileSizes, ParamError

from ..backends.address import is_server, local_path


def file_sizes(path: str | Path) -> FileSizes:
    """The sizes of the tables, fields and indexes of the database file at ``path``, which others may use, and
    the memory of a process that searches it.

    >>> import tempfile
    >>> from milvus_store import MilvusClient
    >>> from milvus_store.sizing import file_sizes
    >>> path = f"{tempfile.mkdtemp()}/demo.db"
    >>> with MilvusClient(path) as client:
    ...     client.create_collection("docs", dimension=4)
    >>> [(each.name, each.rows) for each in file_sizes(path).collections]
    [('docs', 0)]

    Raises:
        ParamError: it is the address of a server or in memory.
        NotADatabaseError, DatabaseFormatError, DatabaseCorruptError: it is no database file, or cannot be read.
    """
    if is_server(path) or str(path) == IN_MEMORY:
        raise ParamError(message=f"{path} is no file; expected the path of a database file")
    return engine.file_sizes(local_path(path))
