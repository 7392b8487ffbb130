"""A copy to a real Milvus, 2.3.5, and back: every row, vectors bit for bit, in its partition."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("pymilvus")

from milvus_store import DataType, MilvusClient
from milvus_store.errors import ParamError
from milvus_store.transfer import batches, copy
from milvus_store_lite import Progress

from .comparing import contents

pytestmark = pytest.mark.filterwarnings("default")  # pymilvus's own warnings are not ours to answer for


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A file with the types that this Milvus has: dynamic keys, partitions, and a partition key."""
    path = tmp_path / "source.db"
    with MilvusClient(path) as client:
        schema = client.create_schema(enable_dynamic_field=True)
        schema.add_field("id", DataType.INT64, is_primary=True)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=16)
        schema.add_field("text", DataType.VARCHAR, max_length=50)
        for name, kind in (
            ("float", DataType.FLOAT),
            ("double", DataType.DOUBLE),
            ("flag", DataType.BOOL),
            ("tiny", DataType.INT8),
            ("json", DataType.JSON),
        ):
            schema.add_field(name, kind)
        schema.add_field("words", DataType.ARRAY, element_type=DataType.VARCHAR, max_length=9, max_capacity=4)
        indexes = client.prepare_index_params()
        indexes.add_index("vector", "HNSW", metric_type="L2", params={"M": 8, "efConstruction": 64})
        client.create_collection("docs", schema=schema, index_params=indexes)
        client.create_partition("docs", "archive")
        client.create_alias("docs", "papers")
        random = np.random.default_rng(0)
        rows = [
            {
                "id": number,
                "vector": random.random(16),
                "text": f"ü{number}",
                "float": number / 3,
                "double": number / 7,
                "flag": number % 2 == 0,
                "tiny": number % 100,
                "json": {"k": [number, None]},
                "words": ["x"] * (number % 4),
                "color": number,
            }
            for number in range(2_000)
        ]
        client.insert("docs", rows[:1_500])
        client.insert("docs", rows[1_500:], partition_name="archive")
        schema = client.create_schema()
        schema.add_field("id", DataType.VARCHAR, is_primary=True, max_length=50)
        schema.add_field("bits", DataType.BINARY_VECTOR, dim=16)
        schema.add_field("tenant", DataType.VARCHAR, max_length=9, is_partition_key=True)
        indexes = client.prepare_index_params()
        indexes.add_index("bits", "BIN_FLAT", metric_type="HAMMING")
        client.create_collection("tenants", schema=schema, index_params=indexes, num_partitions=4)
        client.insert(
            "tenants",
            [
                {"id": f'"{number}"\\ü', "bits": bytes([number % 256, 3]), "tenant": f"t{number % 9}"}
                for number in range(300)
            ],
        )
    return path


def test_what_went_to_milvus_comes_back_as_it_was(
    source: Path, path: Path, real_milvus: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "_MOST_ROWS", 400)
    journal = tmp_path / "journal"

    def interrupt(told: Progress) -> None:
        if told.done >= 800:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        copy(source, real_milvus, overwrite=True, journal=journal, progress=interrupt)
    there = copy(source, real_milvus, overwrite=True, journal=journal)
    assert [(one.rows, one.checked > 20) for one in there] == [(2_000, True), (300, True)]
    assert there[0].searched
    copy(real_milvus, path, collections=["docs", "tenants"])  # other tests have left theirs
    with MilvusClient(source) as theirs, MilvusClient(path) as ours:
        for name in ("docs", "tenants"):
            assert contents(ours, name) == contents(theirs, name)


def test_what_it_cannot_hold_is_listed_before_anything_is_made(filled: Path, real_milvus: str) -> None:
    with pytest.raises(ParamError, match="null needs Milvus 2.5, and the server is v2.3.5"):
        copy(filled, real_milvus, collections=["docs"], overwrite=True)
    with MilvusClient(real_milvus) as client:
        assert not client.has_collection("docs") or client.query("docs", limit=1, output_fields=["id"])
