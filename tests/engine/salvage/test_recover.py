"""A damaged file is recovered: every row that was not damaged is in the new file, the others are named."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import struct
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from milvus_store import MilvusClient
from milvus_store.errors import (
    DatabaseCorruptError,
    DatabaseFormatError,
    DatabaseWriteError,
    NotADatabaseError,
)
from milvus_store_lite.checks import check_file
from milvus_store_lite.salvage import Lost, Recovery, recover_file
from milvus_store_lite.storage.file.opening import PAGE_SIZE
from milvus_store_lite.storage.migrations import FORMAT_VERSION
from tests.engine.salvage.conftest import Contents, contents
from tests.pages import structure

SEED = int(os.environ.get("MILVUS_STORE_SEED", "1"))
FLIPS = int(os.environ.get("MILVUS_STORE_FLIPS", "8"))


@pytest.fixture
def path(sound: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(sound, tmp_path / "damaged.db"))


def recover(path: Path) -> tuple[Path, Recovery, list[Lost]]:
    """The new file, which passes the check, and what is said of it; the damaged file is not changed."""
    new, before = path.with_name("new.db"), path.read_bytes()
    lost: list[Lost] = []
    recovery = recover_file(path, new, lost.append)
    assert path.read_bytes() == before
    assert not list(path.parent.glob(".milvus-store-*"))
    assert check_file(new).problems == ()
    return new, recovery, lost


def run(path: Path, *statements: str) -> None:
    """What a foreign hand does to the file."""
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def root_of(path: Path, name: str) -> int:
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (name,)).fetchone()
    return int(found[0])


def overwrite(path: Path, page: int) -> None:
    with open(path, "r+b") as file:
        file.seek((page - 1) * PAGE_SIZE)
        file.write(random.Random(page).randbytes(PAGE_SIZE))


def leaves_of(path: Path, name: str) -> list[int]:
    """The child pages of a table's root, which is an interior page."""
    content, root = path.read_bytes(), root_of(path, name)
    start = (root - 1) * PAGE_SIZE
    (cells,) = struct.unpack_from(">H", content, start + 3)
    places = struct.unpack_from(f">{cells}H", content, start + 12)
    return [struct.unpack_from(">I", content, start + place)[0] for place in places]


def missing(held: Contents, new: Path) -> dict[tuple[str, str], set[object]]:
    """Keys of the rows that are not in the new file, of each collection; what is there is as it was."""
    found = contents(new)
    assert found.keys() == held.keys()
    for collection, rows in found.items():
        assert {key: held[collection][key] for key in rows} == rows
    return {one: held[one].keys() - found[one].keys() for one in held if held[one].keys() - found[one].keys()}


DOCS = ("default", "docs")


def test_a_sound_file_is_recovered_whole(path: Path, held: Contents) -> None:
    new, recovery, lost = recover(path)
    assert (missing(held, new), recovery.is_complete, lost, recovery.notes) == ({}, True, [], ())
    assert recovery.written == sum(map(len, held.values()))
    with MilvusClient(path) as old, MilvusClient(new) as client:
        assert client.list_databases() == old.list_databases()
        assert client.describe_database("other") == old.describe_database("other")
        for name in ("docs", "numbered"):
            assert client.describe_collection(name) == old.describe_collection(name)
            for index in old.list_indexes(name):
                assert client.describe_index(name, index) == old.describe_index(name, index)
        assert client.list_aliases()["aliases"] == ["papers"]
        assert client.list_partitions("numbered") == ["_default", "extra"]
        assert client.get_load_state("docs") == old.get_load_state("docs")
        options = {"anns_field": "words", "limit": 5, "output_fields": ["text"]}
        assert client.search("docs", ["again word3"], **options) == old.search(
            "docs", ["again word3"], **options
        )


