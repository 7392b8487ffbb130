"""What pymilvus asks for the address of a path, with the methods of Milvus Lite's own manager."""

from __future__ import annotations

import atexit
import os
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .servers import Servers


class ServerManager:
    """Addresses at which pymilvus reaches files. The servers are imported with the first of them."""

    def start_and_get_uri(self, path: str | os.PathLike[str], args: dict[str, Any] | None = None) -> str:
        """The address of a server of the file at ``path``, which is made if it does not exist.

        Raises:
            pymilvus.exceptions.ConnectionConfigException: the file cannot be opened, or is Milvus Lite's.
        """
        from pymilvus.exceptions import ConnectionConfigException

        from ..errors import MilvusException

        try:
            return _servers().address(os.fspath(path))
        except MilvusException as error:
            # What programs of pymilvus catch.
            raise ConnectionConfigException(code=error.code, message=error.message) from error

    def release_server(self, path: str | os.PathLike[str]) -> None:
        """Close the file at ``path``, if it is open here."""
        _servers().release(os.fspath(path))

    def release_all(self) -> None:
        """Close all files that were opened here."""
        _servers().close()


def _servers() -> Servers:
    from .servers import SERVERS

    return SERVERS.own


@atexit.register
def _close_at_exit() -> None:
    """Registered here, to run after the handlers of a program that imports this first, and before the engine
    closes its files."""
    if f"{__package__}.servers" in sys.modules:
        _servers().close_at_exit()
