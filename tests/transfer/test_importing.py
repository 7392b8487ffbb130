"""Imports of every format: types told from the records, rows that are not taken, imports that were broken off."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("pyarrow")

import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as parquet

from milvus_store import CollectionSchema, DataType, MilvusClient
from milvus_store.errors import MilvusException, ParamError
from milvus_store.transfer import Embedding, export_rows, import_rows
from milvus_store.transfer.inferring import shown_schema
from milvus_store.transfer.record_files import open_records
from milvus_store.transfer.schema_texts import to_text
from milvus_store_lite import Progress

from .comparing import contents

_COUNT = 60
_VECTORS = np.random.default_rng(0).random((_COUNT, 4), dtype=np.float32)


def records() -> list[dict[str, Any]]:
    return [
        {
            "id": number,
            "vector": _VECTORS[number].tolist(),
            "text": f"text {number}",
            "price": number / 4 if number % 3 else None,
            "tags": ["a", "b"][: number % 3],
        }
        for number in range(_COUNT)
    ]


def as_parquet(path: Path) -> Path:
    parquet.write_table(pa.Table.from_pylist(records()), path, row_group_size=25)
    return path


def as_feather(path: Path) -> Path:
    feather.write_feather(pa.Table.from_pylist(records()), str(path), chunksize=25)
    return path


def as_lines(path: Path) -> Path:
    path.write_text("\n".join(map(json.dumps, records())), encoding="utf-8")
    return path


def as_json(path: Path) -> Path:
    path.write_text(json.dumps(records()), encoding="utf-8")
    return path


def as_bulk_json(path: Path) -> Path:
    path.write_text(json.dumps({"rows": records()}), encoding="utf-8")
    return path


def _as_csv(path: Path, delimiter: str) -> Path:
    import csv

    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow(records()[0])
        for record in records():
            cells = (json.dumps(one) if isinstance(one, list) else one for one in record.values())
            writer.writerow(["" if cell is None else cell for cell in cells])
    return path


def as_csv(path: Path) -> Path:
    return _as_csv(path, ",")


def as_semicolons(path: Path) -> Path:
    return _as_csv(path, ";")


def as_tsv(path: Path) -> Path:
    return _as_csv(path, "\t")


def as_duckdb(path: Path) -> Path:
    duckdb = pytest.importorskip("duckdb")
    connection = duckdb.connect(str(path))
    connection.register("given", pa.Table.from_pylist(records()))
    connection.execute("CREATE TABLE docs AS SELECT * FROM given")
    connection.close()
    return path


def as_sqlite(path: Path) -> Path:
    connection = sqlite3.connect(path)
    connection.execute(
        "CREATE TABLE docs (id INTEGER PRIMARY KEY, vector BLOB, text TEXT, price REAL, tags TEXT)"
    )
    rows = [
        (one["id"], _VECTORS[one["id"]].tobytes(), *list(one.values())[2:4], json.dumps(one["tags"]))
        for one in records()
    ]
    connection.executemany("INSERT INTO docs VALUES (?, ?, ?, ?, ?)", rows)
    connection.commit()
    connection.close()
    return path


FORMATS: list[Callable[[Path], Path]] = [
    *(
        as_parquet,
        as_feather,
        as_lines,
        as_json,
        as_bulk_json,
        as_csv,
        as_semicolons,
        as_tsv,
        as_duckdb,
        as_sqlite,
    )
]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return tmp_path / "source"


def needs_sqlite_utils(write: Callable[[Path], Path]) -> None:
    if write in (as_json, as_bulk_json, as_csv, as_semicolons, as_tsv):
        pytest.importorskip("sqlite_utils")


@pytest.mark.parametrize("write", FORMATS, ids=lambda write: write.__name__)
def test_every_format_is_known_by_its_beginning_and_its_types_are_told(
    write: Callable[[Path], Path], source: Path, path: Path
) -> None:
    needs_sqlite_utils(write)
    plans = []
    imported = import_rows(write(source), path, "docs", planned=plans.append)
    assert (imported.rows, imported.refused) == (_COUNT, 0)
    (plan,) = plans
    shown = shown_schema(plan.schema)
    assert shown[:4] == [
        "id: INT64, primary",
        "vector: FLOAT_VECTOR(4)",
        "text: VARCHAR(65535), nullable",
        "price: DOUBLE, nullable",
    ]
    is_text = write is as_sqlite
    assert shown[4] == ("tags: VARCHAR(65535), nullable" if is_text else "tags: ARRAY(65535), nullable")
    with MilvusClient(path) as client:
        found = {row["id"]: row for row in client.query("docs", limit=100)}
        (hits,) = client.search("docs", _VECTORS[7:8], limit=1)
    expected = {one["id"]: {**one, "tags": json.dumps(one["tags"])} if is_text else one for one in records()}
    assert found == expected
    assert hits[0]["id"] == 7
    assert sorted(one.name for one in path.parent.iterdir()) == ["source", "test.db"]


def test_numpy_files_are_fields(tmp_path: Path, path: Path) -> None:
    folder = tmp_path / "arrays"
    folder.mkdir()
    np.save(folder / "id.npy", np.arange(_COUNT))
    np.save(folder / "vector.npy", _VECTORS)
    np.save(folder / "half.npy", _VECTORS.astype(np.float16))
    np.save(folder / "text.npy", np.array([f"text {number}" for number in range(_COUNT)]))
    np.savez(tmp_path / "all.npz", id=np.arange(_COUNT), vector=_VECTORS)
    np.save(tmp_path / "vectors.npy", _VECTORS)
    for name, fields in (("arrays", ["half", "id", "text", "vector"]), ("all.npz", ["id", "vector"])):
        assert import_rows(tmp_path / name, path, name[:3]).rows == _COUNT
        with MilvusClient(path) as client:
            described = client.describe_collection(name[:3])
            assert [field["name"] for field in described["fields"]] == fields
            (row,) = client.get(name[:3], 5)
            assert row["vector"] == _VECTORS[5].tolist()
    assert import_rows(tmp_path / "vectors.npy", path, "vectors").rows == _COUNT
    with MilvusClient(path) as client:
        assert client.describe_collection("vectors")["auto_id"]


def test_arrays_of_different_lengths_are_refused(tmp_path: Path, path: Path) -> None:
    np.savez(tmp_path / "all.npz", id=np.arange(3), vector=_VECTORS)
    with pytest.raises(MilvusException, match="equally long, got 'id' has 3, 'vector' has 60"):
        import_rows(tmp_path / "all.npz", path, "docs")
    assert not path.exists()


class TestWhatIsTold:
    def test_types_are_given_where_the_records_do_not_tell_them(self, source: Path, path: Path) -> None:
        source.write_text('{"key": "a", "vector": [1, 2], "n": 1}\n', encoding="utf-8")
        types = {"vector": "float16_vector(2)", "n": "INT8"}
        import_rows(source, path, "docs", types=types, primary_key="key", format="jsonl")
        with MilvusClient(path) as client:
            kinds = [DataType(field["type"]).name for field in client.describe_collection("docs")["fields"]]
        assert kinds == ["VARCHAR", "FLOAT16_VECTOR", "INT8"]

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"types": {"n": "NUMBER"}}, "expected a type such as VARCHAR"),
            ({"types": {"m": "INT8"}}, "there is no column 'm'; there are: n, vector"),
            ({"primary_key": "n"}, "'n' cannot be the primary key"),
            ({"primary_key": "vector"}, "'vector' cannot be the primary key"),
            ({"table": "docs"}, "table='docs' is for databases"),
            ({"format": "xml"}, "format must be one of parquet"),
        ],
    )
    def test_what_cannot_be_is_refused_before_a_file_is_made(
        self, source: Path, path: Path, options: dict[str, Any], message: str
    ) -> None:
        source.write_text('{"n": 1, "vector": [1.5, 2]}\n{"n": 1, "vector": [1.5, 2]}\n', encoding="utf-8")
        with pytest.raises(ParamError, match=message):
            import_rows(source, path, "docs", **options)

    def test_records_without_vectors_are_refused(self, source: Path, path: Path) -> None:
        source.write_text('{"n": 1}\n', encoding="utf-8")
        with pytest.raises(ParamError, match="no vectors can be told"):
            import_rows(source, path, "docs")

    def test_keys_are_numbered_where_no_column_can_be_one(self, source: Path, path: Path) -> None:
        source.write_text('{"id": 1, "vector": [1.5, 2]}\n' * 2, encoding="utf-8")
        import_rows(source, path, "docs")
        with MilvusClient(path) as client:
            assert [(row["pk"], row["id"]) for row in client.query("docs", limit=9)] == [(1, 1), (2, 1)]

    def test_names_that_no_field_can_have_are_dynamic_keys(self, source: Path, path: Path) -> None:
        source.write_text('{"id": 1, "vector": [1.5, 2], "größe": 3}\n', encoding="utf-8")
        import_rows(source, path, "docs")
        with MilvusClient(path) as client:
            assert client.get("docs", 1) == [{"id": 1, "vector": [1.5, 2.0], "größe": 3}]

    def test_a_dry_run_makes_no_file(self, source: Path, path: Path) -> None:
        plans = []
        import_rows(as_lines(source), path, "docs", dry_run=True, planned=plans.append)
        assert plans[0].is_new
        assert not path.exists()


class TestBulkLayouts:
    """Files as pymilvus's bulk_writer makes them."""

    @pytest.mark.parametrize("kind", ["PARQUET", "JSON", "NUMPY"])
    def test_what_the_bulk_writer_wrote_is_imported(self, kind: str, tmp_path: Path, path: Path) -> None:
        pytest.importorskip("pymilvus")
        if kind == "JSON":
            pytest.importorskip("sqlite_utils")
        try:
            from pymilvus import CollectionSchema as TheirSchema
            from pymilvus import DataType as TheirType
            from pymilvus.bulk_writer import BulkFileType, LocalBulkWriter
        except ImportError as error:
            pytest.skip(str(error))
        theirs = TheirSchema([], enable_dynamic_field=True, check_fields=False)
        ours = CollectionSchema(enable_dynamic_field=True)
        for name, dtype, options in (
            ("id", DataType.INT64, {"is_primary": True}),
            ("vector", DataType.FLOAT_VECTOR, {"dim": 4}),
            ("half", DataType.FLOAT16_VECTOR, {"dim": 4}),
            ("bits", DataType.BINARY_VECTOR, {"dim": 16}),
            ("text", DataType.VARCHAR, {"max_length": 20}),
            ("json", DataType.JSON, {}),
            *([("sparse", DataType.SPARSE_FLOAT_VECTOR, {})] if kind != "NUMPY" else []),
        ):
            theirs.add_field(name, TheirType(int(dtype)), **options)
            ours.add_field(name, dtype, **options)
        rows = [
            {
                "id": number,
                "vector": _VECTORS[number],
                "half": _VECTORS[number].astype(np.float16),
                "bits": [number % 2] * 16,
                "text": f"text {number}",
                "json": {"n": [number]},
                "color": "red",
                **({"sparse": {number: 0.5}} if kind != "NUMPY" else {}),
            }
            for number in range(10)
        ]
        with LocalBulkWriter(theirs, str(tmp_path / "bulk"), file_type=BulkFileType[kind]) as writer:
            for row in rows:
                writer.append_row(row)
            writer.commit()
            files = [Path(one) for group in writer.batch_files for one in group]
        imported = import_rows(files[0].parent if kind == "NUMPY" else files[0], path, "docs", schema=ours)
        assert (imported.rows, imported.refused) == (10, 0)
        with MilvusClient(path) as client:
            (row,) = client.get("docs", 3)
        assert row == {
            "id": 3,
            "vector": _VECTORS[3].tolist(),
            "half": [_VECTORS[3].astype(np.float16).tobytes()],
            "bits": [b"\xff\xff"],
            "text": "text 3",
            "json": {"n": [3]},
            "color": "red",
            **({"sparse": {3: 0.5}} if kind != "NUMPY" else {}),
        }


