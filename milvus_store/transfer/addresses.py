"""What the two ends of a transfer name: which kind of store, and how it is opened."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from milvus_store_lite import NotADatabaseError

from ..backends.address import is_server, local_path
from ..backends.lite_data import LiteData, lite_data_at
from ..extras import import_extra
from .files import FileStore
from .stores import Source, Target

if TYPE_CHECKING:
    from .servers import ServerStore


def open_source(address: str, db: str = "", *, token: str = "") -> Source:
    """The store at ``address``, to be read.

    Raises:
        MilvusException: it cannot be opened.
        MissingExtraError: what reads its kind is not installed.
    """
    if is_server(address):
        return _server(address, db, token)
    path = local_path(address)
    try:
        return FileStore.open(path, db, must_exist=True)
    except NotADatabaseError:
        kind = lite_data_at(path)  # asked of strangers alone: it opens what is there by SQLite's own means
        if kind is None:
            raise
    import_extra("pymilvus", "data of Milvus Lite")
    if kind is LiteData.FILE:
        from .lite_files import LiteFile  # reads messages of pymilvus

        return LiteFile(path)
    from .lite_folders import LiteFolder

    return LiteFolder.open_folder(path, db)


def open_target(address: str, db: str = "", *, token: str = "", dry_run: bool = False) -> Target:
    """The store at ``address``, to be written; a file is made if there is none.

    Raises:
        NotADatabaseError: it is data of Milvus Lite, which can only be read.
    """
    if is_server(address):
        return _server(address, db, token)
    path = local_path(address)
    if dry_run and not Path(path).exists():
        return FileStore.open(":memory:")
    try:
        return FileStore.open(path, db)
    except NotADatabaseError as error:
        kind = lite_data_at(path)
        if kind is None:
            raise
        message = f"{path} is {kind.value}, which is only read: choose another target"
        raise NotADatabaseError(message=message) from error


def local_file(address: str) -> str | None:
    """The path of a file that is named, None for a server."""
    return None if is_server(address) else local_path(address)


def _server(address: str, db: str, token: str) -> ServerStore:
    import_extra("pymilvus", f"servers such as {address!r}")
    from .servers import ServerStore  # pymilvus is not needed for files

    return ServerStore.open(address, db, token=token)
