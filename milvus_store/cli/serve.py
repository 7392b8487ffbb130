"""``milvus-store serve``: a file as a Milvus server."""

from __future__ import annotations

import argparse
from dataclasses import fields
from typing import Any, Final

from ..server.settings import ServerSettings
from .arguments import Commands

_METAVARS: Final[dict[Any, str]] = {"int": "N", "int | None": "N", "float": "SECONDS"}
"""Type of a setting → what stands for its value in the help."""


def add_to(commands: Commands) -> None:
    command = commands.add_parser(
        "serve",
        help="serve a file as a Milvus server",
        description="Serve a file, which is made if it does not exist, to every client of Milvus.",
        epilog="Each setting can stand in the environment, as MILVUS_STORE_SERVER_PORT, or in the TOML file, "
        "as port = 19530. A flag wins over the environment, and that over the file.",
    )
    command.add_argument("file", metavar="FILE", help="the database file")
    command.add_argument("--config", metavar="FILE", help="a TOML file of settings")
    for one in fields(ServerSettings):
        flag, text = f"--{one.name.replace('_', '-')}", one.metadata["help"]
        if one.type == "bool":
            command.add_argument(flag, action=argparse.BooleanOptionalAction, default=None, help=text)
        else:
            shown = "" if one.default in (None, "") else f" ({one.default})"
            command.add_argument(flag, metavar=_METAVARS.get(one.type, "TEXT"), help=text + shown)
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from ..server.operations.configuration import settings_from
    from ..server.operations.start import serve

    names = ("config", *(one.name for one in fields(ServerSettings)))
    return serve(arguments.file, settings_from({name: getattr(arguments, name) for name in names}))
