"""Making collections on a server, which has no transactions: what a call that failed has made is taken back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol
from uuid import uuid4

from ..errors import MilvusException
from ..results import LoadState, WriteResult

_LONGEST_NAME = 255


class Server(Protocol):
    """The calls of ``MilvusClient`` that are needed here."""

    def __getattr__(self, name: str) -> Any: ...


@contextmanager
def taking_back(server: Server, name: str) -> Iterator[None]:
    """Drop the collection ``name`` if the block fails and has left it without rows and unloaded.

    A collection that was there before is left alone, and so is one that somebody else has loaded or filled
    meanwhile: one that this block had finished would be loaded.
    """
    was_there = server.has_collection(name)
    try:
        yield
    except BaseException:
        if not was_there:
            _drop_unfinished(server, name)
        raise


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
    """
    replaced = replace and server.has_collection(name)
    target = f"{name[: _LONGEST_NAME - 9]}_{uuid4().hex[:8]}" if replaced else name
    server.create_collection(target, **options)
    try:
        ids: list[Any] = []
        size = batch_size or max(1, len(rows))
        for start in range(0, len(rows), size):
            ids += server.insert(target, rows[start : start + size], **writing)["ids"]
        if replaced:
            server.drop_collection(name)
    except BaseException:
        server.drop_collection(target)
        raise
    if replaced:
        server.rename_collection(target, name)
    return WriteResult({"insert_count": len(rows), "ids": ids, "cost": 0})


def _drop_unfinished(server: Server, name: str) -> None:
    try:
        is_empty = not server.get_collection_stats(name)["row_count"]
        if is_empty and server.get_load_state(name)["state"] != LoadState.Loaded:
            server.drop_collection(name)
    except MilvusException:
        return  # there is none, or the server is gone: the block's own error says more
