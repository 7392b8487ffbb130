"""From the arguments to a command and its exit code.

Exit codes: 0 done, 1 a check found problems or not all rows were recovered, 2 the command failed. The commands are
in modules of their own.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence

from .. import __version__
from ..errors import MilvusException
from . import access, check, copying, importing, indexes, info, maintenance, recover, rows, serve, size
from .progress import Interrupted

FAILED = 2
_INTERRUPTED = 130  # the exit code that shells report for a program ended by Ctrl-C


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that ``arguments`` (by default those of the process) name; returns the exit code."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Texts in a database are any Unicode, terminals are not.
        sys.stdout.reconfigure(errors="backslashreplace")
    parsed = _parser().parse_args(arguments)
    try:
        code: int = parsed.run(parsed)
        sys.stdout.flush()
    except MilvusException as error:
        return _fail(error.message)
    except ImportError as error:
        return _fail(str(error))  # a missing extra, which the message names
    except BrokenPipeError:
        # The reader of the output (head, less) has closed it. Python flushes once more at exit: into nothing.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        return _fail(str(error))
    except Interrupted as interrupted:
        print(f"milvus-store: interrupted: {interrupted}", file=sys.stderr)
        return _INTERRUPTED
    except KeyboardInterrupt:
        return _INTERRUPTED
    return code


def _fail(message: str) -> int:
    print(f"milvus-store: error: {message}", file=sys.stderr)
    return FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="milvus-store",
        description="Inspect, check and maintain the database files of milvus-store.",
        epilog="milvus-store COMMAND --help explains a command.",
    )
    parser.add_argument("--version", action="version", version=f"milvus-store {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for module in (info, size, check, recover, maintenance, indexes, rows, copying, importing, serve, access):
        module.add_to(commands)
    return parser