class TestRowsThatAreNotTaken:
    def test_they_go_to_a_file_with_line_and_reason(self, source: Path, path: Path) -> None:
        good = [json.dumps(record) for record in records()]
        bad = [
            '{"id": 1, ',
            "[1]",
            json.dumps({**records()[4], "id": "four"}),
            json.dumps({"id": 99, "vector": [1.0]}),
        ]
        source.write_text("\n".join([*good[:10], *bad[:2], "", *bad[2:], *good[10:]]), encoding="utf-8")
        imported = import_rows(source, path, "docs")
        assert (imported.rows, imported.refused) == (_COUNT, 4)
        assert imported.refused_file is not None
        told = [json.loads(line) for line in imported.refused_file.read_text(encoding="utf-8").splitlines()]
        assert [one["line"] for one in told] == [11, 12, 14, 15]
        for one, reason in zip(
            told,
            ("not JSON", "expected an object", "expected an integer", "dimension 4, got dimension 1"),
            strict=True,
        ):
            assert reason in one["reason"]
        assert told[3]["record"] == {"id": 99, "vector": [1.0]}

    def test_lines_of_csv_with_too_many_or_too_few_values(self, source: Path, path: Path) -> None:
        pytest.importorskip("sqlite_utils")
        as_csv(source)
        with source.open("a", encoding="utf-8") as file:
            file.write('100,"[1,2,3,4]",text,1,[],surplus\r\n101,"[1,2,3,4]"\r\n')
        imported = import_rows(source, path, "docs")
        assert (imported.rows, imported.refused) == (_COUNT, 2)
        assert imported.refused_file is not None
        told = [json.loads(line) for line in imported.refused_file.read_text(encoding="utf-8").splitlines()]
        assert [one["line"] for one in told] == [_COUNT + 1, _COUNT + 2]
        assert "'surplus'" in told[0]["reason"]
        assert "has no value for 'text', 'price', 'tags'" in told[1]["reason"]

    def test_an_existing_collection_says_what_fits(self, source: Path, path: Path) -> None:
        with MilvusClient(path) as client:
            client.create_collection("docs", dimension=3)
        imported = import_rows(as_parquet(source), path, "docs")
        assert (imported.rows, imported.refused) == (0, _COUNT)


