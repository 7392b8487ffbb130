"""What becomes of the paths that pymilvus opens."""

from __future__ import annotations

import os
import sqlite3
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pymilvus import AsyncMilvusClient, MilvusClient
from pymilvus.exceptions import ConnectionConfigException, MilvusException

import milvus_store
import milvus_store.pymilvus as drop_in
from milvus_store.pymilvus import files

ROWS = [{"id": i, "vector": [i, 1.0], "text": f"row {i}"} for i in range(5)]


def count_of(client: MilvusClient, name: str = "docs") -> int:
    return int(client.query(name, filter="", output_fields=["count(*)"])[0]["count(*)"])


def fill(client: MilvusClient, name: str = "docs") -> None:
    client.create_collection(name, dimension=2)
    client.insert(name, ROWS)


def uri_of(path: Path) -> str:
    return files.FILES.uri(str(path))


def test_the_path_is_a_file_of_milvus_store(path: Path) -> None:
    fill(MilvusClient(str(path)))
    with milvus_store.MilvusClient(path) as beside:
        assert [row["text"] for row in beside.query("docs", filter="id > 2", output_fields=["text"])] == [
            "row 3",
            "row 4",
        ]


def test_a_file_with_users_is_open_to_the_process_that_opens_it(path: Path) -> None:
    with milvus_store.MilvusClient(path) as beside:
        beside.create_role("reader")
        beside.create_user("ann", "long enough")
    assert MilvusClient(str(path)).list_users() == ["ann"]


def test_names_of_one_file_lead_to_one_open_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(path.parent)
    names = [str(path), f"./{path.name}", f"../{path.parent.name}/{path.name}"]
    clients = [MilvusClient(name) for name in names]
    fill(clients[0])
    assert [count_of(client) for client in clients] == [5, 5, 5]
    assert len(files.FILES._opened) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
def test_a_link_leads_to_its_file(path: Path) -> None:
    fill(MilvusClient(str(path)))
    link = path.with_name("link.db")
    link.symlink_to(path)
    assert uri_of(link) == uri_of(path)


def test_a_relative_path_is_that_of_the_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        monkeypatch.chdir(folder)
        MilvusClient("./a.db").create_collection(name, dimension=2)
    assert MilvusClient(str(tmp_path / "one" / "a.db")).list_collections() == ["one"]
    assert MilvusClient("./a.db").list_collections() == ["two"]


def test_paths_are_files_of_their_own(tmp_path: Path) -> None:
    clients = [MilvusClient(str(tmp_path / f"{number}.db")) for number in range(4)]
    for number, client in enumerate(clients):
        fill(client, f"docs_{number}")
    assert [client.list_collections() for client in clients] == [[f"docs_{number}"] for number in range(4)]


def test_threads_that_open_a_path_at_once_share_one_file(path: Path) -> None:
    together = threading.Barrier(8, timeout=60)

    def opened(_: int) -> str:
        together.wait()
        return uri_of(path)

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(opened, range(8)))) == 1


def test_a_path_that_was_closed_can_be_opened_again(path: Path) -> None:
    client = MilvusClient(str(path))
    fill(client)
    client.close()
    again = MilvusClient(str(path))
    assert count_of(again) == 5
    again.close()


def test_a_file_that_was_released_is_opened_again(path: Path) -> None:
    # memsearch does so whenever it closes a store.
    from milvus_lite.server_manager import server_manager_instance

    for expected in (["docs"], ["docs", "more"]):
        client = MilvusClient(str(path))
        client.create_collection(expected[-1], dimension=2)
        client.close()
        server_manager_instance.release_server(str(path))
        assert os.listdir(path.parent) == [path.name]
    assert sorted(MilvusClient(str(path)).list_collections()) == ["docs", "more"]


def test_a_file_that_was_removed_is_made_anew_for_who_opens_it(path: Path) -> None:
    old = MilvusClient(str(path))
    fill(old)
    path.unlink()
    new = MilvusClient(str(path))
    assert new.list_collections() == []
    with pytest.raises(MilvusException, match="was removed while it was open"):
        old.list_collections()
    new.create_collection("new", dimension=2)
    assert new.list_collections() == ["new"]


async def test_asynchronous_clients_are_at_the_same_file(path: Path) -> None:
    fill(MilvusClient(str(path)))
    client = AsyncMilvusClient(str(path))
    assert (await client.query("docs", filter="id == 1", output_fields=["text"]))[0]["text"] == "row 1"
    await client.close()


def test_databases_of_the_file_are_those_of_the_client(path: Path) -> None:
    client = MilvusClient(str(path))
    client.create_database("other")
    fill(MilvusClient(str(path), db_name="other"))
    assert client.list_collections() == []
    assert MilvusClient(str(path), db_name="other").list_collections() == ["docs"]


def test_uninstalling_closes_the_files(path: Path) -> None:
    fill(MilvusClient(str(path)))
    drop_in.uninstall()
    assert os.listdir(path.parent) == [path.name]
    drop_in.install()
    assert count_of(MilvusClient(str(path))) == 5


class TestRefusals:
    def test_a_folder_of_milvus_lite_names_the_way_over(self, path: Path) -> None:
        drop_in.uninstall()
        real = pytest.importorskip("milvus_lite")
        real.MilvusLite(str(path)).close()
        (path / "collections").mkdir(exist_ok=True)
        drop_in.install()
        before = sorted(path.rglob("*"))
        with pytest.raises(ConnectionConfigException, match="a folder of Milvus Lite 3.*milvus-store copy"):
            MilvusClient(str(path))
        assert sorted(path.rglob("*")) == before

    def test_a_file_of_milvus_lite_2_names_the_way_over(self, path: Path) -> None:
        connection = sqlite3.connect(path)
        connection.execute(
            "CREATE TABLE collection_meta "
            "(id INTEGER, collection_name TEXT, meta_type TEXT, blob_field BLOB, string_field TEXT)"
        )
        connection.close()
        before = path.read_bytes()
        with pytest.raises(ConnectionConfigException, match="a file of Milvus Lite 2.*milvus-store copy"):
            MilvusClient(str(path))
        assert path.read_bytes() == before

    def test_another_file_is_refused_as_the_client_refuses_it(self, path: Path) -> None:
        path.write_text("no database, but a text that is long enough to be taken for one" * 100)
        with pytest.raises(ConnectionConfigException) as refused:
            MilvusClient(str(path))
        with pytest.raises(milvus_store.MilvusException) as expected:
            milvus_store.MilvusClient(path)
        assert refused.value.message == expected.value.message

    def test_a_folder_without_milvus_lite_in_it_is_a_folder(self, path: Path) -> None:
        path.mkdir()
        with pytest.raises(ConnectionConfigException, match="is a directory"):
            MilvusClient(str(path))

    def test_a_refused_path_can_be_opened_when_it_has_become_one(self, path: Path) -> None:
        path.mkdir()
        with pytest.raises(ConnectionConfigException):
            MilvusClient(str(path))
        path.rmdir()
        assert MilvusClient(str(path)).list_collections() == []
