"""A plugin of pytest: test modules of ours with pymilvus where they use the client of milvus-store.

The stores that they import come from ``stand_ins``, which ``modules.py`` puts at the front of PYTHONPATH.
"""

from __future__ import annotations

import json
from pathlib import Path

import pymilvus
import pymilvus.exceptions
import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--outcomes", type=Path, help="where to write what became of each test")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(_Recorder(config.getoption("--outcomes")))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give every module the names of pymilvus for those of milvus-store, where it has them."""
    for module in {parent.obj for item in items if (parent := item.getparent(pytest.Module))}:
        for name, value in list(vars(module).items()):
            if getattr(value, "__module__", "").startswith("milvus_store"):
                original = getattr(pymilvus, name, None) or getattr(pymilvus.exceptions, name, value)
                setattr(module, name, original)


class _Recorder:
    """Writes ``{test: why it failed, or nothing}``, and who served the paths."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.outcomes: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.outcomes[report.nodeid] = report.longreprtext.strip().rpartition("\n")[2]
        elif report.when == "call" or report.skipped:
            self.outcomes[report.nodeid] = ""

    def pytest_sessionfinish(self) -> None:
        from milvus_lite.server_manager import server_manager_instance

        served_by = type(server_manager_instance).__module__
        self.path.write_text(json.dumps({"served_by": served_by, "outcomes": self.outcomes}))
