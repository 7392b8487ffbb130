from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from milvus_store_kernel.errors import CellError
from milvus_store_kernel.parse import parse
from milvus_store_kernel.run import run
from milvus_store_kernel.session import Session
from milvus_store_kernel.tables import Output, Table

Run = Callable[[str], list[Output]]


@pytest.fixture
def session(path: Path) -> Iterator[Session]:
    """A session that has a new file open."""
    session = Session()
    session.connect(str(path))
    yield session
    session.close()


@pytest.fixture
def cell(session: Session) -> Run:
    """Run a cell: what its statements show; raises ``CellError``."""

    def do(text: str) -> list[Output]:
        script = parse(text)
        shown = [run(statement, session) for statement in script.statements]
        if script.error is not None:
            raise script.error
        return [output for output in shown if output is not None]

    return do


@pytest.fixture
def rows(cell: Run) -> Callable[[str], list[tuple[object, ...]]]:
    """The rows of the table that the last statement of a cell shows."""

    def do(text: str) -> list[tuple[object, ...]]:
        table = cell(text)[-1]
        assert isinstance(table, Table)
        return [tuple(row) for row in table.rows]

    return do


@pytest.fixture
def fault(session: Session) -> Callable[[str], CellError]:
    """The error of a cell's first statement that has one."""

    def do(text: str) -> CellError:
        script = parse(text)
        try:
            for statement in script.statements:
                run(statement, session)
        except CellError as error:
            return error
        assert script.error is not None, f"{text!r} has no fault"
        return script.error

    return do
