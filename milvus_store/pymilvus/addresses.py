"""Addresses of servers that nobody but this process is to reach.

Sockets in a folder that only its user may enter, where there are such sockets. Elsewhere, that is on Windows and
where the temporary folder has a name that gRPC cannot dial, ports of this machine that ask for a secret.
"""

from __future__ import annotations

import base64
import hmac
import itertools
import os
import re
import secrets
import shutil
import socket
import tempfile
from typing import Final, Protocol

from ..errors import MilvusException
from ..server.service import Admission, Call, Guard

_DIALLED: Final = re.compile(r"[\w/.+-]{1,90}", re.ASCII)
"""A folder whose sockets gRPC can dial: nothing that an address quotes, and short enough for macOS's 104 bytes."""

_USER: Final = "milvus-store"


class Addresses(Protocol):
    """Where servers listen. ``guard``: asks callers for what only this process knows, where others could call."""

    guard: Guard | None

    def free(self) -> str:
        """An address to listen at that was never given before."""
        ...

    def dialled(self, uri: str) -> str:
        """The uri by which pymilvus reaches a server that listens at ``uri``."""
        ...

    def close(self) -> None:
        """Leave nothing behind."""
        ...


def private_addresses() -> Addresses:
    """The kind that this machine has."""
    if hasattr(socket, "AF_UNIX") and os.name == "posix":
        sockets = SocketFolder()
        if _DIALLED.fullmatch(sockets.folder):
            return sockets
        sockets.close()
    return SecretPorts()


class SocketFolder:
    """Unix sockets in a temporary folder of mode 0700."""

    guard: Guard | None = None

    def __init__(self) -> None:
        self.folder = tempfile.mkdtemp(prefix="milvus-store-sockets-")
        self._numbers = itertools.count(1)

    def free(self) -> str:
        return f"unix:{self.folder}/{next(self._numbers)}"

    def dialled(self, uri: str) -> str:
        return uri

    def close(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


class SecretPorts:
    """Ports of 127.0.0.1 with a secret, which pymilvus finds in the uri as a password and sends with each call."""

    def __init__(self) -> None:
        self._secret = secrets.token_urlsafe(32)
        self.guard: Guard | None = _SecretGuard(f"{_USER}:{self._secret}")

    def free(self) -> str:
        return "127.0.0.1:0"

    def dialled(self, uri: str) -> str:
        return uri.replace("http://", f"http://{_USER}:{self._secret}@", 1)

    def close(self) -> None:
        return


class _SecretGuard:
    """Lets in who knows the secret."""

    def __init__(self, secret: str) -> None:
        self._expected = base64.b64encode(secret.encode())

    def admit(self, call: Call, /) -> Admission:
        if not hmac.compare_digest(call.metadata.get("authorization", "").encode(), self._expected):
            # Not by gRPC's UNAUTHENTICATED, which pymilvus reports as a server that it cannot reach.
            raise MilvusException(
                message="this address is private to the process that opened the file; there, leave user, "
                "password and token out: a file asks nobody who he is"
            )
        return Admission()