def test_the_new_file_goes_on_where_the_old_one_was(path: Path) -> None:
    run(path, "DELETE FROM rows_2 WHERE seq = 98")
    new, _, _ = recover(path)
    with MilvusClient(new) as client:
        added = client.insert("numbered", [{"vector": [1.0] * 8}])
        assert added["ids"] == [101], "a number of a removed row is not given again"
        client.drop_collection("numbered")
        client.create_collection("another", dimension=2)
    with closing(sqlite3.connect(new)) as connection:
        assert connection.execute("SELECT id FROM collections WHERE name = 'another'").fetchone() == (4,)


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("DELETE FROM rows_1 WHERE seq = 400", "missing"),
        ("DELETE FROM vectors_1_vector WHERE seq = 400", "missing"),
        ("DELETE FROM vectors_1_other WHERE seq = 400", "missing"),
        ("UPDATE rows_1 SET n = n + 1 WHERE seq = 400", "not what was written"),
        ("UPDATE rows_1 SET pk = 'mine' WHERE seq = 400", "not what was written"),
        ("UPDATE rows_1 SET x = 'text' WHERE seq = 400", "not what was written"),
        ("UPDATE rows_1 SET text = CAST(x'ff' AS TEXT) WHERE seq = 400", "not what was written"),
        ("UPDATE rows_1 SET \"$checksums\" = x'00' WHERE seq = 400", "not what was written"),
        ("UPDATE rows_1 SET partition = partition + 1 WHERE seq = 400", "not what was written"),
        ("UPDATE vectors_1_vector SET value = zeroblob(256) WHERE seq = 400", "not what was written"),
        ("UPDATE vectors_1_vector SET value = 'text', checksum = x'' WHERE seq = 400", "not what was"),
        ("UPDATE vectors_1_other SET value = NULL WHERE seq = 400", "not what was written"),
    ],
)
def test_a_row_that_was_changed_or_removed_is_lost_alone(
    path: Path, held: Contents, statement: str, why: str
) -> None:
    run(path, statement)
    new, recovery, lost = recover(path)
    assert missing(held, new) == {DOCS: {"key-399"}}
    assert [(one.collection, one.seq, why in one.why) for one in lost] == [("docs", 400, True)]
    assert (recovery.lost, recovery.is_complete) == (1, False)


def test_rows_that_somebody_else_put_in_are_left_out(path: Path, held: Contents) -> None:
    columns = 'partition, "$checksums", text, n, x, tenant, dynamic'
    run(path, f"INSERT INTO rows_1 (pk, {columns}) SELECT 'mine', {columns} FROM rows_1 WHERE seq = 400")
    new, recovery, lost = recover(path)
    assert missing(held, new) == {}
    assert (recovery.lost, recovery.is_complete, len(lost)) == (0, False, 1)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE collections SET checksum = x'00', position_checksum = x'00'",
        "UPDATE collections SET last_seq = 0, key_sum = 1, seq_sum = -1",
        "UPDATE collections SET last_seq = 'text', last_change = x'00'",
        "UPDATE collections SET consistency_level = 'none', properties = '[', created_at = -1, version = 'x'",
        "UPDATE databases SET checksum = x'00', properties = 'null'",
        "UPDATE names SET checksum = x'00'",
        "DELETE FROM names",
        "UPDATE tenants_1 SET live = live + 1",
        "DELETE FROM tenants_1",
        "DROP TABLE tenants_1",
        "DELETE FROM terms_1_words",
        "DROP TABLE terms_1_words",
        "DROP TABLE vectors_1_words",
        "UPDATE terms_1_words SET term = 'other' || id",
        "UPDATE vectors_1_words SET value = zeroblob(8)",
        "DROP TABLE removed_1",
        "DELETE FROM removed_1",
        "INSERT INTO removed_1 (seq) SELECT seq FROM rows_1 WHERE seq BETWEEN 400 AND 420",
        "UPDATE index_parts SET value = zeroblob(100)",
        "DELETE FROM index_parts",
        "DELETE FROM built_indexes",
        "DROP INDEX rows_1_tenant",
        "DELETE FROM aliases",
        "UPDATE aliases SET alias = 'no name'",
        "DELETE FROM indexes WHERE field = 'x'",
        "UPDATE indexes SET parameters = '[' WHERE field = 'x'",
        "DELETE FROM indexes",
        "DELETE FROM sqlite_sequence",
    ],
)
def test_what_can_be_made_from_the_rows_costs_no_row(path: Path, held: Contents, statement: str) -> None:
    run(path, statement)
    new, recovery, lost = recover(path)
    assert (missing(held, new), recovery.lost, lost) == ({}, 0, [])


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("UPDATE collections SET name = 'no name' WHERE id = 2", "recovered_2"),
        ("UPDATE collections SET name = x'ff' WHERE id = 2", "recovered_2"),
    ],
)
def test_a_collection_without_a_name_gets_one(path: Path, held: Contents, statement: str, name: str) -> None:
    run(path, statement)
    new, recovery, _ = recover(path)
    found = contents(new)
    assert found["default", name] == held["default", "numbered"]
    assert any(name in note for note in recovery.notes)


