"""What pymilvus asks for the uri of a path, with the methods of Milvus Lite's own manager."""

from __future__ import annotations

import os
import sys
from typing import Any, Final

_FILES: Final = f"{__package__}.files"


class ServerManager:
    """Uris by which pymilvus reaches files. What serves them is imported with the first of them."""

    def start_and_get_uri(self, path: str | os.PathLike[str], args: dict[str, Any] | None = None) -> str:
        """The uri of the file at ``path``, which is made if it does not exist.

        Raises:
            pymilvus.exceptions.ConnectionConfigException: the file cannot be opened, or is Milvus Lite's.
        """
        from pymilvus.exceptions import ConnectionConfigException

        from ..errors import MilvusException
        from .dialling import answer_dials
        from .files import FILES

        answer_dials()
        try:
            return FILES.uri(os.fspath(path))
        except MilvusException as error:
            # What programs of pymilvus catch.
            raise ConnectionConfigException(code=error.code, message=error.message) from error

    def release_server(self, path: str | os.PathLike[str]) -> None:
        """Close the file at ``path``, if it is open here."""
        if _FILES in sys.modules:
            from .files import FILES

            FILES.release(os.fspath(path))

    def release_all(self) -> None:
        """Close all files that were opened here, and leave gRPC as it was."""
        if _FILES in sys.modules:
            from .dialling import leave_dials
            from .files import FILES

            FILES.close()
            leave_dials()
