"""Restoring a database file from a backup, without a client of it."""

from __future__ import annotations

from pathlib import Path

from milvus_store_lite import IN_MEMORY, OnProgress, ParamError, restore_file

from .backends.address import is_server, local_path


def restore(backup: str | Path, target: str | Path, *, progress: OnProgress | None = None) -> None:
    """Check the database file ``backup``, and put a copy of it in the place of ``target``, which may be missing.

    Others may have ``target`` open: their next call raises ``DatabaseReplacedError``, which asks for a new client.
    A process that is ended meanwhile leaves the former file or the restored one, whole.

    >>> import tempfile
    >>> from milvus_store import MilvusClient, restore
    >>> folder = tempfile.mkdtemp()
    >>> with MilvusClient(f"{folder}/demo.db") as client:
    ...     client.create_collection("docs", dimension=2)
    ...     client.backup(f"{folder}/copy.db")
    ...     client.drop_collection("docs")
    >>> restore(f"{folder}/copy.db", f"{folder}/demo.db")
    >>> with MilvusClient(f"{folder}/demo.db") as client:
    ...     client.list_collections()
    ['docs']

    Args:
        progress: is told how many pages are copied and checked. If it raises, that ends the call, and ``target``
            is as it was.

    Raises:
        ParamError: one is the address of a server or in memory, or the two are one file.
        NotADatabaseError: either is no database file. DatabaseFormatError: a newer version wrote the backup.
        DatabaseCorruptError: the backup is damaged, as far as its pages, names and definitions tell.
        DatabaseWriteError: the target cannot be replaced.
    """
    for address in (backup, target):
        if is_server(address) or str(address) == IN_MEMORY:
            raise ParamError(message=f"{address} is no file; expected the path of a database file")
    restore_file(local_path(backup), local_path(target), progress=progress)
