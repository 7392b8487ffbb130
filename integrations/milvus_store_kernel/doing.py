"""What each kind of statement does: a function that registers for it."""

from __future__ import annotations

from functools import singledispatch

from . import statements as said
from .session import Session
from .statements import Statement
from .tables import Output


@singledispatch
def do(statement: Statement, session: Session) -> Output | None:
    """What ``statement`` shows; None if it has nothing to say."""
    raise NotImplementedError(type(statement).__name__)


@do.register
def _connect(statement: said.Connect, session: Session) -> None:
    session.connect(statement.uri)