def test_a_collection_whose_database_is_gone_gets_one(path: Path, held: Contents) -> None:
    run(path, "DELETE FROM databases WHERE name = 'other'")
    new, _, lost = recover(path)
    assert contents(new)["recovered_2", "quick"] == held["other", "quick"]
    assert lost == []


def test_partitions_without_names_keep_their_rows_apart(path: Path, held: Contents) -> None:
    run(path, "DELETE FROM partitions WHERE collection_id = 2")
    new, recovery, lost = recover(path)
    rows, before = contents(new)["default", "numbered"], held["default", "numbered"]
    assert {row["in partition"] for row in rows.values()} == {"_default", "recovered_3"}
    for key, row in rows.items():
        assert (row["in partition"] == "_default") == (before[key]["in partition"] == "_default")
    assert (len(rows), lost) == (len(before), [])
    assert any("recovered_3" in note for note in recovery.notes)


def test_a_schema_that_cannot_be_read_is_said_and_the_other_collections_are_there(
    path: Path, held: Contents
) -> None:
    run(path, "UPDATE collections SET schema = substr(schema, 5) WHERE id = 1")
    new, recovery, _ = recover(path)
    found = contents(new)
    assert DOCS not in found
    assert found["default", "numbered"] == held["default", "numbered"]
    assert any("docs" in note and "cannot be used" in note for note in recovery.notes)


def test_pages_that_cannot_be_read_cost_only_their_rows(path: Path, held: Contents) -> None:
    pages = leaves_of(path, "vectors_1_vector")
    for page in (pages[2], pages[9]):
        overwrite(path, page)
    new, recovery, lost = recover(path)
    gone = missing(held, new)
    assert 0 < len(gone[DOCS]) < 200
    assert gone == {DOCS: {one.pk for one in lost}}
    assert recovery.lost == len(gone[DOCS])
    assert any("vectors_1_vector" in note and "cannot be read" in note for note in recovery.notes)


def test_keys_of_rows_on_a_lost_page_are_named_by_the_index(path: Path, held: Contents) -> None:
    overwrite(path, leaves_of(path, "rows_1")[0])
    new, _, lost = recover(path)
    gone = missing(held, new)[DOCS]
    assert gone
    assert {one.pk for one in lost} == gone


@pytest.mark.parametrize(
    "name",
    [
        "sqlite_autoindex_rows_1_1",
        "rows_1_tenant",
        "sqlite_autoindex_collections_1",
        "names",
        "terms_1_words",
        "sqlite_autoindex_terms_1_words_1",
        "tenants_1",
        "removed_1",
        "index_parts",
        "built_indexes",
        "aliases",
    ],
)
def test_a_table_or_index_that_is_all_damaged_costs_no_row(path: Path, held: Contents, name: str) -> None:
    overwrite(path, root_of(path, name))
    new, recovery, _ = recover(path)
    assert (missing(held, new), recovery.lost) == ({}, 0)


