from __future__ import annotations

from pathlib import Path

import pytest

from milvus_store import MilvusClient, MilvusException
from milvus_store.sizing import file_sizes


def test_a_file_is_told_by_path_or_text(path: Path) -> None:
    with MilvusClient(path) as client:
        client.create_collection("docs", dimension=4)
        assert file_sizes(path).collections == file_sizes(str(path)).collections


@pytest.mark.parametrize("address", ["http://localhost:19530", ":memory:", "", "nowhere.db"])
def test_what_is_no_file_is_refused(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(MilvusException):
        file_sizes(address)
    assert list(tmp_path.iterdir()) == []