class TestEmbeddings:
    def embed(self, texts: list[str]) -> np.ndarray[Any, Any]:
        return np.array([[len(text), 1.0] for text in texts], np.float32)

    def test_texts_are_embedded_on_the_way(self, source: Path, path: Path) -> None:
        source.write_text('{"id": 1, "body": "four"}\n{"id": 2, "body": null}\n', encoding="utf-8")
        import_rows(source, path, "docs", embedding=Embedding(self.embed, "body", "meaning"))
        with MilvusClient(path) as client:
            rows = client.query("docs", limit=9)
        assert [row["meaning"] for row in rows] == [[4.0, 1.0], [0.0, 1.0]]

    def test_a_vector_for_each_text_is_expected(self, source: Path, path: Path) -> None:
        source.write_text('{"id": 1, "body": "four"}\n{"id": 2, "body": "x"}\n', encoding="utf-8")
        with pytest.raises(ParamError, match="a vector for each of 2 texts, got 1"):
            import_rows(source, path, "docs", embedding=Embedding(lambda texts: [[1.0, 2.0]], "body"))


_KILLED = """
import os, sys
from milvus_store.transfer import batches, import_rows
from milvus_store.transfer.journal import Journal
from milvus_store.transfer.schema_texts import from_text
batches._MOST_ROWS = 10
saves = 0
save = Journal.save

def count_out(journal):
    global saves
    saves += 1
    if sys.argv[3] == "before" and saves == 4:
        os._exit(9)  # three batches are written, and the journal does not say so of the last one
    save(journal)
    if sys.argv[3] == "after" and saves == 4:
        os._exit(9)  # the fourth is announced and not written

Journal.save = count_out
schema = from_text(sys.argv[4]) if sys.argv[4:] else None
import_rows(sys.argv[1], sys.argv[2], "docs", format="jsonl", schema=schema)
"""