@pytest.mark.parametrize("name", ["collections", "partitions", "databases", "indexes", "rows_2", "rows_1"])
def test_a_lost_table_is_survived_and_said(path: Path, name: str) -> None:
    overwrite(path, root_of(path, name))
    _, recovery, _ = recover(path)
    assert recovery.notes
    assert not recovery.is_complete


@pytest.mark.parametrize("part", [0.9, 0.5, 0.1])
def test_a_truncated_file_gives_what_is_left(path: Path, held: Contents, part: float) -> None:
    os.truncate(path, int(path.stat().st_size * part))
    new, recovery, _ = recover(path)
    found = contents(new)
    assert any("its end is missing" in note for note in recovery.notes)
    for collection, rows in found.items():
        assert {key: held[collection][key] for key in rows} == rows
    assert not recovery.is_complete
    assert recovery.written == sum(map(len, found.values()))


@pytest.mark.parametrize("places", [range(5), range(16, 32), range(56, 63), range(68, 72), range(92, 100)])
def test_a_damaged_header_costs_nothing(path: Path, held: Contents, places: range) -> None:
    with open(path, "r+b") as file:
        file.seek(places.start)
        file.write(b"\xa5" * len(places))
    new, recovery, _ = recover(path)
    assert (missing(held, new), recovery.lost) == ({}, 0)


def test_what_waits_in_the_log_is_recovered_too(path: Path, held: Contents, tmp_path: Path) -> None:
    with MilvusClient(path) as client:
        client.insert("numbered", [{"vector": [5.0] * 8}], partition_name="extra")
        crashed = tmp_path / "crashed"
        crashed.mkdir()
        for log in ("", "-wal"):
            shutil.copy(f"{path}{log}", crashed / f"damaged.db{log}")
    log = (crashed / "damaged.db-wal").read_bytes()
    assert log
    new, recovery, _ = recover(crashed / "damaged.db")
    assert (crashed / "damaged.db-wal").read_bytes() == log
    assert recovery.is_complete
    assert len(contents(new)["default", "numbered"]) == len(held["default", "numbered"]) + 1


def test_the_log_of_a_file_is_found_through_a_link_to_it(path: Path, tmp_path: Path) -> None:
    link = tmp_path / "links" / "link.db"
    link.parent.mkdir()
    with MilvusClient(path) as client:
        client.insert("numbered", [{"vector": [5.0] * 8}])
        try:
            link.symlink_to(path)
        except OSError:
            pytest.skip("no symbolic links here")
        recovery = recover_file(link, tmp_path / "new.db")
    assert recovery.is_complete
    assert next(one.written for one in recovery.collections if one.collection == "numbered") == 99


def test_paths_that_cannot_be_are_refused(path: Path, tmp_path: Path) -> None:
    with pytest.raises(DatabaseWriteError, match="NUL"):
        recover_file(path, tmp_path / "new\0.db")
    with pytest.raises(NotADatabaseError, match="does not exist"):
        recover_file(tmp_path / "old\0.db", tmp_path / "new.db")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.db")
        with pytest.raises(NotADatabaseError, match="not a regular file"):
            recover_file(tmp_path / "pipe.db", tmp_path / "new.db")


@pytest.mark.parametrize("page_size", [4096, PAGE_SIZE])
def test_what_is_no_database_of_ours_is_refused(tmp_path: Path, page_size: int) -> None:
    foreign = tmp_path / "foreign.db"
    run(foreign, f"PRAGMA page_size = {page_size}", "CREATE TABLE collections (id, name)")
    (tmp_path / "noise.db").write_bytes(random.Random(1).randbytes(100_000))
    (tmp_path / "empty.db").touch()
    (tmp_path / "folder.db").mkdir()
    for name in ("foreign.db", "noise.db", "empty.db", "absent.db", "folder.db"):
        with pytest.raises(NotADatabaseError, match=name):
            recover_file(tmp_path / name, tmp_path / "new.db")
    assert not (tmp_path / "new.db").exists()
    assert not list(tmp_path.glob(".milvus-store-*"))


