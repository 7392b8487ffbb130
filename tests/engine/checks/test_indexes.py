"""What the check says of stored indexes: of their damage, and that nothing is lost by it."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from milvus_store import DataType, MilvusClient
from milvus_store_lite.checks import check_file
from milvus_store_lite.storage import index_parts
from tests import thresholds

ROWS = 700
PLACE = "collection 'c', stored index 'vector'"


@pytest.fixture(scope="module")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A file whose collection ``c`` has an index stored in several parts, and two rows that came later."""
    path = tmp_path_factory.mktemp("indexed") / "indexed.db"
    vectors = np.random.default_rng(1).standard_normal((ROWS, 16), dtype=np.float32)
    with pytest.MonkeyPatch.context() as patch, thresholds.lowered(), MilvusClient(path) as client:
        patch.setattr(index_parts, "PART_SIZE", 5_000)
        index = client.prepare_index_params("vector", index_type="IVF_SQ8", metric_type="L2")
        schema = client.create_schema()
        schema.add_field("id", DataType.INT64, is_primary=True)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=16)
        client.create_collection("c", schema=schema, index_params=index)
        client.insert("c", [{"id": i, "vector": vector} for i, vector in enumerate(vectors)])
        client.delete("c", ids=[5, 6])
        client.build_index("c", "vector")
        client.delete("c", ids=[7])
        client.insert("c", [{"id": ROWS + i, "vector": vectors[i]} for i in range(2)])
    return path.read_bytes()


@pytest.fixture
def path(tmp_path: Path, indexed: bytes) -> Path:
    path = tmp_path / "test.db"
    path.write_bytes(indexed)
    return path


@pytest.fixture
def damage(path: Path) -> Callable[[str], None]:
    def run(statement: str) -> None:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(statement)
            connection.commit()

    return run


def test_a_sound_index_has_no_problems(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) > 2 FROM index_parts").fetchone() == (1,)
    assert check_file(path).problems == ()


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("UPDATE index_parts SET value = zeroblob(length(value)) WHERE part = 1", "the checksum of part 1"),
        ("UPDATE index_parts SET value = 'text' WHERE part = 1", "the checksum of part 1"),
        ("DELETE FROM index_parts WHERE part = 0", "parts, found"),
        ("DELETE FROM index_parts WHERE part = 1", "part 1 is missing"),
        ("DELETE FROM index_parts WHERE part = (SELECT max(part) FROM index_parts)", "parts, found"),
        ("DELETE FROM index_parts", "its parts have 0 bytes, too few for 698 rows"),
        *(
            (f"UPDATE built_indexes SET {column} = {value}", "the checksum of its head differs")
            for column, value in {
                "through_seq": "through_seq - 1",
                "rows": 3,
                "parts": "parts + 1",
                "tuned": "'{}   '",
                "seqs": "x'00'",
                "checksum": 7,
            }.items()
        ),
        ("UPDATE collections SET last_seq = 600", "it covers rows up to seq 700, beyond last_seq 600"),
        ("UPDATE vectors_1_vector SET seq = 6 WHERE seq = 702", "it does not know 1 row (seq 6)"),
    ],
)
def test_damage_of_an_index_is_named_as_what_is_built_anew(
    path: Path, damage: Callable[[str], None], statement: str, message: str
) -> None:
    damage(statement)
    (problem,) = [one for one in check_file(path).problems if one.place == PLACE]
    assert message in problem.message
    assert problem.message.endswith("; it is built anew from the rows, which have all it was built from")


def test_what_is_stored_of_no_index_is_named(path: Path, damage: Callable[[str], None]) -> None:
    damage("UPDATE indexes SET name = 'other'")
    definition, problem = check_file(path).problems
    assert definition.message == "the definition is not what was written, by the checksum"
    assert (problem.place, problem.message) == (
        PLACE,
        "there is no index of this name; what is stored is never used",
    )
    damage("UPDATE index_parts SET collection_id = 9 WHERE part = 0")
    problems = {str(one) for one in check_file(path).problems}
    assert "table index_parts: 1 row refer to what is not in table collections" in problems


@pytest.fixture
def small_thresholds() -> Iterator[None]:
    with thresholds.lowered():
        yield


@pytest.mark.usefixtures("small_thresholds")
def test_no_flipped_byte_of_an_index_changes_an_answer(path: Path, indexed: bytes) -> None:
    with MilvusClient(path) as client:
        vectors = [row["vector"] for row in client.query("c", "id in [0, 99, 698]", ["vector"])]
        expected = client.search("c", vectors, limit=20, search_params={"nprobe": 128})
    with closing(sqlite3.connect(path)) as connection:
        parts = [value for (value,) in connection.execute("SELECT value FROM index_parts")]
    chance = random.Random(1)
    for _ in range(12):
        content = bytearray(indexed)
        part = chance.choice(parts)
        # The parts lie on overflow pages: a stretch of one, as far as one page has it.
        at = chance.randrange(len(part) - 64)
        place = content.find(part[at : at + 64])
        if place < 0:
            continue
        content[place + chance.randrange(64)] ^= 1 << chance.randrange(8)
        path.write_bytes(content)
        (problem,) = check_file(path).problems
        assert problem.place == PLACE
        with MilvusClient(path) as client:
            with pytest.warns(RuntimeWarning, match="is damaged.*built anew"):
                assert client.search("c", vectors, limit=20, search_params={"nprobe": 128}) == expected
            client.build_index("c", "vector")
        assert check_file(path).problems == ()
