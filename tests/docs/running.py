"""Running the blocks of a page as a reader would: from top to bottom, in an empty folder."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import subprocess
import sys
from importlib.metadata import metadata
from pathlib import Path
from typing import Any

from milvus_store_kernel.parse import parse
from milvus_store_kernel.run import run
from milvus_store_kernel.session import Session

from .markdown import Block

ROOT = Path(__file__).parents[2]
_PRINTED = re.compile(r"^\s*print\(.*\)  # (?P<shown>.*)$")
_PRINT = re.compile(r"^\s*print\(")

_MODULES = {
    "python": [],
    "milvus-store": ["-m", "milvus_store"],
    "sqlite-utils": ["-m", "sqlite_utils"],
    "datasette": ["-m", "datasette"],
}
"""Commands → the options by which Python runs them."""


class Reader:
    """Who copies the blocks of one page into one Python session, one shell and one kernel."""

    def __init__(self, page: Path, server: tuple[str, int] | None = None) -> None:
        self._page = page
        self._server = server
        self._names: dict[str, Any] = {"__name__": "__main__"}
        self._session = Session()

    def close(self) -> None:
        self._session.close()
        self._names.clear()

    def run(self, block: Block, shown: str | None) -> None:
        """Run ``block``. ``shown`` is what the page says that it prints, if it says so in a block of its own."""
        text = self._at_the_server(block.text)
        if block.language == "python":
            printed = self._python(text, block.line)
            expected = shown if shown is not None else _comments(text)
            assert printed == expected, (
                f"line {block.line} prints {printed!r}, and the page shows {expected!r}"
            )
        elif block.language in ("sh", "sql"):
            printed = self._statements(text) if block.language == "sql" else self._shell(text)
            assert shown is None or printed == shown, f"line {block.line} prints:\n{printed}"
        else:
            raise AssertionError(f"line {block.line}: nobody runs {block.language!r}")

    def _at_the_server(self, text: str) -> str:
        """The block with the address of the server that runs beside the tests."""
        if self._server is None:
            return text
        host, port = self._server
        text = text.replace("localhost:19530", f"{host}:{port}")
        return text.replace('host="localhost", port="19530"', f'host="{host}", port="{port}"')

    def _python(self, text: str, line: int) -> str:
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            exec(compile("\n" * (line - 1) + text, str(self._page), "exec"), self._names)
        return printed.getvalue()

    def _statements(self, text: str) -> str:
        script = parse(text)
        assert script.error is None, script.error
        outputs = [run(statement, self._session) for statement in script.statements]
        return "".join(f"{output.plain()}\n" for output in outputs if output is not None)

    def _shell(self, text: str) -> str:
        return "".join(map(self._command, text.splitlines()))

    def _command(self, line: str) -> str:
        words = shlex.split(line, comments=True)
        if not words:
            return ""
        if words[:2] == ["pip", "install"]:
            return _check_requirements(words[2:])
        if words[0] == "make":
            return _check_targets(words[1:])
        command = [sys.executable, *_MODULES[words[0]], *words[1:]]
        result = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
        assert result.returncode == 0, f"{line}: {result.stderr}"
        return result.stdout


def prints(text: str) -> bool:
    return any(map(_PRINT.match, text.splitlines()))


def _comments(text: str) -> str:
    """What the comments beside the calls of ``print`` say that these print."""
    lines = [line for line in text.splitlines() if _PRINT.match(line)]
    matches = [_PRINTED.match(line) for line in lines]
    assert all(matches), f"the page does not show what this prints: {lines}"
    return "".join(f"{match['shown']}\n" for match in matches if match)


def _check_requirements(requirements: list[str]) -> str:
    """An installation is not tried here; what it names must be there."""
    known = set(metadata("milvus-store").get_all("Provides-Extra") or ())
    for one in requirements:
        match = re.fullmatch(r"milvus-store(?:\[(?P<extras>[\w,-]+)\])?", one)
        assert match, f"{one} is not this package"
        extras = set(filter(None, (match["extras"] or "").split(",")))
        assert extras <= known, one
    return ""


def _check_targets(targets: list[str]) -> str:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    return ""
