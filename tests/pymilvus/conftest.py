"""The drop-in, installed for the length of a test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import milvus_store.pymilvus as drop_in

drop_in.uninstall()  # which the import has installed for the tests of other folders, too


@pytest.fixture(autouse=True)
def installed() -> Iterator[None]:
    """Paths are served during the test, and Milvus Lite's again after it."""
    drop_in.install()
    yield
    drop_in.uninstall()
