"""A stored index that somebody changed, checksums and all, does no harm: it is built anew, or answers right."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from .mutants import PARAMETERS

MUTANTS = 12


@pytest.mark.parametrize("index_type", PARAMETERS)
def test_no_change_of_a_stored_index_harms_a_search(index_type: str, tmp_path: Path) -> None:
    seed = list(PARAMETERS).index(index_type)  # so that the metrics differ as well
    run = subprocess.run(
        [
            sys.executable,
            "-X",
            "faulthandler",
            "-m",
            "tests.engine.indexes.mutants",
            index_type,
            str(seed),
            str(MUTANTS),
            str(tmp_path),
        ],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-3_000:]
