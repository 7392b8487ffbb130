"""Serves pymilvus's paths in every Python program that has this folder on PYTHONPATH.

Python imports a module of this name when it starts. This one waits for the first import of pymilvus or Milvus
Lite, so that programs without them start as fast as ever; then it imports ``milvus_store.pymilvus``. It uses the
standard library alone, since it may be found by a Python of another environment.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.machinery import PathFinder
from importlib.util import module_from_spec
from types import ModuleType


class _First:
    """A finder that finds nothing, and hears of every module that is imported."""

    waits = True

    @classmethod
    def find_spec(
        cls, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> None:
        if cls.waits and name in ("pymilvus", "milvus_lite"):
            cls.waits = False
            import milvus_store.pymilvus  # noqa: F401


def _run_hidden() -> None:
    """Run the module of this name that would have been found without this folder."""
    here = os.path.dirname(os.path.abspath(__file__))
    spec = PathFinder.find_spec(__name__, [folder for folder in sys.path if os.path.abspath(folder) != here])
    if spec is not None and spec.loader is not None:
        sys.modules[__name__] = module = module_from_spec(spec)
        spec.loader.exec_module(module)


sys.meta_path.insert(0, _First)
_run_hidden()
