from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from milvus_store import DataType, Function, FunctionType, MilvusClient
from milvus_store.errors import DatabaseCorruptError, DatabaseFormatError, NotADatabaseError
from milvus_store_lite.checks import Problem, check_file
from milvus_store_lite.storage.integrity.checksums import checksums, salt

ROWS = 190 + 50 + 2
DOCS = "collection 'docs'"
BAD_FLOATS = {"nan": "0000c07f" + "00" * 28, "infinity": "0000807f" + "00" * 28}


@pytest.fixture
def path(tmp_path: Path, sound: bytes) -> Path:
    """A copy of it, to be damaged."""
    path = tmp_path / "test.db"
    path.write_bytes(sound)
    return path


def break_with(path: Path, *statements: str) -> None:
    """Run ``statements``, in which ``checksum(seq, x)`` is that of a vector in collection 1, field 101.

    ``checksum(seq, x, field)`` is one of collection 3.
    """

    def checksum(seq: int, blob: bytes, *field: int) -> bytes:
        return checksums([seq], [blob], salt(3, *field) if field else salt(1, 101))[0]

    with closing(sqlite3.connect(path)) as connection:
        connection.create_function("checksum", -1, checksum)
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def problems_of(path: Path, message: str = "") -> list[Problem]:
    """What a check finds, but for checksums that ``break_with`` did not write, unless they are the ``message``."""
    found = check_file(path).problems
    return [one for one in found if "not what was written" not in one.message or one.message == message]


def test_a_sound_file_has_no_problems(path: Path) -> None:
    report = check_file(path)
    assert report.problems == ()
    assert report.is_sound
    assert (report.path, report.collections, report.rows) == (str(path), 4, ROWS)


def test_names_that_sqlite_confuses_are_no_problem(tmp_path: Path) -> None:
    path = tmp_path / "names.db"
    with MilvusClient(path) as client:
        schema = client.create_schema()
        schema.add_field("seq", DataType.INT64, is_primary=True, auto_id=True)
        for name in ("Color", "color", "PK", "partition", "select"):
            schema.add_field(name, DataType.VARCHAR, max_length=9, is_partition_key=name == "Color")
        for name in ("Vector", "vector"):
            schema.add_field(name, DataType.FLOAT_VECTOR, dim=2)
        client.create_collection("c", schema=schema)
        texts = {"Color": "a", "color": "é", "PK": "\x00", "partition": "", "select": "f"}
        client.insert("c", [{**texts, "Vector": [1, 2], "vector": [3, 4]}] * 3)
    assert check_file(path).problems == ()


def test_documents_deeper_than_sqlite_parses_are_no_problem(path: Path) -> None:
    deep: list[Any] = []
    for _ in range(127):
        deep = [deep]
    with MilvusClient(path) as client:
        client.insert("quick", {"id": -1, "vector": [0, 0, 0, 1], "deep": deep})
    deeper = "[" * 2500 + "]" * 2500
    assert check_file(path).is_sound
    break_with(path, f"UPDATE rows_1 SET doc = '{deeper}' WHERE seq = 9")
    # Python's parser decides, and this one is beyond it as well.
    assert [problem.place for problem in problems_of(path)] in ([], [f"{DOCS}, field 'doc'"])


