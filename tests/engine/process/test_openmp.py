"""faiss's threads sleep while they wait, unless somebody else has decided."""

import os
import subprocess
import sys

import pytest

OURS = "from milvus_store_lite.process.openmp import faiss"


def settings(code: str, **environment: str) -> str:
    """What OpenMP says of its settings when ``code`` loads it."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("OMP", "GOMP", "KMP"))}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=clean | {"OMP_DISPLAY_ENV": "true"} | environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    if "OMP_WAIT_POLICY" not in done.stderr:
        pytest.skip("this OpenMP does not show its settings")
    return done.stderr.upper()


def test_threads_of_openmp_wait_passively() -> None:
    assert "OMP_WAIT_POLICY = 'PASSIVE'" in settings(OURS)


def test_a_policy_that_is_set_stays() -> None:
    assert "OMP_WAIT_POLICY = 'ACTIVE'" in settings(OURS, OMP_WAIT_POLICY="active")


def test_the_environment_is_left_as_it_was_for_processes_to_come() -> None:
    settings(OURS + "\nimport os; assert 'OMP_WAIT_POLICY' not in os.environ")
