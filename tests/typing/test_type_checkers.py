"""mypy and pyright see every signature of the clients: a sound program has no error, each mistake is one."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PACKAGES = [str(ROOT), str(ROOT / "lite")]
OLDEST = "3.10"

SOUND, MISTAKEN = HERE / "user_program.py", HERE / "mistakes.py"


def expected(checker: int) -> set[tuple[str, int, str]]:
    """File, line and code of each error that a program announces; ``checker``: 0 for mypy, 1 for pyright."""
    return {
        (MISTAKEN.name, number, line.rpartition("# ")[2].split(", ")[checker])
        for number, line in enumerate(MISTAKEN.read_text().splitlines(), 1)
        if re.search(r"  # [\w-]+, \w+$", line)
    }


def test_mypy(request: pytest.FixtureRequest) -> None:
    cache = request.config.cache
    assert cache is not None
    command = [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", "--config-file="]
    options = ["--no-pretty", "--python-version", OLDEST, "--cache-dir", str(cache.mkdir("mypy"))]
    environment = {**os.environ, "MYPYPATH": os.pathsep.join(PACKAGES)}
    done = subprocess.run(
        [*command, *options, str(SOUND), str(MISTAKEN)],
        capture_output=True,
        text=True,
        env=environment,
        cwd=HERE,
    )
    errors = re.findall(r"(\w+\.py):(\d+): error: .*  \[([\w-]+)\]", done.stdout)
    assert {(file, int(line), code) for file, line, code in errors} == expected(0), done.stdout + done.stderr


def test_pyright(tmp_path: Path) -> None:
    config = {
        "include": [str(SOUND), str(MISTAKEN)],
        "extraPaths": PACKAGES,
        "typeCheckingMode": "strict",
        "pythonVersion": OLDEST,
        # Strict mode reports what follows from a mistake, too.
        **dict.fromkeys(("reportUnknownMemberType", "reportUnknownVariableType"), "none"),
    }
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(config))
    # basedpyright is pyright with a node of its own: nothing is downloaded when it runs.
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "basedpyright",
            "--outputjson",
            "--pythonpath",
            sys.executable,
            "-p",
            str(tmp_path),
        ],
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert done.stdout, done.stderr
    found = json.loads(done.stdout)["generalDiagnostics"]
    errors = {
        (Path(one["file"]).name, one["range"]["start"]["line"] + 1, one.get("rule", one["message"]))
        for one in found
    }
    assert errors == expected(1), done.stdout