# One invariant at a time -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statement", "place", "message"),
    [
        # rows and vectors
        ("DELETE FROM vectors_1_vector WHERE seq = 7", ", field 'vector'", "no vector for 1 row (seq 7)"),
        (
            "DELETE FROM vectors_1_vector WHERE seq <= 10",
            ", field 'vector'",
            "no vector for 9 rows (seq 1, 2, 4, 5, 6, …)",
        ),
        (
            "INSERT INTO vectors_1_vector VALUES (9999, checksum(9999, zeroblob(32)), zeroblob(32))",
            ", field 'vector'",
            "vectors without a row: 1 row (seq 9999)",
        ),
        (
            "UPDATE vectors_1_vector SET value = x'00000000' WHERE seq = 8",
            ", field 'vector'",
            "expected 32 bytes (FLOAT_VECTOR(dim=8)): 1 row (seq 8)",
        ),
        (
            "UPDATE vectors_1_vector SET value = 'a text of thirty-two characters.' WHERE seq = 8",
            ", field 'vector'",
            "expected 32 bytes (FLOAT_VECTOR(dim=8)): 1 row (seq 8)",
        ),
        *(
            (
                "UPDATE vectors_1_vector SET (value, checksum) ="
                f" (x'{bad}', checksum(seq, x'{bad}')) WHERE seq IN (8, 200)",
                ", field 'vector'",
                "expected finite numbers (no NaN, no infinity): 2 rows (seq 8, 200)",
            )
            for bad in BAD_FLOATS.values()
        ),
        (
            "UPDATE vectors_1_vector SET value = zeroblob(32) WHERE seq IN (8, 9)",
            ", field 'vector'",
            "not what was written, by the checksum: 2 rows (seq 8, 9)",
        ),
        (
            "UPDATE vectors_1_vector SET checksum = x'00' WHERE seq = 8",
            ", field 'vector'",
            "not what was written, by the checksum: 1 row (seq 8)",
        ),
        (
            "UPDATE vectors_1_vector SET (value, checksum) ="
            " (SELECT value, checksum FROM vectors_1_vector WHERE seq = 9) WHERE seq = 8",
            ", field 'vector'",
            "not what was written, by the checksum: 1 row (seq 8)",
        ),
        # position and feed
        ("UPDATE collections SET last_seq = 199 WHERE id = 1", "", "last_seq is 199, but rows_1 has seq 200"),
        ("UPDATE collections SET last_change = 9 WHERE id = 1", "", "but removed_1 has change 10"),
        (
            "UPDATE removed_1 SET seq = 8 WHERE change = 1",
            "",
            "entered as removed, but still there: 1 row (seq 8)",
        ),
        (
            "UPDATE collections SET last_seq = 300 WHERE id = 1",
            "",
            "expected 290 rows (last_seq 300, last_change 10), found 190",
        ),
        (
            "UPDATE collections SET seq_sum = seq_sum + 1 WHERE id = 1",
            "",
            "expected rows whose seqs add up to 19171, found 19170",
        ),
        (
            "UPDATE tenants_1 SET live = 9 WHERE value = 2",
            ", field 'tenant'",
            "expected 9 rows of 2, found 40",
        ),
        ("DELETE FROM tenants_1 WHERE value = 2", ", field 'tenant'", "expected 0 rows of 2, found 40"),
        ("INSERT INTO tenants_1 VALUES (7, 1)", ", field 'tenant'", "expected 1 rows of 7, found 0"),
        # scalars
        ("UPDATE rows_1 SET n = 'abc' WHERE seq = 8", ", field 'n'", "expected integer: 1 row (seq 8)"),
        ("UPDATE rows_1 SET n = 40000 WHERE seq = 8", ", field 'n'", "an integer between -32768 and 32767"),
        ("UPDATE rows_1 SET flag = 2 WHERE seq = 8", ", field 'flag'", "expected 0 or 1: 1 row (seq 8)"),
        ("UPDATE rows_1 SET x = 'abc' WHERE seq = 8", ", field 'x'", "expected real or null: 1 row (seq 8)"),
        ("UPDATE rows_1 SET x = 1e39 WHERE seq = 8", ", field 'x'", "a finite float32: 1 row (seq 8)"),
        ("UPDATE rows_1 SET y = -9e999 WHERE seq = 8", ", field 'y'", "a finite number: 1 row (seq 8)"),
        ("UPDATE rows_1 SET text = x'6162' WHERE seq = 8", ", field 'text'", "expected text or null: 1 row"),
        (
            "UPDATE rows_1 SET text = replace(hex(zeroblob(1600)), '00', 'é') WHERE seq = 8",
            ", field 'text'",
            "expected at most 3000 bytes of UTF-8: 1 row (seq 8)",
        ),
        (
            "UPDATE rows_1 SET text = CAST(x'61ff62' AS TEXT) WHERE seq = 8",
            ", field 'text'",
            "expected UTF-8: 1 row (seq 8)",
        ),
        ("UPDATE rows_1 SET doc = '{\"a\":' WHERE seq = 8", ", field 'doc'", "expected JSON: 1 row (seq 8)"),
        (
            "UPDATE rows_1 SET dynamic = '[1]' WHERE seq = 8",
            ", field '$meta'",
            "expected a JSON object: 1 row (seq 8)",
        ),
        (
            "UPDATE rows_1 SET dynamic = 'no' WHERE seq = 8",
            ", field '$meta'",
            "expected a JSON object: 1 row",
        ),
        (
            "UPDATE rows_1 SET partition = 77 WHERE seq = 8",
            "",
            "expected a partition of this collection: 1 row (seq 8)",
        ),
        # A partition that exists, of another collection.
        ("UPDATE rows_1 SET partition = 2 WHERE seq = 8", "", "expected a partition of this collection"),
        # tables
        ("DROP TABLE vectors_1_vector", "", "table vectors_1_vector: is missing"),
        ("DROP TABLE removed_1", "", "table removed_1: is missing"),
        ("DROP INDEX rows_1_tenant", "", "table rows_1_tenant: is missing"),
        ("ALTER TABLE rows_1 DROP COLUMN y", "", "column 'y': expected REAL NOT NULL, found none"),
        ("ALTER TABLE rows_1 ADD COLUMN z TEXT", "", "column 'z': expected none, found TEXT"),
        ("CREATE TABLE vectors_1_gone (seq INTEGER)", "", "vectors_1_gone belongs to nothing in the schema"),
        # definitions
        (
            "UPDATE collections SET schema = '{' WHERE id = 1",
            "",
            "the schema cannot be read: JSONDecodeError",
        ),
        ("UPDATE collections SET schema = '[]' WHERE id = 1", "", "the schema cannot be read: TypeError"),
        (
            "UPDATE collections SET schema = replace(schema, '\"dim\": 8', '\"dim\": 0') WHERE id = 1",
            "",
            "the schema cannot be read: field 'vector' (FLOAT_VECTOR): dim must be",
        ),
        ("UPDATE collections SET properties = '[]' WHERE id = 1", "", "properties: expected a JSON object"),
        (
            """UPDATE collections SET properties = '{"timezone": "Asia/Tokyp"}' WHERE id = 1""",
            "",
            "collection property 'timezone' must be an IANA time zone",
        ),
        ("UPDATE collections SET consistency_level = 'Strnog' WHERE id = 1", "", "expected one of Strong"),
        ("UPDATE collections SET is_loaded = 7 WHERE id = 1", "", "is_loaded: expected 0 or 1, found 7"),
        ("UPDATE indexes SET field = 'nope' WHERE collection_id = 1", "", "field 'nope' does not exist"),
        ("UPDATE indexes SET type = 'FLAP' WHERE collection_id = 1", "", "index type 'FLAP'"),
        ("UPDATE indexes SET metric = 'L3' WHERE collection_id = 1", "", "index 'vector': metric_type"),
        (
            "UPDATE indexes SET parameters = '{' WHERE collection_id = 1",
            "",
            "parameters are not a JSON object",
        ),
    ],
)
def test_one_broken_invariant_is_named(path: Path, statement: str, place: str, message: str) -> None:
    break_with(path, statement)
    (problem,) = problems_of(path, message)
    assert problem.place == DOCS + place
    assert message in problem.message


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ("[1]", "expected a JSON object"),
        ('{"timezone": "Mars"}', "database property 'timezone' must be an IANA"),
    ],
)
def test_broken_properties_of_a_database_are_named(path: Path, properties: str, message: str) -> None:
    break_with(path, f"UPDATE databases SET properties = '{properties}' WHERE name = 'default'")
    (problem,) = problems_of(path)
    assert problem.place == "database 'default'"
    assert message in problem.message


