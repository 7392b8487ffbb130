"""faiss's threads sleep while they wait, unless somebody else has decided."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from milvus_store_lite.process.openmp import Threads, faiss

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


def test_calls_of_ours_leave_the_threads_of_a_program_s_own_faiss_as_they_were(tmp_path: Path) -> None:
    """The number belongs to the calling thread, not to a library, and a program may use faiss itself."""
    program = f"""
import numpy as np
import faiss
from milvus_store import MilvusClient
faiss.omp_set_num_threads(3)
vectors = np.random.default_rng(0).standard_normal((3_000, 64), dtype=np.float32)
with MilvusClient({str(tmp_path / "a.db")!r}) as client:
    client.create_collection("docs", dimension=64)
    client.insert("docs", [{{"id": i, "vector": vector}} for i, vector in enumerate(vectors)])
    seen = [faiss.omp_get_max_threads()]
    for data in (vectors[:1], vectors[:20]):
        for filter in ("", "id < 2000", "id < 600"):
            client.search("docs", data, filter=filter, limit=10)
            seen.append(faiss.omp_get_max_threads())
    client.flush("docs")
    client.search("docs", vectors[:1], limit=10)
    seen.append(faiss.omp_get_max_threads())
print(set(seen))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "{3}\n", done.stderr


def test_as_many_threads_work_as_a_block_asks_for() -> None:
    before = faiss.omp_get_max_threads()
    with Threads(before + 1):
        assert faiss.omp_get_max_threads() == before + 1
        with Threads(1):
            assert faiss.omp_get_max_threads() == 1
        assert faiss.omp_get_max_threads() == before + 1
    assert faiss.omp_get_max_threads() == before
