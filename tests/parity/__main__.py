"""Writes ``docs/parity.md``: ``python -m tests.parity``."""

from __future__ import annotations

import tempfile
from pathlib import Path

from .page import PAGE, page
from .table import table

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        found = table(Path(scratch))
    for entry in found.missing:
        print(f"no program uses {entry}")
    PAGE.write_text(page(found), encoding="utf-8")
