"""Fixtures that every part of the suite may use."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from milvus_store import MilvusClient
from milvus_store.option_warnings import forget_warnings

from .servers import running_milvus, running_our_server, running_server

# How long an example takes is for benchmarks: machines that run tests do other things as well.
settings.register_profile("without deadlines", deadline=None)
settings.load_profile("without deadlines")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where several processes run the suite, one runs all of a module, whose tests may share what it set up.

    One runs everything that may ask for a real Milvus, too: a machine has memory for one.
    """
    remote = Path(__file__).parent / "remote"
    for item in items:
        needs_one = remote in item.path.parents or "real_milvus" in getattr(item, "fixturenames", ())
        group = remote if needs_one else item.path
        item.add_marker(pytest.mark.xdist_group(str(group)))


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
