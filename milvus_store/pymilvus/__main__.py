"""``python -m milvus_store.pymilvus PROGRAM``: a program that one cannot edit, on the files of milvus-store.

The program runs as it always does, with one folder more on PYTHONPATH (see ``startup/sitecustomize.py``). The
programs that it starts inherit that, so a server's worker processes are served as well.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

STARTUP: Final = str(Path(__file__).parent / "startup")

_USAGE: Final = """\
usage: python -m milvus_store.pymilvus PROGRAM [ARGUMENT ...]
       python -m milvus_store.pymilvus -m MODULE [ARGUMENT ...]
       python -m milvus_store.pymilvus --startup

Runs PROGRAM, a file of Python or a command, so that every path which pymilvus opens in it is a file of
milvus-store.
--startup prints the folder that does so for any program which has it on PYTHONPATH."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Become the program that ``arguments`` (by default those of the process) name.

    Returns:
        An exit code, where there is no such program or where no process can become another one.
    """
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    if not arguments or arguments[0] in ("-h", "--help"):
        print(_USAGE)
        return 0 if arguments else 2
    if arguments[0] == "--startup":
        print(STARTUP)
        return 0
    command = command_of(arguments)
    if command is None:
        print(f"milvus_store.pymilvus: error: there is no program {arguments[0]!r}", file=sys.stderr)
        return 2
    environment = with_startup(os.environ)
    if os.name == "posix":
        os.execve(command[0], command, environment)
    return subprocess.call(command, env=environment)  # elsewhere a new process is all that ``exec`` makes


def command_of(arguments: Sequence[str]) -> list[str] | None:
    """The command that runs ``arguments``: options of Python, a file of Python, or the name of a command, first of
    those that belong to this Python. None if there is no such program."""
    program = arguments[0]
    if program.startswith("-") or program.endswith((".py", ".pyz")) or Path(program).is_dir():
        return [sys.executable, *arguments]
    own = os.path.dirname(sys.executable)
    found = shutil.which(program, path=os.pathsep.join((own, os.environ.get("PATH", os.defpath))))
    if found is not None:
        return [found, *arguments[1:]]
    return [sys.executable, *arguments] if Path(program).is_file() else None


def with_startup(environment: Mapping[str, str]) -> dict[str, str]:
    """``environment`` in which every Python begins with the folder ``startup``."""
    others = environment.get("PYTHONPATH")
    return {**environment, "PYTHONPATH": os.pathsep.join((STARTUP, others)) if others else STARTUP}


if __name__ == "__main__":
    sys.exit(main())
