"""How commands print: sizes for people, JSON for programs."""

from __future__ import annotations

import json
import os
from typing import Any


def print_json(value: Any, *, on_one_line: bool = False) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=None if on_one_line else 2))


def size_on_disk(path: str) -> int:
    """Bytes of the database at ``path``, with its write-ahead log."""
    return os.path.getsize(path) + log_size(path)


def log_size(path: str) -> int:
    """Bytes of the write-ahead log of the database at ``path``."""
    log = os.path.realpath(path) + "-wal"
    return os.path.getsize(log) if os.path.exists(log) else 0


def shown_size(size: int) -> str:
    """``size`` bytes for people: ``12.3 MB``."""
    if size < 1000:
        return f"{size} bytes"
    amount, unit = size / 1000, "kB"
    for larger in ("MB", "GB", "TB"):
        if amount < 999.95:
            break
        amount, unit = amount / 1000, larger
    return f"{amount:.1f} {unit}"


def counted(count: int, noun: str) -> str:
    """``1 row``, ``2,000 rows``."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