@pytest.mark.parametrize(
    ("statement", "place", "message"),
    [
        ("UPDATE collections SET name = 'a b' WHERE id = 1", "collection 'a b'", "invalid collection name"),
        ("DELETE FROM partitions WHERE collection_id = 4", "collection 'empty'", "there is no partition"),
        ("CREATE TABLE rows_99 (seq INTEGER)", "table rows_99", "collection id 99 does not exist"),
        ("INSERT INTO aliases VALUES (1, 'a', 55)", "table aliases", "1 row refer"),
        (
            "INSERT INTO indexes VALUES (55, 'a', 'b', 'FLAT', 'L2', '{}')",
            "table indexes",
            "table collections",
        ),
        ("UPDATE collections SET database_id = 5 WHERE id = 1", "table collections", "table databases"),
        (
            "UPDATE collections SET created_at = 'soon' WHERE id = 1",
            "table collections",
            "column 'created_at': expected integer, found text in 1 row",
        ),
        ("DROP TABLE aliases", "table aliases", "is missing"),
        ("ALTER TABLE indexes ADD COLUMN z TEXT", "table indexes", "column 'z': expected none, found TEXT"),
    ],
)
def test_a_broken_catalog_is_named(path: Path, statement: str, place: str, message: str) -> None:
    break_with(path, statement)
    problems = problems_of(path)
    assert [problem.place for problem in problems if "no such table" not in problem.message] == [place]
    assert message in problems[0].message