@pytest.mark.usefixtures("small_batches")
class TestImportsThatWereBrokenOff:
    @pytest.mark.parametrize("moment", ["before", "after"])
    @pytest.mark.parametrize("numbered", [True, False])
    def test_no_row_is_lost_or_doubled(self, source: Path, path: Path, moment: str, numbered: bool) -> None:
        lines = [json.dumps({**one, "id": 1} if numbered else one) for one in records()]
        source.write_text(
            "\n".join([*lines[:5], "{bad", *lines[5:25], "{bad", *lines[25:]]), encoding="utf-8"
        )
        assert subprocess.run([sys.executable, "-c", _KILLED, str(source), str(path), moment]).returncode == 9
        with MilvusClient(path) as client:
            assert client.get_collection_stats("docs") == {"row_count": 28}
        imported = import_rows(source, path, "docs", format="jsonl")
        assert (imported.rows, imported.refused) == (_COUNT, 2)
        with MilvusClient(path) as client:
            texts = [row["text"] for row in client.query("docs", limit=100)]
        assert sorted(texts) == sorted(one["text"] for one in records())
        assert imported.refused_file is not None
        assert len(imported.refused_file.read_text(encoding="utf-8").splitlines()) == 2
        assert not list(path.parent.glob("*.transfer"))

    @pytest.mark.parametrize("moment", ["before", "after"])
    def test_numbered_rows_keep_their_keys(self, source: Path, path: Path, moment: str) -> None:
        schema = CollectionSchema(auto_id=True)
        schema.add_field("id", DataType.INT64, is_primary=True)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=4)
        schema.add_field("text", DataType.VARCHAR, max_length=50)
        rows = [{key: one[key] for key in ("id", "vector", "text")} for one in reversed(records())]
        source.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
        arguments = [str(source), str(path), moment, to_text(schema)]
        assert subprocess.run([sys.executable, "-c", _KILLED, *arguments]).returncode == 9
        assert import_rows(source, path, "docs", format="jsonl").rows == _COUNT
        with MilvusClient(path) as client:
            found = client.query("docs", output_fields=["text"], limit=100)
            assert {row["id"]: row["text"] for row in found} == {row["id"]: row["text"] for row in rows}
            described = client.describe_collection("docs")
            assert (described["auto_id"], described["properties"]) == (True, {})

    def test_who_wrote_in_between_is_noticed_where_rows_have_no_keys(self, source: Path, path: Path) -> None:
        source.write_text("\n".join(json.dumps({**one, "id": 1}) for one in records()), encoding="utf-8")

        def interrupt(told: Progress) -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            import_rows(source, path, "docs", progress=interrupt)
        with MilvusClient(path) as client:
            client.insert("docs", [{"id": 1, "vector": [1.0] * 4, "text": "", "price": None, "tags": []}])
        with pytest.raises(MilvusException, match="has 11 rows, where the journal .* expects 0 or 10"):
            import_rows(source, path, "docs")


