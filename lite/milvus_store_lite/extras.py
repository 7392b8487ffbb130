"""Packages that come with an extra of ``milvus-store``, imported where they are first needed."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from types import ModuleType
from typing import Final

from .errors import MissingExtraError

EXTRAS: Final = {
    "re2": ("google-re2", "regex"),
    "shapely": ("shapely", "geometry"),
    "tantivy": ("tantivy", "text"),
    "rjieba": ("rjieba", "text"),
    "lindera": ("lindera-python-cjk", "languages"),
    "icu4py.breakers": ("icu4py", "languages"),
    "pymilvus": ("pymilvus", "server"),
    "prometheus_client": ("prometheus-client", "server"),
    "langchain_core": ("langchain-core", "langchain"),
    "llama_index.core": ("llama-index-core", "llama-index"),
    "ipykernel": ("ipykernel", "jupyter"),
    "jupyter_client": ("jupyter-client", "jupyter"),
    "lark": ("lark", "jupyter"),
    "pyarrow": ("pyarrow", "transfer"),
    "sqlite_utils": ("sqlite-utils", "transfer"),
    "duckdb": ("duckdb", "duckdb"),
    "datasette": ("datasette", "sqlite"),
}
"""The package and the extra of each module."""


def import_extra(module: str, needy: str) -> ModuleType:
    """The module, imported.

    Args:
        needy: what needs it, as the subject of a sentence in the plural.

    Raises:
        MissingExtraError: it cannot be imported; the message has the line for pip.
    """
    try:
        __import__(module)
    except ImportError as error:
        raise _missing(module, needy, error) from error
    return sys.modules[module]


def require_extra(module: str, needy: str) -> None:
    """Raise ``MissingExtraError`` unless the module could be imported, which is left to others."""
    try:
        is_there = sys.modules.get(module) is not None or find_spec(module) is not None
    except (ImportError, ValueError):
        is_there = False
    if not is_there:
        raise _missing(module, needy, ModuleNotFoundError(name=module))


def _missing(module: str, needy: str, error: ImportError) -> MissingExtraError:
    package, extra = EXTRAS[module]
    # What is wrong with a package that is there is in the error; one that is not there has nothing to tell.
    is_absent = isinstance(error, ModuleNotFoundError) and error.name in (module, module.split(".")[0])
    reason = "" if is_absent else f" ({error})"
    missing = MissingExtraError(
        message=f"{needy} need the package {package}: pip install 'milvus-store[{extra}]'{reason}"
    )
    missing.name = module
    return missing
