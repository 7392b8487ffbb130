"""A folder of Milvus Lite 3 as a source: Milvus Lite serves it in a process of its own and is read so."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from typing import Final

from .. import MilvusClient
from ..errors import MilvusException, MissingExtraError
from .definitions import CollectionDefinition
from .servers import ServerStore

_SERVE: Final = """
import sys
from milvus_lite.server_manager import ServerManager
manager = ServerManager()
print("uri", manager.start_and_get_uri(sys.argv[1]), flush=True)
sys.stdin.read()  # until the copy is done, or its process is gone
manager.release_all()
"""
_PATIENCE: Final = 60.0


class LiteFolder(ServerStore):
    """
    Args:
        server: the process that serves the folder; it ends with its input.
    """

    def __init__(self, client: MilvusClient, label: str, server: subprocess.Popen[str]) -> None:
        super().__init__(client, label)
        self._server = server

    @classmethod
    def open_folder(cls, path: str, db: str = "") -> LiteFolder:
        """
        Raises:
            MissingExtraError: Milvus Lite is not installed.
            MilvusException: it cannot open the folder.
        """
        if find_spec("milvus_lite") is None:
            raise MissingExtraError(message=f"{path} is a folder of Milvus Lite 3: pip install milvus-lite")
        server = subprocess.Popen(
            [sys.executable, "-c", _SERVE, path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            return cls(MilvusClient(_address(server, path), db_name=db), path, server)
        except BaseException:
            _end(server)
            raise

    def definition(self, name: str) -> CollectionDefinition:
        """Milvus Lite does not keep what was loaded, and its server was started for this alone."""
        self.client.load_collection(name)
        return super().definition(name)

    def snapshots(self, name: str) -> list[str]:
        """Milvus Lite has none."""
        return []

    def close(self) -> None:
        super().close()
        _end(self._server)


def _address(server: subprocess.Popen[str], path: str) -> str:
    assert server.stdout is not None
    for line in server.stdout:
        kind, _, uri = line.strip().partition(" ")
        if kind == "uri" and uri != "None":
            return uri
        if kind == "uri":
            break
    _, told = server.communicate(timeout=_PATIENCE)
    reason = told.strip().splitlines()[-1:] or ["it does not say why"]
    raise MilvusException(message=f"Milvus Lite cannot open {path}: {reason[0]}")


def _end(server: subprocess.Popen[str]) -> None:
    server.communicate(timeout=_PATIENCE)  # which closes its input