def test_tables_and_queries_of_a_database(source: Path, path: Path) -> None:
    as_sqlite(source)
    with sqlite3.connect(source) as connection:
        connection.execute("CREATE TABLE other (id INTEGER)")
    with pytest.raises(ParamError, match="has 'docs', 'other': name a table"):
        import_rows(source, path, "docs")
    query = "SELECT id, vector FROM docs WHERE price > 10 ORDER BY id"
    imported = import_rows(source, path, "docs", table=query)
    assert imported.rows == sum((one["price"] or 0) > 10 for one in records())
    connection.close()


def test_a_parquet_file_is_not_held_in_memory(tmp_path: Path) -> None:
    count, dim = 20_000, 100
    file = tmp_path / "docs.parquet"
    vectors = pa.FixedSizeListArray.from_arrays(pa.array(np.zeros(count * dim, np.float32)), dim)
    table = pa.table({"id": range(count), "vector": vectors})
    parquet.write_table(table, file, use_dictionary=False, compression="NONE")
    del vectors, table
    before, most, read = pa.total_allocated_bytes(), 0, 0
    with closing(open_records(str(file), None, None)) as records:
        for batch in records.batches(0, 500):
            read += len(batch.rows)
            most = max(most, pa.total_allocated_bytes() - before)
    assert read == count
    assert most < file.stat().st_size // 2


@pytest.mark.parametrize("key", [DataType.INT64, DataType.VARCHAR])
def test_numbered_rows_come_back_from_an_export_with_their_keys(
    tmp_path: Path, path: Path, key: DataType
) -> None:
    with MilvusClient(tmp_path / "source.db") as client:
        schema = client.create_schema(auto_id=True)
        schema.add_field(
            "id", key, is_primary=True, **({"max_length": 20} if key is DataType.VARCHAR else {})
        )
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
        client.create_collection("docs", schema=schema)
        client.insert("docs", [{"vector": [1.0, number]} for number in range(9)])
        client.delete("docs", ids=[1, 2] if key is DataType.INT64 else ["1", "2"])
        whole = contents(client, "docs")["rows"]
    export_rows(tmp_path / "source.db", "docs", tmp_path / "docs.parquet")
    assert import_rows(tmp_path / "docs.parquet", path, "docs").rows == 7
    with MilvusClient(path) as client:
        assert contents(client, "docs")["rows"] == whole
        assert client.describe_collection("docs")["auto_id"]
        assert client.describe_collection("docs")["properties"] == {}
        assert int(client.insert("docs", [{"vector": [1.0, 2.0]}])["ids"][0]) > 9


def test_a_numbered_collection_that_is_there_takes_keys_where_its_property_says_so(
    tmp_path: Path, path: Path
) -> None:
    lines = [{"id": 70 + number, "vector": [1.0, number]} for number in range(3)]
    lines.append({"id": "x", "vector": [1.0, 2.0]})
    (tmp_path / "docs.jsonl").write_text("\n".join(map(json.dumps, lines)))
    allowed = {"allow_insert_auto_id": "true"}
    with MilvusClient(path) as client:
        client.create_collection("numbered", 2, auto_id=True)
        client.create_collection("either", 2, auto_id=True, properties=allowed)
    assert import_rows(tmp_path / "docs.jsonl", path, "numbered").rows == 4
    assert import_rows(tmp_path / "docs.jsonl", path, "either").rows == 3
    with MilvusClient(path) as client:
        assert client.describe_collection("either")["properties"] == allowed
        for name, ids in (("numbered", [1, 2, 3, 4]), ("either", [70, 71, 72])):
            assert [row["id"] for row in client.query(name, output_fields=["id"], limit=9)] == ids
