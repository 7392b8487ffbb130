"""A search works in the thread that calls it: no thread of a library works, or waits busily, beside it."""

import subprocess
import sys
from pathlib import Path

import pytest

from milvus_store import MilvusClient
from milvus_store.errors import ParamError

PREPARE = '''
import sys, threading, time
import numpy as np
import milvus_store_lite.indexes.field_index as field_index
from milvus_store import DataType, MilvusClient
from milvus_store_lite.process.threads import Team
from milvus_store_lite.search.approximate import _Task

def client_of(rows, dim, index="FLAT", metric="COSINE", **params):
    is_binary = metric == "HAMMING"
    client = MilvusClient(":memory:", durability="normal")
    schema = client.create_schema()
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("n", DataType.INT64)
    schema.add_field("vector", DataType.BINARY_VECTOR if is_binary else DataType.FLOAT_VECTOR, dim=dim)
    client.create_collection("docs", schema=schema)
    random = np.random.default_rng(0)
    centres = random.standard_normal((200, dim), dtype=np.float32)
    vectors = centres[random.integers(0, 200, rows)]
    vectors += 0.4 * random.standard_normal((rows, dim), dtype=np.float32)
    if is_binary:
        vectors = [bytes(vector) for vector in np.packbits(vectors > 0, axis=1)]
    client.insert("docs", [{"id": i, "n": i % 100, "vector": vectors[i]} for i in range(rows)])
    index = client.prepare_index_params("vector", index_type=index, metric_type=metric, params=params)
    client.create_index("docs", index)
    client.load_collection("docs")
    return client, list(vectors[:8])

def share_of_others(*arguments, filter="", queries=1, limit=10, warm=8, **params):
    """CPU time of other threads as a share of the caller's, over a second of searches, how often they asked for
    other cores, and how many were answered by the index."""
    field_index.WARM = warm
    asked, shared = [], Team.shared
    Team.shared = lambda team: asked.append(team) or shared(team)
    by_index, rerank = [], _Task._rerank
    _Task._rerank = lambda *given: by_index.append(given[1]) or rerank(*given)
    client, vectors = client_of(*arguments, **params)
    for _ in range(20):
        client.search("docs", vectors[:queries], filter=filter, limit=limit)
    while any(thread.name == "milvus-store-columns" for thread in threading.enumerate()):
        time.sleep(0.02)  # it reads the vectors into memory
    by_index.clear()
    before, own_before, end = time.process_time(), time.thread_time(), time.monotonic() + 1.0
    while time.monotonic() < end:
        client.search("docs", vectors[:queries], filter=filter, limit=limit)
    own = time.thread_time() - own_before
    return (time.process_time() - before - own) / own, len(asked), len(by_index)
'''

CALLS = {
    "a scan": "20_000, 64",
    "a scan by L2": "20_000, 64, 'FLAT', 'L2'",
    "a scan of a few rows": "500, 384",
    "a scan with a filter": "20_000, 64, filter='n < 10'",
    "a scan for every row": "8_000, 64, limit=8_000",
    "several queries at once": "20_000, 64, queries=8",
    "codes": "31_000, 64, 'AUTOINDEX'",
    "codes in a process that has searched little": "31_000, 64, 'AUTOINDEX', warm=10**9",
    "codes with a filter of half": "31_000, 64, 'AUTOINDEX', filter='n < 50'",
    "codes with a filter of a twentieth": "31_000, 64, 'AUTOINDEX', filter='n < 5'",
    "codes and many vectors of the file": "31_000, 128, 'AUTOINDEX', limit=4_000, warm=10**9",
    "finer codes": "31_000, 128, 'IVF_RABITQ', filter='n < 15', warm=10**9, refine=True, refine_type='SQ8'",
    "inverted lists": "8_000, 64, 'IVF_FLAT', warm=10**9",
    "a graph": "8_000, 16, 'HNSW', warm=10**9",
    "a graph for a few queries": "8_000, 16, 'HNSW', queries=7, warm=10**9",
    "wide vectors": "300, 12_000",
    "binary vectors": "20_000, 512, 'BIN_FLAT', 'HAMMING'",
}

BY_INDEX = {
    "codes",
    "codes in a process that has searched little",
    "codes with a filter of half",
    "codes and many vectors of the file",
    "finer codes",
    "inverted lists",
    "a graph",
    "a graph for a few queries",
}


@pytest.mark.parametrize("kind", CALLS)
def test_a_search_leaves_the_other_cores_alone(kind: str) -> None:
    code = f"{PREPARE}\nprint(*share_of_others({CALLS[kind]}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    share, asked, by_index = done.stdout.split()
    assert (by_index != "0") == (kind in BY_INDEX)
    assert float(share) < 0.03  # mostly 0.0001; the least that another thread takes of any kind is 0.07
    assert asked == "0"  # which shows by nothing else where the other cores are busy


def test_the_threads_of_a_client_bound_builds_and_batches(tmp_path: Path) -> None:
    program = f"""
from milvus_store import MilvusClient
from milvus_store_lite.process import threads
threads.available_cores = lambda: 8
with MilvusClient({str(tmp_path / "a.db")!r}, threads=2):
    with MilvusClient({str(tmp_path / "b.db")!r}):
        print(threads.allowed_threads())
print(threads.allowed_threads())
"""
    shown = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert shown.stdout.split() == ["2", "8"]


def test_a_program_s_environment_must_name_a_number_of_threads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MILVUS_STORE_THREADS", "all")
    with pytest.raises(ParamError, match="MILVUS_STORE_THREADS"):
        MilvusClient(tmp_path / "a.db")
    assert not (tmp_path / "a.db").exists()
