"""What turns texts into vectors in this process, by name.

A schema keeps the name alone. What code that is no file decides and no client of a server: the program does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from ..errors import ParamError
from ..registry import Registry, check_callable

Embed = Callable[..., Any]
"""Takes a list of texts, and as keywords the params of the function but ``provider`` and ``dim``; returns as many
vectors, as lists or as an array."""

BATCH_SIZE: Final = 128


@dataclass(frozen=True, slots=True)
class Embedder:
    """``embed_query``: for the texts of a search. ``batch_size``: the most texts of one call."""

    embed: Embed
    embed_query: Embed
    batch_size: int = BATCH_SIZE


_EMBEDDERS: Final[Registry[Embedder]] = Registry("an embedding")
_CREDENTIALS: Final[dict[str, str]] = {}


def register(
    name: str, embed: Embed, *, embed_query: Embed | None = None, batch_size: int = BATCH_SIZE
) -> None:
    """Let functions with ``params={"provider": name}`` embed by ``embed``, in this process.

    A name that is registered already gets the new callable, and so does the name of a hosted service.

    Args:
        embed: takes a list of texts and returns a vector for each, as lists or an array. It may be called by
            several threads at once.
        embed_query: the same for the texts of a search, where a model tells them from documents.
        batch_size: the most texts of one call.

    Raises:
        ParamError: an argument is of another type.
    """
    for argument, given in (("embed", embed), ("embed_query", embed_query or embed)):
        check_callable(f"{argument} of embedding {name!r:.80}", given)
    if isinstance(batch_size, bool) or not isinstance(batch_size, int) or batch_size < 1:
        raise ParamError(
            message=f"batch_size of embedding {name!r} must be an int of at least 1, got {batch_size!r}"
        )
    _EMBEDDERS.add(name, Embedder(embed, embed_query or embed, batch_size))


def unregister(name: str) -> None:
    """Forget what ``name`` stands for, if it stands for something."""
    _EMBEDDERS.remove(name)


def registered() -> list[str]:
    """The names that stand for something in this process, in alphabetical order."""
    return _EMBEDDERS.names()


def embedder(name: str) -> Embedder | None:
    """What ``name`` stands for, None if the process has not said."""
    return _EMBEDDERS.get(name)


def register_credential(label: str, key: str) -> None:
    """Let functions with ``params={"credential": label}`` use the API key ``key``, in this process."""
    for what, given in (("the label", label), ("the key", key)):
        if not isinstance(given, str) or not given:
            raise ParamError(message=f"{what} of a credential must be a str that is not empty")
    _CREDENTIALS[label] = key


def credential(label: str) -> str | None:
    """The API key of ``label``, None if the process has not given it."""
    return _CREDENTIALS.get(label)
