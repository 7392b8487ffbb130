"""Copies of what Milvus Lite has written, by either of its forms."""

from __future__ import annotations

import shutil
import signal
import struct
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("pymilvus")

from milvus_store import DataType, MilvusClient
from milvus_store.errors import MissingExtraError, NotADatabaseError, ParamError
from milvus_store.transfer import copy, export_rows

from ..servers import running_server

LITE_2 = Path(__file__).parent / "data" / "milvus_lite_2.5.1.db"
"""Made by ``make_lite_2.py`` beside it."""


class TestFilesOfMilvusLite2:
    @pytest.fixture
    def copied(self, path: Path, tmp_path: Path) -> MilvusClient:
        source = tmp_path / "lite.db"
        shutil.copy(LITE_2, source)
        assert [one.rows for one in copy(source, path)] == [24, 3, 3, 2]
        assert source.read_bytes() == LITE_2.read_bytes()
        return MilvusClient(path)

    def test_every_row_of_every_type_is_there(self, copied: MilvusClient) -> None:
        rows = {row["id"]: row for row in copied.query("everything", limit=100)}
        assert set(rows) == set(range(25)) - {2}
        for number in (0, 7, 24):
            vector = np.array([number / 8, 1.0, -0.5, 0.1], np.float32)
            assert rows[number] == {
                "id": number,
                "vector": vector.tolist(),
                "half": [vector.astype(np.float16).tobytes()],
                "brain": [(vector.view(np.uint32) >> 16).astype(np.uint16).tobytes()],
                "bits": [bytes([number, 255 - number])],
                "sparse": {number: 0.5, 100: 1.5},
                "text": f"text {number} ü",
                "flag": number % 2 == 0,
                "tiny": number,
                "small": -number,
                "int": number * 1000,
                "float": struct.unpack("f", struct.pack("f", number / 3))[0],
                "double": number / 7,
                "json": {"k": [number, None, "x"]},
                "numbers": [number, number + 1],
                "color": "red",
                "größe": {"cm": number},
            }
        assert rows[3]["text"] == "changed"
        assert [row["id"] for row in copied.query("named", limit=9)] == ["ü 0", "ü 1", "ü 2"]
        assert [row["n"] for row in copied.query("numbered", limit=9)] == [0, 1, 2]

    def test_indexes_and_descriptions_are_there(self, copied: MilvusClient) -> None:
        assert copied.describe_collection("everything")["description"] == "all types"
        index = copied.describe_index("everything", "vector")
        assert (index["index_type"], index["metric_type"], index["nlist"]) == ("IVF_FLAT", "L2", 8)
        assert copied.describe_index("named", "vector")["metric_type"] == "L2"
        (hits,) = copied.search("everything", [[0.125, 1, -0.5, 0.1]], anns_field="vector", limit=1)
        assert hits[0]["id"] == 1

    def test_functions_fill_their_fields_anew(self, copied: MilvusClient) -> None:
        (hits,) = copied.search("texts", ["apple"], anns_field="terms", limit=2)
        assert [hit["id"] for hit in hits] == [1]

    def test_who_opens_it_hears_of_the_command(self, tmp_path: Path) -> None:
        source = tmp_path / "lite.db"
        shutil.copy(LITE_2, source)
        with pytest.raises(NotADatabaseError, match=f"a file of Milvus Lite 2.*milvus-store copy {source}"):
            MilvusClient(source)
        (tmp_path / "lite" / "collections").mkdir(parents=True)
        with pytest.raises(NotADatabaseError, match="a folder of Milvus Lite 3.*milvus-store copy"):
            MilvusClient(tmp_path / "lite")

    def test_it_is_exported_without_a_filter(self, tmp_path: Path) -> None:
        pytest.importorskip("pyarrow")
        source, target = tmp_path / "lite.db", tmp_path / "named.jsonl"
        shutil.copy(LITE_2, source)
        assert export_rows(source, "named", target) == 3
        with pytest.raises(ParamError, match="only Milvus Lite filters the rows of"):
            export_rows(source, "named", target, filter="n > 1", overwrite=True)

    def test_it_is_no_target(self, path: Path, tmp_path: Path) -> None:
        MilvusClient(path).close()
        target = tmp_path / "lite.db"
        shutil.copy(LITE_2, target)
        with pytest.raises(NotADatabaseError, match="a file of Milvus Lite 2, which is only read"):
            copy(path, target)


@pytest.mark.skipif(sys.platform == "win32", reason="Milvus Lite does not run on Windows")
class TestFoldersOfMilvusLite3:
    def test_every_row_and_index_is_there(self, path: Path, tmp_path: Path) -> None:
        pytest.importorskip("milvus_lite")
        folder = tmp_path / "lite"
        folder.mkdir()
        with running_server(folder) as server, MilvusClient(f"http://{server.host}:{server.port}") as client:
            schema = client.create_schema(enable_dynamic_field=True)
            schema.add_field("id", DataType.VARCHAR, is_primary=True, max_length=20)
            schema.add_field("vector", DataType.FLOAT_VECTOR, dim=4)
            schema.add_field("sparse", DataType.SPARSE_FLOAT_VECTOR)
            schema.add_field("text", DataType.VARCHAR, max_length=20, nullable=True)
            schema.add_field("json", DataType.JSON)
            indexes = client.prepare_index_params()
            indexes.add_index("vector", "HNSW", metric_type="L2", params={"M": 8, "efConstruction": 64})
            indexes.add_index("sparse", "SPARSE_INVERTED_INDEX", metric_type="IP")
            client.create_collection("docs", schema=schema, index_params=indexes)
            client.create_partition("docs", "archive")
            for name in ("_default", "archive"):
                rows = [
                    {
                        "id": f"{name} {number}",
                        "vector": [number / 8, 1.0, -0.5, 0.1],
                        "sparse": {number: 0.5},
                        "text": None if number % 2 else "even",
                        "json": {"n": [number]},
                        "color": "red",
                    }
                    for number in range(30)
                ]
                client.insert("docs", rows, partition_name=name)
            client.flush("docs")
            # It writes indexes in the background, and one that a kill breaks off it cannot read again.
            server.process.send_signal(signal.SIGINT)
            server.process.wait(timeout=60)
        (docs,) = copy(folder, path)
        assert (docs.rows, docs.searched) == (60, True)
        with MilvusClient(path) as copied:
            assert copied.get_partition_stats("docs", "archive") == {"row_count": 30}
            assert copied.describe_index("docs", "vector")["index_type"] == "HNSW"
            (row,) = copied.get("docs", "archive 8")
            assert row == {
                "id": "archive 8",
                "vector": [1.0, 1.0, -0.5, np.float32(0.1).item()],
                "sparse": {8: 0.5},
                "text": "even",
                "json": {"n": [8]},
                "color": "red",
            }

    def test_without_milvus_lite_the_error_has_the_line_for_pip(
        self, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "lite" / "collections").mkdir(parents=True)

        def absent(name: str) -> object:
            return None if name == "milvus_lite" else find_spec(name)

        monkeypatch.setattr("milvus_store.transfer.lite_folders.find_spec", absent)
        with pytest.raises(MissingExtraError, match="pip install milvus-lite"):
            copy(tmp_path / "lite", path)
