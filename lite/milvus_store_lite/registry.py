"""What the program has given names to, in this process. A file and a client of a server give the name alone."""

from __future__ import annotations

from typing import Generic, TypeVar

from .errors import ParamError

Made = TypeVar("Made")


class Registry(Generic[Made]):
    """Named things of one kind; names are the same in upper and lower case. Any thread may use it.

    ``kind``: what one is called, for errors: "a reranker".
    """

    __slots__ = ("_made", "kind")

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._made: dict[str, Made] = {}

    def add(self, name: str, made: Made) -> None:
        """Let ``name`` mean ``made``, whatever it meant before.

        Raises:
            ParamError: it is no name.
        """
        if not isinstance(name, str) or not name:
            raise ParamError(
                message=f"the name of {self.kind} must be a str that is not empty, got {name!r:.80}"
            )
        self._made[name.lower()] = made

    def remove(self, name: str) -> None:
        """Forget what ``name`` means, if it means something."""
        self._made.pop(name.lower(), None)

    def names(self) -> list[str]:
        """The names that mean something, in lower case and in alphabetical order."""
        return sorted(self._made)

    def get(self, name: object) -> Made | None:
        """What ``name`` means; None for nothing."""
        return self._made.get(name.lower()) if isinstance(name, str) else None


def check_callable(what: str, given: object) -> None:
    """Raise ``ParamError`` unless ``given``, which is called ``what``, can be called."""
    if not callable(given):
        raise ParamError(message=f"{what} must be callable, got {type(given).__name__}")
