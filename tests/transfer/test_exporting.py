"""Exports, and the way back: what was exported is imported as it was."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

pytest.importorskip("pyarrow")

import pyarrow.parquet as parquet

from milvus_store import DataType, MilvusClient
from milvus_store.errors import CollectionNotExistException, FilterError, ParamError
from milvus_store.filters import field, template
from milvus_store.transfer import export_rows, import_rows
from milvus_store.transfer.definitions import definition_of
from milvus_store_lite import Progress

from .comparing import contents
from .draws import SCALARS, VECTORS, Drawn, collections


def rows_of(path: Path | str, name: str = "docs") -> dict[Any, str]:
    with MilvusClient(path) as client:
        return {key: row for part in contents(client, name)["rows"].values() for key, row in part.items()}


@pytest.mark.usefixtures("small_batches")
@pytest.mark.parametrize("ending", ["parquet", "arrow"])
def test_a_collection_comes_back_with_its_schema(filled: Path, path: Path, ending: str) -> None:
    target = path.with_suffix(f".{ending}")
    reports = []
    assert export_rows(filled, "docs", target, progress=reports.append) == 228
    assert reports[-1] == Progress("docs", 228, 228, "rows")
    assert import_rows(target, path, "docs").rows == 228
    assert rows_of(path) == rows_of(filled)
    with MilvusClient(filled) as source, MilvusClient(path) as copied:
        theirs, ours = (one.describe_collection("docs") for one in (source, copied))
    assert ours["fields"] == theirs["fields"]
    assert ours["enable_dynamic_field"]


@pytest.mark.usefixtures("small_batches")
@pytest.mark.parametrize("ending", ["jsonl", "json", "csv", "tsv"])
def test_rows_come_back_from_texts(filled: Path, path: Path, ending: str) -> None:
    if ending != "jsonl":
        pytest.importorskip("sqlite_utils")
    target = path.with_suffix(f".{ending}")
    assert export_rows(filled, "docs", target) == 228
    with MilvusClient(filled) as client:
        schema = definition_of(client._collection("docs").describe()).schema
    assert import_rows(target, path, "docs", schema=schema).rows == 228
    expected = rows_of(filled)
    if ending in ("csv", "tsv"):  # which have no null: it comes back as an empty text
        expected = {key: row.replace("('text', None)", "('text', '')") for key, row in expected.items()}
    assert rows_of(path) == expected


@settings(max_examples=15)
@given(drawn=collections(list(SCALARS), list(VECTORS)))
def test_every_schema_and_every_row_comes_back(drawn: Drawn) -> None:
    with tempfile.TemporaryDirectory() as folder:
        first, table, last = f"{folder}/first.db", f"{folder}/table.parquet", f"{folder}/last.db"
        with MilvusClient(first) as client:
            client.create_collection("docs", schema=drawn.schema)
            client.insert("docs", drawn.rows)
        export_rows(first, "docs", table)
        import_rows(table, last, "docs")
        assert rows_of(last) == rows_of(first)
        with MilvusClient(first) as source, MilvusClient(last) as target:
            assert (
                target.describe_collection("docs")["fields"] == source.describe_collection("docs")["fields"]
            )


def test_fields_are_chosen(filled: Path, tmp_path: Path) -> None:
    export_rows(filled, "docs", tmp_path / "some.parquet", fields=["$meta", "id"])
    assert parquet.read_schema(tmp_path / "some.parquet").names == ["id", "$meta"]
    with pytest.raises(ParamError, match="'colour' is no field of 'docs'"):
        export_rows(filled, "docs", tmp_path / "none.parquet", fields=["colour"])


def exported(source: Path, target: Path, **options: Any) -> list[Any]:
    """The keys in a file of JSON lines, of what ``export_rows`` writes by ``options``."""
    reports: list[Progress] = []
    count = export_rows(source, "docs", target, progress=reports.append, overwrite=True, **options)
    rows = [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]
    assert count == len(rows)
    assert not reports or reports[-1] == Progress("docs", count, count, "rows")
    return [row["id"] for row in rows]


@pytest.mark.usefixtures("small_batches")
def test_rows_are_chosen(filled: Path, tmp_path: Path) -> None:
    target = tmp_path / "some.jsonl"
    assert exported(filled, target, filter="id < 20 and id % 2 == 0") == list(range(0, 20, 2))
    assert exported(filled, target, filter="id in {few}", filter_params={"few": [1, 3, 155]}) == [1, 155]
    tree = field("id") > template("least")
    assert exported(filled, target, filter=tree, filter_params={"least": 227}) == [228, 229]
    archived = [number for number in range(150, 230) if number != 200]
    assert exported(filled, target, partitions=["archive"]) == archived
    assert exported(filled, target, partitions=["archive", "_default"], filter="id in [1, 151]") == [151, 1]
    assert exported(filled, target, filter="id < 0") == []


@pytest.mark.usefixtures("small_batches")
def test_a_filter_of_elements_chooses_whole_rows(path: Path, tmp_path: Path) -> None:
    with MilvusClient(path) as client:
        schema = client.create_schema()
        schema.add_field("id", DataType.INT64, is_primary=True)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
        schema.add_field("tags", DataType.ARRAY, element_type=DataType.INT64, max_capacity=4)
        client.create_collection("docs", schema=schema)
        client.insert("docs", [{"id": n, "vector": [n, 1], "tags": [n % 2] * 3} for n in range(50)])
    odd = list(range(1, 50, 2))
    assert exported(path, tmp_path / "some.jsonl", filter="element_filter(tags, $ == 1)") == odd
    assert exported(path, tmp_path / "some.jsonl", filter="id < 0 or element_filter(tags, $ == 1)") == odd


def test_fields_are_chosen_that_a_filter_does_not_name(filled: Path, tmp_path: Path) -> None:
    target = tmp_path / "some.jsonl"
    export_rows(filled, "docs", target, fields=["price"], filter="text == 'text 7'")
    assert json.loads(target.read_text(encoding="utf-8")) == {"price": 1.5}


def test_what_cannot_be_chosen_is_an_error(filled: Path, tmp_path: Path) -> None:
    target = tmp_path / "none.jsonl"
    with pytest.raises(
        ParamError, match="'archiv' is no partition of 'docs' to export; there are: _default, arc"
    ):
        export_rows(filled, "docs", target, partitions=["archiv"])
    with pytest.raises(FilterError, match="least"):
        export_rows(filled, "docs", target, filter="id > {least}")
    with pytest.raises(FilterError, match="expected"):
        export_rows(filled, "docs", target, filter="id >")
    assert [one.name for one in tmp_path.iterdir()] == ["filled.db"]


def test_a_file_is_replaced_only_when_asked_and_is_whole(
    filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "docs.csv"
    target.write_text("mine", encoding="utf-8")
    with pytest.raises(FileExistsError, match="exists already"):
        export_rows(filled, "docs", target)

    def interrupt(told: Progress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export_rows(filled, "docs", target, overwrite=True, progress=interrupt)
    assert target.read_text(encoding="utf-8") == "mine"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["docs.csv", "filled.db"]
    assert export_rows(filled, "docs", target, overwrite=True) == 228


def test_what_is_not_there_is_an_error_with_what_is(filled: Path, tmp_path: Path) -> None:
    with pytest.raises(CollectionNotExistException, match="it has: docs, numbered"):
        export_rows(filled, "dogs", tmp_path / "dogs.csv")
    with pytest.raises(ParamError, match="format must be one of parquet, arrow"):
        export_rows(filled, "docs", tmp_path / "docs.xml")


NUMBERS = ("id", "vector", "half", "brain", "bytes", "bits", "price")
"""Fields for which numpy has a type."""


@pytest.mark.usefixtures("small_batches")
@pytest.mark.parametrize("target", ["docs.npz", "docs"])
def test_arrays_come_back(filled: Path, path: Path, tmp_path: Path, target: str) -> None:
    arrays = tmp_path / target
    assert export_rows(filled, "docs", arrays, fields=NUMBERS, format="numpy") == 228
    assert sorted(one.name for one in tmp_path.iterdir()) == sorted(["filled.db", target])
    with MilvusClient(filled) as client:
        expected = client.query("docs", output_fields=list(NUMBERS), limit=300)
        told = definition_of(client._collection("docs").describe()).schema
    schema = MilvusClient.create_schema()
    for one in told.fields:
        if one.name in NUMBERS:
            schema.add_field(one.name, one.dtype, is_primary=one.is_primary, **one.params)
    assert import_rows(arrays, path, "docs", schema=schema).rows == 228
    with MilvusClient(path) as client:
        assert client.query("docs", output_fields=list(NUMBERS), limit=300) == expected


@pytest.mark.usefixtures("small_batches")
def test_one_field_is_an_array(filled: Path, tmp_path: Path) -> None:
    export_rows(filled, "docs", tmp_path / "vectors.npy", fields=["vector"], filter="id < 12")
    with MilvusClient(filled) as client:
        rows = client.query("docs", "id < 12", ["vector"])
    vectors = np.load(tmp_path / "vectors.npy", mmap_mode="r")
    assert vectors.dtype == np.float32
    assert vectors.tolist() == [row["vector"] for row in rows]
    export_rows(filled, "docs", tmp_path / "none.npy", fields=["vector"], filter="id < 0")
    assert np.load(tmp_path / "none.npy").shape == (0, 8)


def test_what_numpy_does_not_have_is_an_error(filled: Path, tmp_path: Path) -> None:
    with pytest.raises(
        ParamError, match="no type for 'sparse', 'text', .*choose among the fields id, vector, half"
    ):
        export_rows(filled, "docs", tmp_path / "docs.npz")
    with pytest.raises(ParamError, match=r"a .npy file holds one field, got id, vector: choose one"):
        export_rows(filled, "docs", tmp_path / "docs.npy", fields=["id", "vector"])
    (tmp_path / "docs").mkdir()
    with pytest.raises(FileExistsError, match="is a folder that exists already"):
        export_rows(filled, "docs", tmp_path / "docs", fields=["id"], format="numpy", overwrite=True)
    with MilvusClient(filled) as client:
        client.add_collection_field("docs", "rank", DataType.INT64, nullable=True)
    for target in ("ranks.npz", "ranks"):
        with pytest.raises(ParamError, match="field 'rank' has nulls, which numpy does not"):
            export_rows(filled, "docs", tmp_path / target, fields=["rank"], format="numpy")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["docs", "filled.db"]
