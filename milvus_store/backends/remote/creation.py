"""Making collections on a server, which has no transactions: what a call that failed has made is taken back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol
from uuid import uuid4

from ...errors import CollectionExistsError, MilvusException
from ...results import LoadState, WriteResult

_LONGEST_NAME = 255


class Server(Protocol):
    """What answers pymilvus's calls by their names."""

    def ask(self, name: str, *args: Any, **kwargs: Any) -> Any: ...


@contextmanager
def taking_back(server: Server, name: str, index_params: Any) -> Iterator[None]:
    """Drop the collection ``name`` if the block fails to make it with all of ``index_params`` and to load it.

    A collection that existed before stays, and so does one that another client has made by then, as its rows or
    its indexes show.
    """
    was_there = server.ask("has_collection", name)
    try:
        yield
    except BaseException:
        if not was_there:
            _drop_unfinished(server, name, 1 if index_params is None else len(index_params))
        raise


@contextmanager
def taking_back_indexes(server: Server, name: str) -> Iterator[None]:
    """Drop the indexes of collection ``name`` that the block made before it failed; the error names what stays."""
    existing = set(server.ask("list_indexes", name))
    try:
        yield
    except BaseException as error:
        try:
            for index in server.ask("list_indexes", name):
                if index not in existing:
                    server.ask("drop_index", name, index)
        except MilvusException as refused:
            _add(error, f"indexes made before it may stay: {refused.message}")
        raise


def create_collection(server: Server, collection_name: str, **options: Any) -> None:
    """Create a collection; if the server refuses its index, or to load it, drop it again, as a file does."""
    with taking_back(server, collection_name, options.get("index_params")):
        server.ask("create_collection", collection_name, **options)


def create_and_insert(
    server: Server,
    name: str,
    rows: list[dict[str, Any]],
    options: dict[str, Any],
    *,
    replace: bool,
    batch_size: int | None,
    writing: dict[str, Any],
) -> WriteResult:
    """Make a collection by ``options`` and insert ``rows`` by ``writing``.

    With ``replace`` a collection beside the old one is filled, and takes its name at the end.

    Raises:
        CollectionExistsError: there is one, and it is not to be replaced.
    """
    replaced = server.ask("has_collection", name)
    if replaced and not replace:
        raise CollectionExistsError(message=f"collection or alias {name!r} already exists")
    target = f"{name[: _LONGEST_NAME - 9]}_{uuid4().hex[:8]}" if replaced else name
    create_collection(server, target, **options)
    is_loaded = _is_loaded(server, target)
    ids: list[Any] = []
    try:
        size = batch_size or max(1, len(rows))
        for start in range(0, len(rows), size):
            ids += server.ask("insert", target, rows[start : start + size], **writing)["ids"]
        if replaced:
            server.ask("drop_collection", name)
    except BaseException as error:
        _drop_own(server, target, len(ids), error)
        raise
    if replaced:
        server.ask("rename_collection", target, name)
        if is_loaded and not _is_loaded(server, name):
            server.ask("load_collection", name)
    return WriteResult({"insert_count": len(rows), "ids": ids, "cost": 0})


def _drop_own(server: Server, name: str, stored: int, error: BaseException) -> None:
    """Drop the collection that a call has made and that holds ``stored`` rows of it; ``error`` ended the call.

    When two clients make the same collection at the same moment, the server tells both that it is theirs. So a
    collection with more rows than this call's stays.
    """
    try:
        if _count(server, name) <= stored:
            server.ask("drop_collection", name)
            return
        reason = "it has rows of others"
    except MilvusException as refused:
        reason = refused.message
    _add(error, f"collection {name!r} stays, with {stored} rows of this call: {reason}")


def _add(error: BaseException, left: str) -> None:
    """Add to the message of ``error``, if it is one of ours, what is ``left`` behind."""
    if isinstance(error, MilvusException):
        error.message = f"{error.message}; {left}"
        error.args = (error.code, error.message)


def _count(server: Server, name: str) -> int:
    if not _is_loaded(server, name):
        return int(server.ask("get_collection_stats", name)["row_count"])
    (row,) = server.ask("query", name, output_fields=["count(*)"], consistency_level="Strong")
    return int(row["count(*)"])


def _drop_unfinished(server: Server, name: str, indexes: int) -> None:
    try:
        if server.ask("get_collection_stats", name)["row_count"]:
            return
        if len(server.ask("list_indexes", name)) < indexes or not _is_loaded(server, name):
            server.ask("drop_collection", name)
    except MilvusException:
        return  # no such collection, or no server: the block's own error says more


def _is_loaded(server: Server, name: str) -> bool:
    return bool(server.ask("get_load_state", name)["state"] == LoadState.Loaded)
