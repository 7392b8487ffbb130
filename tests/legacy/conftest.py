from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from milvus_store.legacy import Milvus


@pytest.fixture
def milvus(path: Path) -> Iterator[Milvus]:
    """A legacy client of a new file."""
    with Milvus(uri=str(path)) as client:
        yield client


@pytest.fixture(params=["file", "lite_server", "our_server"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """What to open, as keywords of ``Milvus``: a new file, or an empty server, Milvus Lite's or ours."""
    if request.param == "file":
        return {"uri": str(tmp_path / "demo.db")}
    host, port = request.getfixturevalue(request.param)
    with Milvus(host=host, port=str(port)) as client:
        for name in client.list_collections()[1]:
            client.drop_collection(name)
    return {"host": host, "port": str(port)}
