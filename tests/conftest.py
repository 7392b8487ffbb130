"""Fixtures that every part of the suite may use."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from milvus_store import MilvusClient
from milvus_store.option_warnings import forget_warnings

from .servers import running_milvus, running_our_server, running_server

_REAL_MILVUS = "real_milvus"
"""The fixture below."""

# How long an example takes is for benchmarks: machines that run tests do other things as well.
settings.register_profile("without deadlines", deadline=None)
settings.load_profile("without deadlines")


def pytest_configure() -> None:
    """Heed SIGINT, which a shell's ``&`` has ignored: what a test starts inherits that, and tests send it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Where several processes run the suite, one runs all of a module, whose tests may share what it set up.

    One runs everything that may ask for a real Milvus, too: a machine has memory for one, and two that start at
    once may take the same port.
    """
    if config.getvalue("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    class ByModule(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            module = super()._split_scope(nodeid)
            return _REAL_MILVUS if _needs_real_milvus(config.rootpath / module) else module

    return ByModule(config, log)


@cache
def _needs_real_milvus(module: Path) -> bool:
    return Path(__file__).parent / "remote" in module.parents or _REAL_MILVUS in module.read_text("utf-8")


@pytest.fixture(autouse=True)
def warnings_of_names_are_new() -> None:
    """Names that another test was warned of are warned of again."""
    forget_warnings()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a database may be made."""
    return tmp_path / "test.db"


@pytest.fixture
def client(path: Path) -> Iterator[MilvusClient]:
    """A client of a new file."""
    with MilvusClient(path) as client:
        yield client


@pytest.fixture(scope="session")
def lite_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int]]:
    """Host and port of Milvus Lite's server, run as a process of its own."""
    with running_server(tmp_path_factory.mktemp("server")) as server:
        yield server.host, server.port


@pytest.fixture(scope="session")
def our_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int]]:
    """Host and port of our server, run as a process of its own."""
    with running_our_server(tmp_path_factory.mktemp("served")) as address:
        yield address


@pytest.fixture(scope="session", params=["lite_server", "our_server"])
def milvus_server(request: pytest.FixtureRequest) -> tuple[str, int]:
    """Host and port of a server: each test that asks for it runs on Milvus Lite's and on ours."""
    address: tuple[str, int] = request.getfixturevalue(request.param)
    return address


@pytest.fixture(scope="session")
def real_milvus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real Milvus; skips where there is none."""
    with running_milvus(tmp_path_factory.mktemp("milvus")) as uri:
        yield uri