@pytest.mark.parametrize(
    ("field", "blob", "message"),
    [
        ("float16_vector", "007c" + "00" * 14, "expected finite numbers"),
        ("bfloat16_vector", "807f" + "00" * 14, "expected finite numbers"),
        ("int8_vector", "00" * 7, "expected 8 bytes (INT8_VECTOR(dim=8)): 1 row (seq 1)"),
        ("binary_vector", "00" * 2, "expected 1 bytes (BINARY_VECTOR(dim=8)): 1 row (seq 1)"),
        ("sparse", "00" * 9, "expected 8 bytes for each value (SPARSE_FLOAT_VECTOR): 1 row (seq 1)"),
        ("sparse", "030000000000003f070000000000c07f", "ascending indices, positive and finite values"),
        ("sparse", "070000000000003f030000000000003f", "ascending indices, positive and finite values"),
    ],
)
def test_vectors_of_every_type_are_looked_at(path: Path, field: str, blob: str, message: str) -> None:
    blob = f"x'{blob}'"
    number = 101 + ["float16_vector", "bfloat16_vector", "int8_vector", "binary_vector", "sparse"].index(
        field
    )
    break_with(
        path,
        f"UPDATE vectors_3_{field} SET value = {blob}, checksum = checksum(seq, {blob}, {number}) WHERE seq = 1",
    )
    (problem,) = check_file(path).problems
    assert problem.place == f"collection 'narrow', field '{field}'"
    assert message in problem.message


@pytest.mark.parametrize("array", ["[true,false,true]", "[true,5]", "{}", "[true", "[[true]]"])
def test_an_array_that_its_field_would_not_take_is_named(path: Path, array: str) -> None:
    break_with(path, f"UPDATE rows_3 SET tags = '{array}' WHERE seq = 1")
    (problem,) = problems_of(path)
    assert problem == Problem(
        "collection 'narrow', field 'tags'", "expected ARRAY<BOOL> of at most 2: 1 row (seq 1)"
    )


def test_damage_in_one_collection_does_not_hide_that_of_another(path: Path) -> None:
    break_with(path, "DROP TABLE rows_1", "DELETE FROM vectors_2_vector WHERE seq = 3")
    report = check_file(path)
    assert [problem.place for problem in report.problems] == [DOCS] * 3 + [
        "collection 'quick', field 'vector'"
    ]
    assert report.problems[0] == Problem(DOCS, "table rows_1: is missing")
    assert (report.collections, report.rows) == (4, ROWS - 190)


def test_a_table_that_sqlite_cannot_read_is_named_and_the_others_are_checked(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        (page,) = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'vectors_1_vector'"
        ).fetchone()
    content = bytearray(path.read_bytes())
    content[(page - 1) * 16_384 : page * 16_384] = b"\xff" * 16_384
    path.write_bytes(content)
    report = check_file(path)
    places = {problem.place for problem in report.problems}
    assert places == {"file", f"{DOCS}, vectors"}
    assert report.rows == ROWS


@pytest.mark.parametrize(
    ("statement", "place", "message"),
    [
        ("UPDATE rows_1 SET n = n + 1 WHERE seq IN (8, 9)", f"{DOCS}, field 'n'", ": 2 rows (seq 8, 9)"),
        ("UPDATE rows_1 SET flag = 1 - flag WHERE seq = 8", f"{DOCS}, field 'flag'", ": 1 row (seq 8)"),
        ("UPDATE rows_1 SET x = x / 2 WHERE seq = 8", f"{DOCS}, field 'x'", ": 1 row (seq 8)"),
        ("UPDATE rows_1 SET x = 0 WHERE seq = 14", f"{DOCS}, field 'x'", ": 1 row (seq 14)"),
        ("UPDATE rows_1 SET text = NULL WHERE seq = 8", f"{DOCS}, field 'text'", ": 1 row (seq 8)"),
        ("UPDATE rows_1 SET doc = '{}' WHERE seq = 8", f"{DOCS}, field 'doc'", ": 1 row (seq 8)"),
        ("UPDATE rows_1 SET dynamic = '{}' WHERE seq = 8", f"{DOCS}, field '$meta'", ": 1 row (seq 8)"),
        ("UPDATE rows_1 SET pk = 'q' WHERE seq = 8", f"{DOCS}, field 'pk'", ": 1 row (seq 8)"),
        ("UPDATE collections SET key_sum = key_sum + 1 WHERE id = 1", f"{DOCS}, field 'pk'", "all keys"),
        ("UPDATE collections SET name = 'dogs' WHERE id = 1", "collection 'dogs'", "the definition is"),
        ("UPDATE collections SET version = 9 WHERE id = 1", DOCS, "the position is"),
        ("UPDATE partitions SET is_loaded = 0 WHERE collection_id = 1", DOCS, "the definition is"),
        ("UPDATE indexes SET metric = 'IP' WHERE collection_id = 1", DOCS, "the definition is"),
        ("INSERT INTO aliases VALUES (1, 'papers', 1)", DOCS, "the definition is"),
        ("UPDATE databases SET properties = '{ }'", "database 'default'", "not what was written"),
        ("UPDATE names SET checksum = x'00'", "catalog", "names of databases, collections and aliases"),
    ],
)
def test_a_value_that_was_not_written_is_named(path: Path, statement: str, place: str, message: str) -> None:
    break_with(path, statement)
    problems = check_file(path).problems
    assert place in {problem.place for problem in problems}
    assert all("not what was written, by the checksum" in problem.message for problem in problems)
    assert any(message in problem.message for problem in problems)


