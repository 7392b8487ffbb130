"""Dispatch from a statement to the function that executes its kind, which registers itself."""

from __future__ import annotations

from functools import singledispatch

from . import statements
from .session import Session
from .statements import Statement
from .tables import Output


@singledispatch
def execute(statement: Statement, session: Session) -> Output | None:
    """Execute ``statement``; returns its output, None if it shows nothing."""
    raise NotImplementedError(type(statement).__name__)


@execute.register
def _connect(statement: statements.Connect, session: Session) -> None:
    session.connect(statement.uri)
