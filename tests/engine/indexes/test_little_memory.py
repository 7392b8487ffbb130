"""A process whose memory is limited survives the building of an index, the reading of one, and searches by it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

if not sys.platform.startswith("linux"):
    pytest.skip("only Linux says how much a process has, so that a limit can be set", allow_module_level=True)

SCRIPT = """
import resource, sys, warnings
import faiss, numpy as np
from milvus_store import MilvusClient
from tests import thresholds

path, index_type, mebibytes, what = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
thresholds.lower()
warnings.simplefilter("error")
warnings.filterwarnings("always", ".*too little memory.*searched exactly")
vectors = np.random.default_rng(1).standard_normal((4_000, 64)).astype(np.float32)
vectors[:2_000] *= 0.1
queries = vectors[:12]
client = MilvusClient(path)


def build():
    index = client.prepare_index_params("vector", index_type=index_type, metric_type="L2")
    client.create_index("c", index)


client.create_collection("c", dimension=64, metric_type="L2")
client.release_collection("c")
client.drop_index("c", "vector")
client.insert("c", [{"id": i, "vector": vector} for i, vector in enumerate(vectors)])
if what == "read":
    build()
    client.close()
    client = MilvusClient(path)
np.ones((64, 64)) @ np.ones((64, 64))  # OpenBLAS takes its buffers with the first product
pages = int(open("/proc/self/statm").read().split()[0])
limit = pages * resource.getpagesize() + (mebibytes << 20)
resource.setrlimit(resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))
if what == "build":
    build()
client.load_collection("c")
found = client.search("c", queries, limit=3)
assert [hits[0]["id"] for hits in found] == list(range(12)), found
client.close()
print("survived")
"""


@pytest.mark.parametrize("mebibytes", [40, 140, 270])
@pytest.mark.parametrize("index_type", ["IVF_FLAT", "IVF_RABITQ", "HNSW"])
@pytest.mark.parametrize("what", ["build", "read"])
def test_little_memory_costs_an_index_and_not_the_process(
    index_type: str, mebibytes: int, what: str, tmp_path: Path
) -> None:
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path / "little.db"), index_type, str(mebibytes), what],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-2_000:]
    assert run.stdout == "survived\n"
    if what == "build":
        assert "too little memory" in run.stderr
