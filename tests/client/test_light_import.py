"""What importing the client brings with it: nothing that a first call may do without."""

import subprocess
import sys

LATE = [
    "faiss",
    "milvus_store_lite.filters",
    "tantivy",
    "rjieba",
    "re2",
    "shapely",
    "pymilvus",
    "pandas",
    "pyarrow",
]


def test_the_client_is_imported_without_what_only_some_calls_need() -> None:
    code = f"import sys, milvus_store; print([name for name in {LATE} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"
