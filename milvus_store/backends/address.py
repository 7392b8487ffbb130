"""What a uri names: a file of this machine, or a server."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final, TypeGuard

from milvus_store_lite import ParamError

_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://|unix:")
_HOST: Final = re.compile(
    r"(?:[\w.+-]+:[^@/\\]*@)?"
    r"(?:(?:[A-Za-z0-9_][\w.-]+|\[[0-9A-Fa-f:.]+\]):\d{1,5}"
    r"|localhost|\d{1,3}(?:\.\d{1,3}){3}|\[?[0-9A-Fa-f:]*::[0-9A-Fa-f:.]*\]?"
    r"|(?:[A-Za-z0-9-]+\.)+(?:com|net|cloud))(?:/\w*)?",
    re.IGNORECASE,
)
"""A host without a scheme: its name and a port, or a name that only hosts have, and no database."""
_BAD_SCHEME: Final = re.compile(r"(https?|tcp|grpcs?|milvus):(?!//)/?", re.IGNORECASE)
_HOST_AND_PORT: Final = re.compile(r"(?:\[[^\[\]]+\]|[^:\[\]]+)(?::(.*))?")
_FILE_ADDRESS: Final = "milvus:///"
"""Before the path of a file, where an address is wanted: ``milvus:///./milvus_demo.db``."""
_FILE_SCHEMES: Final = ("file", "sqlite")
SERVER_SCHEMES: Final = ("http", "https", "tcp", "milvus", "unix")


def is_server(uri: object) -> TypeGuard[str]:
    """Whether ``uri`` is an address like ``http://localhost:19530`` and no path."""
    return isinstance(uri, str) and _SCHEME.match(uri) is not None and not uri.startswith(_FILE_ADDRESS)


def local_path(uri: object) -> str:
    """The file that ``uri`` names.

    Raises:
        ParamError: ``uri`` has the wrong type, is empty, or is a server's address without its scheme.
    """
    if isinstance(uri, str):
        _refuse_host(uri.strip())
    path = str(uri).removeprefix(_FILE_ADDRESS)
    if not isinstance(uri, (str, Path)) or not path:
        raise ParamError(message=f"uri must be the path of a database file, got {uri!r}")
    return path


def server_address(uri: str) -> str:
    """The address of a server as pymilvus takes it.

    Raises:
        ParamError: servers do not have this scheme, the host is missing, or the port is not possible.
    """
    match = _SCHEME.match(uri)
    scheme = (match.group(1) or "unix").lower() if match else ""
    if scheme not in SERVER_SCHEMES:
        rest = uri.partition("://")[2]
        better = rest if scheme in _FILE_SCHEMES else f"http://{rest}"
        raise ParamError(
            message=f"uri must be a path, or an address that begins with one of "
            f"{', '.join(SERVER_SCHEMES)}, got {uri!r}; did you mean {better!r}?"
        )
    if scheme != "unix":
        _check_host_and_port(uri)
    return f"tcp://{uri[len('milvus://') :]}" if scheme == "milvus" else uri


def _refuse_host(uri: str) -> None:
    """Raise ParamError for what can hardly be meant as a file: ``localhost:19530``, ``http:/localhost``."""
    scheme = _BAD_SCHEME.match(uri)
    if scheme is None and not _HOST.fullmatch(uri):
        return
    host = uri if scheme is None else uri[scheme.end() :]
    raise ParamError(
        message=f"uri {uri!r} looks like a server without its scheme: expected 'http://{host}'; a file of this "
        f"name would be './{uri}'"
    )


def _check_host_and_port(uri: str) -> None:
    """Raise ParamError unless ``uri`` names a host, and a port, if any, from 1 to 65535."""
    authority = re.split("[/?#]", uri.split("://", 1)[1], maxsplit=1)[0].rpartition("@")[2]
    match = _HOST_AND_PORT.fullmatch(authority)
    if match is None:
        raise ParamError(message=f"uri must have a host, such as localhost:19530, got {uri!r}")
    port = match[1]
    if port is not None and not (
        port.isascii() and port.isdecimal() and len(port) <= 5 and 0 < int(port) < 65536
    ):
        raise ParamError(message=f"the port of a uri must be 1 to 65535, got {port!r:.80} in {uri!r:.200}")
