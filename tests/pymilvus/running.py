"""Programs of pymilvus in processes of their own, which know nothing of milvus-store."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PROGRAMS = Path(__file__).parent / "programs"


def run(*command: str, env: dict[str, str] | None = None, cwd: Path | None = None) -> str:
    """What this Python prints for ``command``, which must succeed."""
    done = subprocess.run(
        [sys.executable, *command],
        env={**os.environ, **(env or {})},
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def run_served(*command: str, cwd: Path | None = None) -> str:
    """The same, where paths are served."""
    return run("-W", "ignore", "-m", "milvus_store.pymilvus", *command, cwd=cwd)
