"""What importing the client brings with it: nothing that a first call may do without."""

import subprocess
import sys
from pathlib import Path

import numpy as np

from milvus_store import MilvusClient
from tests.thresholds import lowered

LATE = [
    "faiss",
    "milvus_store_lite.filters",
    "milvus_store_lite.text.analyzer",
    "tantivy",
    "rjieba",
    "lindera",
    "icu4py",
    "re2",
    "shapely",
    "pymilvus",
    "pandas",
    "pyarrow",
]


def test_the_client_is_imported_without_what_only_some_calls_need() -> None:
    code = f"import sys, milvus_store; print([name for name in {LATE} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"


def test_the_first_search_by_a_stored_index_imports_no_more_of_numpy(path: Path) -> None:
    vectors = np.random.default_rng(1).standard_normal((600, 8)).astype(np.float32)
    with lowered(), MilvusClient(path) as client:
        client.create_collection("c", dimension=8)
        client.insert("c", [{"id": n, "vector": vector, "n": n} for n, vector in enumerate(vectors)])
        client.build_index("c", "vector")
    code = f"""
import sys, numpy
known = set(sys.modules)
from milvus_store import MilvusClient
from tests.thresholds import lower
lower()
with MilvusClient({str(path)!r}) as client:
    client.search("c", [[0.5] * 8], filter="n < 500")
assert "faiss" in sys.modules
print({{name for name in ("numpy.random", "numpy.ma", "hmac") if name in sys.modules and name not in known}})
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "set()\n", done.stderr
