"""The calls that are more on a server than pymilvus's call of the same name, and those that a server refuses.

Each takes the arguments that the client's call was given, by name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Final, NoReturn, Protocol

from milvus_store_lite import DataType

from ...data import Types, as_server_rows
from ...errors import ParamError
from ...results import WriteResult
from .creation import create_and_insert, create_collection, taking_back_indexes


class Server(Protocol):
    """What a ``RemoteBackend`` offers to these calls."""

    uri: str

    def ask(self, name: str, *args: Any, **kwargs: Any) -> Any: ...
    def use_database(self, db_name: str, **options: Any) -> None: ...


def _write(name: str, server: Server, collection_name: str, data: object, **options: Any) -> Any:
    """Tables and columns go to a server as rows, which are all that pymilvus takes."""

    def types() -> Types:
        described = server.ask("describe_collection", collection_name, timeout=options.get("timeout"))
        return _types((field["name"], field["type"]) for field in described["fields"])

    return server.ask(name, collection_name, as_server_rows(data, types), **options)


def _create_and_insert(
    server: Server,
    collection_name: str,
    data: object,
    schema: Any = None,
    partition_name: str | None = None,
    replace: bool = False,
    batch_size: int | None = None,
    timeout: float | None = None,
    **options: Any,
) -> WriteResult:
    """If a row is refused, the collection is dropped again; with ``replace``, the old one goes at the end."""
    if schema is None:
        raise ParamError(message="create_and_insert() needs a schema")
    return create_and_insert(
        server,
        collection_name,
        as_server_rows(data, lambda: _types((field.name, field.dtype) for field in schema.fields)),
        {"schema": schema, "timeout": timeout, **options},
        replace=replace,
        batch_size=batch_size,
        writing={"partition_name": partition_name or None, "timeout": timeout},
    )


def _create_index(server: Server, collection_name: str, **options: Any) -> None:
    """As on a file, all indexes or none: pymilvus asks for one after the other."""
    with taking_back_indexes(server, collection_name):
        server.ask("create_index", collection_name, **options)


def _use_database(server: Server, db_name: str, **options: Any) -> None:
    server.use_database(db_name, **options)


def _backup(server: Server, target: object, progress: object = None) -> NoReturn:
    raise ParamError(
        message=f"backup({str(target)!r}) copies a file, and {server.uri} is a server: use Milvus Backup"
    )


def _restore(server: Server, backup: object, progress: object = None) -> NoReturn:
    raise ParamError(
        message=f"restore({str(backup)!r}) replaces a file, and {server.uri} is a server: use Milvus Backup, or "
        f"'milvus-store copy' to bring collections of the backup to it"
    )


def _compact(server: Server, collection_name: str, progress: object = None, **options: Any) -> Any:
    if progress is not None:
        raise ParamError(
            message=f"progress is told by a file, and {server.uri} is a server, which compacts in the background: "
            f"get_compaction_state() says how far it is"
        )
    return server.ask("compact", collection_name, **options)


def _build_index(server: Server, collection_name: str, index_name: str, progress: object = None) -> NoReturn:
    raise ParamError(
        message=f"build_index({collection_name!r}, {index_name!r}) builds the index of a file, and {server.uri} "
        f"is a server, which does that by itself: describe_index() says how far it is"
    )


def _for_tenant(server: Server, collection_name: str, tenant: object) -> NoReturn:
    raise ParamError(
        message=f"for_tenant({collection_name!r}, {tenant!r:.80}) confines calls on a file, "
        f"and {server.uri} is a server: use its users, or add the tenant to each filter as a template"
    )


def _types(fields: Iterable[tuple[str, int]]) -> Types:
    """The types of fields, which are pymilvus's, as ours; without those that only newer servers have."""
    return {name: DataType(kind) for name, kind in fields if kind in _KNOWN_TYPES}


_KNOWN_TYPES: Final = frozenset(map(int, DataType))


OWN_CALLS: Final[Mapping[str, Callable[..., Any]]] = {
    "create_collection": create_collection,
    "create_and_insert": _create_and_insert,
    "insert": partial(_write, "insert"),
    "upsert": partial(_write, "upsert"),
    "create_index": _create_index,
    "use_database": _use_database,
    "using_database": _use_database,
    "compact": _compact,
    "backup": _backup,
    "restore": _restore,
    "build_index": _build_index,
    "for_tenant": _for_tenant,
}
"""Name of a call → what it is on a server."""
