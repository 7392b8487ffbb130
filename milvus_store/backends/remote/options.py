"""What pymilvus takes to connect to a server, beside what a file takes too; for type checkers."""

from __future__ import annotations

from typing import Any, TypedDict


class ServerOptions(TypedDict, total=False):
    """The paths are those of PEM files."""

    secure: bool
    server_pem_path: str
    server_name: str
    ca_pem_path: str
    client_pem_path: str
    client_key_path: str
    grpc_options: dict[str, Any]
    keep_alive: bool
    dedicated: bool