def test_a_header_of_ours_before_noise_is_survived(path: Path, tmp_path: Path) -> None:
    content = path.read_bytes()
    noise = tmp_path / "noise.db"
    noise.write_bytes(content[:100] + random.Random(2).randbytes(len(content) - 100))
    with pytest.raises(NotADatabaseError, match="cannot be read"):
        recover_file(noise, tmp_path / "new.db")


def test_a_file_of_a_newer_version_is_refused(path: Path, tmp_path: Path) -> None:
    run(path, f"PRAGMA user_version = {FORMAT_VERSION + 1}")
    with pytest.raises(DatabaseFormatError, match="upgrade"):
        recover_file(path, tmp_path / "new.db")


def test_a_new_file_that_exists_is_refused_and_left_alone(path: Path, tmp_path: Path) -> None:
    taken = tmp_path / "taken.db"
    taken.write_text("mine")
    with pytest.raises(DatabaseWriteError, match=r"taken\.db: it exists already"):
        recover_file(path, taken)
    assert taken.read_text() == "mine"
    with pytest.raises(DatabaseWriteError, match="does not exist"):
        recover_file(path, tmp_path / "absent" / "new.db")


def test_every_error_about_damage_names_the_way_out(path: Path) -> None:
    run(path, "DELETE FROM rows_1 WHERE seq = 400")
    with (
        MilvusClient(path) as client,
        pytest.raises(DatabaseCorruptError, match=r"'milvus-store recover FILE NEW'") as raised,
    ):
        client.query("docs", "n > 3")
    assert str(raised.value).count("milvus-store recover") == 1


def flip(content: bytearray, numbers: random.Random, places: list[int]) -> None:
    content[numbers.randrange(len(content))] ^= 1 << numbers.randrange(8)


def flip_structure(content: bytearray, numbers: random.Random, places: list[int]) -> None:
    content[numbers.choice(places)] ^= 1 << numbers.randrange(8)


def flip_many(content: bytearray, numbers: random.Random, places: list[int]) -> None:
    for _ in range(40):
        flip(content, numbers, places)


def replace_page(content: bytearray, numbers: random.Random, places: list[int]) -> None:
    pages = len(content) // PAGE_SIZE
    to, of = numbers.randrange(1, pages) * PAGE_SIZE, numbers.randrange(pages) * PAGE_SIZE
    content[to : to + PAGE_SIZE] = content[of : of + PAGE_SIZE]


@pytest.mark.parametrize("damage", [flip, flip_structure, flip_many, replace_page])
@pytest.mark.parametrize("turn", range(FLIPS))
def test_whatever_bytes_are_damaged_no_wrong_row_is_written(
    path: Path,
    held: Contents,
    damage: Callable[[bytearray, random.Random, list[int]], None],
    turn: int,
) -> None:
    numbers = random.Random(f"{SEED} {damage.__name__} {turn}")
    content = bytearray(path.read_bytes())
    damage(content, numbers, structure(path))
    path.write_bytes(content)
    try:
        new, recovery, lost = recover(path)
    except (NotADatabaseError, DatabaseFormatError):
        return  # the list of tables is gone, or the number of the format
    every = {name: rows for (_, name), rows in held.items()}
    found = contents(new)
    for (_, name), rows in found.items():
        if name in every:
            same = {
                key: {**every[name][key], "in partition": row["in partition"]} for key, row in rows.items()
            }
            assert rows == same
    if sum(map(len, found.values())) < sum(map(len, held.values())):
        assert not recovery.is_complete
        assert lost or recovery.notes
