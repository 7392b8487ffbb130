"""What a uri names: a file of this machine, or a server."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from milvus_store_lite.errors import ParamError

_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://|unix:")
_FILE_ADDRESS: Final = "milvus:///"
"""Before the path of a file, where an address is wanted: ``milvus:///./milvus_demo.db``."""
SERVER_SCHEMES: Final = ("http", "https", "tcp", "milvus", "unix")


def is_server(uri: object) -> bool:
    """Whether ``uri`` is an address like ``http://localhost:19530`` and no path."""
    return isinstance(uri, str) and _SCHEME.match(uri) is not None and not uri.startswith(_FILE_ADDRESS)


def local_path(uri: object) -> str:
    """The file that ``uri`` names.

    Raises:
        ParamError: it is no path: of the wrong type, or empty.
    """
    path = str(uri).removeprefix(_FILE_ADDRESS)
    if not isinstance(uri, (str, Path)) or not path:
        raise ParamError(message=f"uri must be the path of a database file, got {uri!r}")
    return path


def server_address(uri: str) -> str:
    """The address of a server as pymilvus takes it.

    Raises:
        ParamError: the scheme is none that servers have.
    """
    match = _SCHEME.match(uri)
    scheme = (match.group(1) or "unix").lower() if match else ""
    if scheme not in SERVER_SCHEMES:
        raise ParamError(
            message=f"uri must be a path, or an address that begins with one of "
            f"{', '.join(SERVER_SCHEMES)}, got {uri!r}"
        )
    return f"tcp://{uri[len('milvus://') :]}" if scheme == "milvus" else uri
