"""What an extra brings is asked for with the line for pip, and is not imported before it is needed."""

from __future__ import annotations

import copy
import pickle
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from milvus_store.errors import MilvusException, MissingExtraError
from milvus_store.extras import EXTRAS, import_extra, require_extra

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_GATHERED = ("all", "dev", "demo", "bench")
"""Extras that are made of others, or for people who work on this project."""

_SCHEMA = """
from milvus_store import DataType, MilvusClient
client = MilvusClient(":memory:")
schema = client.create_schema()
schema.add_field("id", DataType.INT64, is_primary=True)
schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
"""

_SERVE = """
from milvus_store.server.operations.start import serve
from milvus_store.server.settings import ServerSettings
serve('test.db', ServerSettings())
"""

_IMPORT_JSON = """
import tempfile
from pathlib import Path
from milvus_store.transfer import import_rows
folder = Path(tempfile.mkdtemp())
(folder / "docs.json").write_text("[]")
import_rows(folder / "docs.json", folder / "docs.db", "docs")
"""

USES: dict[str, list[str]] = {
    "pyarrow": [
        "from milvus_store.transfer import export_rows; export_rows('none.db', 'docs', 'none.csv')",
        "from milvus_store.transfer import import_rows; import_rows('x', ':memory:', 'docs', format='parquet')",
    ],
    "sqlite_utils": [_IMPORT_JSON],
    "duckdb": [
        "from milvus_store.transfer import import_rows; import_rows('x', ':memory:', 'c', format='duckdb')"
    ],
    "datasette": ["import milvus_store_sqlite.datasette_plugin"],
    "re2": [
        _SCHEMA
        + "client.create_collection('c', dimension=2); client.insert('c', {'id': 1, 'vector': [1, 2], 't': 'x'})"
        "; client.query('c', 't =~ \"x\"')",
    ],
    "shapely": [
        _SCHEMA + "schema.add_field('g', DataType.GEOMETRY); client.create_collection('c', schema=schema)"
        "; client.insert('c', {'id': 1, 'vector': [1, 2], 'g': 'POINT (1 2)'})",
    ],
    "tantivy": [
        _SCHEMA
        + "schema.add_field('t', DataType.VARCHAR, max_length=9, enable_analyzer=True, enable_match=True)"
        "; client.create_collection('c', schema=schema); client.insert('c', {'id': 1, 'vector': [1, 2], 't': 'x'})"
        "; client.query('c', 'text_match(t, \"x\")')",
    ],
    "rjieba": [_SCHEMA + "client.run_analyzer(['x'], analyzer_params={'tokenizer': 'jieba'})"],
    "lindera": [
        _SCHEMA
        + "client.run_analyzer(['x'], analyzer_params={'tokenizer': {'type': 'lindera', 'dict_kind': 'ipadic'}})"
    ],
    "icu4py.breakers": [_SCHEMA + "client.run_analyzer(['x'], analyzer_params={'tokenizer': 'icu'})"],
    "pymilvus": [
        "from milvus_store import MilvusClient; MilvusClient('http://localhost:1')",
        "from milvus_store import AsyncMilvusClient; AsyncMilvusClient('http://localhost:1')",
        "from milvus_store.legacy import Milvus; Milvus('localhost', 1)",
        _SERVE,
    ],
    "prometheus_client": [_SERVE],
    "langchain_core": [
        "import langchain_milvus_store",
        "from langchain_milvus_store.vectorstores import Milvus",
        "from langchain_milvus_store.function import BM25BuiltInFunction",
    ],
    "llama_index.core": [
        "import llama_index.vector_stores.milvus_store",
        "from llama_index.vector_stores.milvus_store.store import MilvusVectorStore",
    ],
    **{
        module: [
            "import milvus_store_kernel",
            "from milvus_store_kernel.parse import parse",
            "from milvus_store_kernel.kernel import MilvusKernel",
            "import runpy; runpy.run_module('milvus_store_kernel', run_name='__main__')",
            "import runpy; runpy.run_module('milvus_store_kernel.install', run_name='__main__')",
        ]
        for module in ("ipykernel", "jupyter_client", "lark")
    },
}
"""What needs each module, in a process of its own."""

_BLOCKED = {
    "as if not installed": "sys.modules[{module!r}] = None",
    "as if broken": (
        "import importlib.abc\n"
        "class Broken(importlib.abc.MetaPathFinder):\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == {module!r}:\n"
        "            raise ImportError('cannot load ' + name)\n"
        "sys.meta_path.insert(0, Broken())"
    ),
}


def required() -> dict[str, set[str]]:
    """The packages of each extra of pyproject.toml, those of other extras left out."""
    text = (Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8")
    extras: dict[str, list[str]] = tomllib.loads(text)["project"]["optional-dependencies"]
    return {
        extra: {re.split(r"[^\w.-]", one)[0] for one in packages} - {"milvus-store"}
        for extra, packages in extras.items()
        if extra not in _GATHERED
    }


def test_every_package_of_every_extra_has_its_line_for_pip_and_its_uses() -> None:
    known: dict[str, set[str]] = {}
    for package, extra in EXTRAS.values():
        known.setdefault(extra, set()).add(package)
    assert known == required()
    assert USES.keys() == EXTRAS.keys()


@pytest.mark.parametrize("how", _BLOCKED)
@pytest.mark.parametrize(("module", "use"), [(module, use) for module, uses in USES.items() for use in uses])
def test_a_missing_package_is_an_import_error_with_the_line_for_pip(module: str, use: str, how: str) -> None:
    package, extra = EXTRAS[module]
    script = (
        f"import sys, logging\n{_BLOCKED[how].format(module=module)}\n"
        f"try:\n    exec({use!r})\nexcept ModuleNotFoundError as error:\n    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert f"need the package {package}: pip install 'milvus-store[{extra}]'" in done.stdout, done.stderr


def test_the_client_imports_nothing_that_an_extra_brings() -> None:
    script = (
        f"import sys\nfrom milvus_store import MilvusClient\n"
        f"MilvusClient(':memory:').list_collections()\nprint(sorted(set({list(EXTRAS)!r}) & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "[]"


def test_the_error_is_one_of_ours_and_of_pythons_and_can_be_pickled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lark", None)
    for ask in (import_extra, require_extra):
        with pytest.raises(MissingExtraError, match="kernels need the package lark") as caught:
            ask("lark", "kernels")
        error: Any = caught.value
        assert isinstance(error, MilvusException)
        assert isinstance(error, ModuleNotFoundError)
        for other in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
            assert (str(other), other.name) == (str(error), "lark")
    monkeypatch.undo()
    assert import_extra("lark", "kernels") is sys.modules["lark"]
    require_extra("lark", "kernels")