def test_values_that_changed_places_are_named(path: Path) -> None:
    break_with(
        path,
        'UPDATE rows_1 SET (n, "$checksums") = (SELECT n, "$checksums" FROM rows_1 WHERE seq = 9) WHERE seq = 8',
    )
    places = [problem.place for problem in check_file(path).problems]
    assert f"{DOCS}, field 'n'" in places


# What a check may not do -----------------------------------------------------------------------------


def test_a_check_leaves_the_file_as_it_was(path: Path) -> None:
    before = path.read_bytes()
    check_file(path)
    assert [one.name for one in path.parent.iterdir()] == [path.name]
    assert path.read_bytes() == before


def test_a_check_of_a_file_in_use_sees_what_is_committed(path: Path) -> None:
    with MilvusClient(path) as client:
        client.insert("quick", [{"id": i, "vector": [i, 1, 2, 3]} for i in range(1000, 1100)])
        assert check_file(path).rows == ROWS + 100
        client.delete("quick", filter="id >= 1000")
        assert check_file(path).rows == ROWS


def test_a_check_sees_what_a_crash_left_in_the_write_ahead_log(path: Path, tmp_path: Path) -> None:
    crashed = tmp_path / "crashed.db"
    with MilvusClient(path) as client:
        client.insert("quick", {"id": 1000, "vector": [0, 1, 2, 3]})
        for suffix in ("", "-wal"):
            shutil.copy(f"{path}{suffix}", f"{crashed}{suffix}")
    report = check_file(crashed)
    assert (report.rows, report.problems) == (ROWS + 1, ())


def test_a_file_in_a_directory_that_cannot_be_written_is_checked(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("milvus_store_lite.storage.file.opening.os.access", lambda *_: False)
    assert check_file(path).is_sound


def test_what_is_no_database_of_ours_is_refused(path: Path, tmp_path: Path) -> None:
    empty, text = tmp_path / "empty.db", tmp_path / "notes.txt"
    empty.touch()
    text.write_text("these are my notes, " * 50)
    short, newer = tmp_path / "short.db", tmp_path / "newer.db"
    short.write_bytes(path.read_bytes()[:40_000])
    shutil.copy(path, newer)
    break_with(newer, "PRAGMA user_version = 99")
    for file, error, message in (
        (tmp_path / "missing.db", NotADatabaseError, "does not exist"),
        (empty, NotADatabaseError, "is empty"),
        (text, NotADatabaseError, "not a SQLite file"),
        (tmp_path, NotADatabaseError, "directory"),
        (short, DatabaseCorruptError, "truncated"),
        (newer, DatabaseFormatError, "upgrade"),
    ):
        with pytest.raises(error, match=message):
            check_file(file)
    assert not (tmp_path / "missing.db").exists()


def test_a_document_of_a_term_that_is_not_in_the_vocabulary_is_named(tmp_path: Path) -> None:
    path = tmp_path / "text.db"
    with MilvusClient(path) as client:
        schema = client.create_schema()
        schema.add_field("id", DataType.INT64, is_primary=True)
        schema.add_field("text", DataType.VARCHAR, max_length=99, enable_analyzer=True)
        schema.add_field("sparse", DataType.SPARSE_FLOAT_VECTOR)
        schema.add_function(Function("bm25", FunctionType.BM25, "text", "sparse"))
        client.create_collection("c", schema=schema)
        client.insert("c", [{"id": n, "text": text} for n, text in enumerate(["a b", "b c", ""])])
    assert check_file(path).problems == ()
    break_with(path, "DELETE FROM terms_1_sparse WHERE term = 'c'")
    (problem,) = check_file(path).problems
    assert problem.place == "collection 'c', field 'sparse'"
    assert problem.message == 'terms that are not in "terms_1_sparse": 1 row (seq 2)'
    break_with(path, "DROP TABLE terms_1_sparse")
    assert "table terms_1_sparse: is missing" in [problem.message for problem in check_file(path).problems]
