"""The kernel: it takes Jupyter's messages, runs statements, and sends tables and errors."""

from __future__ import annotations

import sys
from typing import Any

from ipykernel.kernelbase import Kernel

from milvus_store import __version__

from .completion import complete, inspect
from .errors import CellError
from .parse import is_unfinished, parse
from .python_lines import is_python, run_python, traceback_lines
from .run import run
from .session import Session
from .tables import Output

_RED, _PLAIN = "\x1b[0;31m", "\x1b[0m"


def _flush() -> None:
    """Send printed output now: it could arrive after the cell is done otherwise."""
    sys.stdout.flush()
    sys.stderr.flush()


class MilvusKernel(Kernel):
    """Milvus statements in a notebook."""

    implementation = "milvus_store_kernel"
    implementation_version = __version__
    language = "sql"
    language_version = "0.1"
    language_info = {  # noqa: RUF012  # a trait of the base
        "name": "sql",
        "mimetype": "text/x-sql",
        "codemirror_mode": "sql",
        "pygments_lexer": "sql",
        "file_extension": ".sql",
    }
    banner = (
        f"Milvus statements, milvus-store {__version__}. Begin with ./milvus_demo.db; help lists the rest."
    )
    help_links = [  # noqa: RUF012  # a trait of the base
        {"text": "Milvus filter expressions", "url": "https://milvus.io/docs/boolean.md"}
    ]

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)  # type: ignore[no-untyped-call]
        self.milvus = Session()

    async def do_execute(
        self,
        code: str,
        silent: bool,
        store_history: bool = True,
        user_expressions: dict[str, Any] | None = None,
        allow_stdin: bool = False,
        *,
        cell_meta: dict[str, Any] | None = None,
        cell_id: str | None = None,
    ) -> dict[str, Any]:
        """Run a cell: show the output of each statement, until one fails."""
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "set_parent"):  # output of Python lines belongs to this cell
                stream.set_parent(self.get_parent("shell"))  # type: ignore[no-untyped-call]
        try:
            if is_python(code):
                run_python(code, self.milvus.python_names(), lambda value: self._show_value(value, silent))
            else:
                self._run_statements(code, silent)
        except CellError as error:
            lines = error.shown(code)
            return self._failed(error.name, error.message, [f"{_RED}{lines[0]}{_PLAIN}", *lines[1:]], silent)
        except KeyboardInterrupt:
            return self._failed("KeyboardInterrupt", "interrupted", ["KeyboardInterrupt"], silent)
        except Exception as error:
            # A Python line may raise anything, and an error of the kernel itself must not end it.
            return self._failed(type(error).__name__, str(error), traceback_lines(error), silent)
        finally:
            _flush()
        return {
            "status": "ok",
            "execution_count": self.execution_count,
            "payload": [],
            "user_expressions": {},
        }

    def _run_statements(self, code: str, silent: bool) -> None:
        script = parse(code)
        for statement in script.statements:
            output = run(statement, self.milvus)
            if output is not None and not silent:
                self._show(output)
        if script.error is not None:
            raise script.error

    def _show(self, output: Output) -> None:
        self._send_data({"text/plain": output.plain(), "text/html": output.html()})

    def _show_value(self, value: object, silent: bool) -> None:
        if not silent:
            self._send_data({"text/plain": repr(value)})

    def _send_data(self, data: dict[str, str]) -> None:
        self._send("display_data", {"data": data, "metadata": {}})

    def _send(self, kind: str, content: dict[str, Any]) -> None:
        _flush()  # earlier output comes first
        self.send_response(self.iopub_socket, kind, content)  # type: ignore[no-untyped-call]

    def _failed(self, name: str, message: str, lines: list[str], silent: bool) -> dict[str, Any]:
        content = {"ename": name, "evalue": message, "traceback": lines}
        if not silent:
            self._send("error", content)
        return {"status": "error", "execution_count": self.execution_count, **content}

    async def do_complete(self, code: str, cursor_pos: int | None) -> dict[str, Any]:
        """Keywords, collections, fields and parameters that are allowed at the cursor."""
        cursor = len(code) if cursor_pos is None else cursor_pos
        matches, start = ([], cursor) if is_python(code) else complete(code, cursor, self.milvus)
        return {
            "status": "ok",
            "matches": matches,
            "cursor_start": start,
            "cursor_end": cursor,
            "metadata": {},
        }

    async def do_inspect(
        self, code: str, cursor_pos: int | None, detail_level: int = 0, omit_sections: Any = ()
    ) -> dict[str, Any]:
        """A description of the word at the cursor."""
        text = None if is_python(code) else inspect(code, cursor_pos or 0, self.milvus)
        data = {} if text is None else {"text/plain": text}
        return {"status": "ok", "found": text is not None, "data": data, "metadata": {}}

    async def do_is_complete(self, code: str) -> dict[str, Any]:
        """Whether a console should run the text or wait for more."""
        unfinished = not is_python(code) and is_unfinished(code)
        return {"status": "incomplete", "indent": "  "} if unfinished else {"status": "complete"}

    async def do_shutdown(self, restart: bool) -> dict[str, Any]:
        """Close the file, which folds its write-ahead log into it."""
        self.milvus.close()
        return {"status": "ok", "restart": restart}
