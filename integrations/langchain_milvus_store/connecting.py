"""``connection_args``: the client's arguments, by today's names and those of older versions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from milvus_store import MilvusClient, MilvusException

DEFAULT_URI: Final = "./milvus_demo.db"
DEFAULT_HOST: Final = "localhost"
DEFAULT_PORT: Final = 19530
_NO_WORDS: Final = (
    "url", "path", "file", "filename", "db", "db_path", "db_file", "database", "location", "persist_directory"
)  # fmt: skip
"""Other stores' words for the address of their data."""


def connected(given: Mapping[str, Any] | None) -> MilvusClient:
    """A client by ``connection_args``.

    Raises:
        ValueError: as ``client_arguments`` does.
        MilvusException: the file cannot be opened, or the server not be reached.
    """
    arguments = client_arguments(given)
    try:
        return MilvusClient(**arguments)
    except MilvusException as error:
        if not (given or {}).get("uri") and arguments["uri"] != DEFAULT_URI:
            hint = (
                f"{arguments['uri']} is a server; for a file give connection_args={{'uri': '{DEFAULT_URI}'}}"
            )
            error.message = f"{error.message}; {hint}"
            error.args = (error.code, error.message)
        raise


def client_arguments(given: Mapping[str, Any] | None) -> dict[str, Any]:
    """The client's arguments: ``host`` and ``port``, or ``address``, become a ``uri``, with ``secure`` https.

    Raises:
        ValueError: the address is given twice, or by a word that this store does not know.
    """
    arguments = dict(given or {})
    for word in _NO_WORDS:
        if word in arguments:
            raise ValueError(
                f"connection_args: {word!r} is not an argument of this store, got {arguments[word]!r}: name the "
                f"file or the server as 'uri', {{'uri': './milvus_demo.db'}} or {{'uri': 'http://localhost:19530'}}"
            )
    names = [word for word in ("uri", "address", "host", "port") if arguments.get(word) is not None]
    named = {word: arguments.pop(word, None) for word in ("address", "host", "port")}
    if not names:
        return {"uri": DEFAULT_URI, **arguments}
    if len(names) > 1 and names != ["host", "port"]:
        raise ValueError(
            f"connection_args give the address as {' and as '.join(map(repr, names))}: give one of them, "
            "such as 'uri'"
        )
    if names != ["uri"]:
        address = named["address"] or f"{named['host'] or DEFAULT_HOST}:{_port(named['port'])}"
        scheme = "https" if arguments.pop("secure", False) else "http"
        arguments["uri"] = address if "://" in address else f"{scheme}://{address}"
    return arguments


def _port(given: Any) -> int:
    try:
        port = DEFAULT_PORT if given is None else int(given)
    except (TypeError, ValueError):
        port = -1
    if not 0 < port < 65_536:
        raise ValueError(f"connection_args: port must be a number from 1 to 65535, got {given!r}")
    return port
