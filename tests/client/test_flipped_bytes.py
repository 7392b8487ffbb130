"""One byte of a closed file is flipped: every answer is the one of the sound file, or an error that says so.

Nothing is left out. Bytes are drawn from all over the file, and from those alone that hold its b-trees together,
which are too few to be met otherwise. ``MILVUS_STORE_FLIPS`` makes longer runs, ``MILVUS_STORE_SEED`` other ones.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from milvus_store import DataType, Function, FunctionType, MilvusClient
from milvus_store.data import Rows
from milvus_store.errors import DatabaseCorruptError, DatabaseFormatError, NotADatabaseError
from milvus_store_lite.database_file import DatabaseFile
from tests.inside import file_of
from tests.pages import structure

FLIPS: Final = int(os.environ.get("MILVUS_STORE_FLIPS", "8"))
SEED: Final = int(os.environ.get("MILVUS_STORE_SEED", "1"))
REFUSED: Final = "refused"
DAMAGE: Final = (DatabaseCorruptError, DatabaseFormatError, NotADatabaseError)


@dataclass(frozen=True)
class Shape:
    """How a file is made: ``rows`` of keys and tenants as long as ``width``, and what was done after."""

    name: str
    rows: int
    width: int
    lived: bool

    def key(self, number: int) -> str:
        return f"key-{number * 7919 % self.rows:05d}-{number}".ljust(self.width, "k")

    def tenant(self, number: int) -> str:
        return f"t{number % 10}".ljust(self.width // 4, "t")


SMALL: Final = Shape("small", 300, 0, False)
LIVED: Final = Shape("lived", 600, 100, True)
"""Rows were replaced and deleted, and some came after compacting."""
DEEP: Final = Shape("deep", 4000, 400, False)
"""Every index has interior pages."""


def fill(path: Path, shape: Shape) -> None:
    """Two collections of the same keys, so that a page of one could be taken for the other's, and a small one."""
    numbers = random.Random(1)
    with MilvusClient(path) as client:
        schema = client.create_schema(enable_dynamic_field=True)
        schema.add_field("pk", DataType.VARCHAR, max_length=500, is_primary=True)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=4)
        schema.add_field("other", DataType.FLOAT_VECTOR, dim=4, nullable=True)
        schema.add_field("text", DataType.VARCHAR, max_length=999, nullable=True, enable_analyzer=True)
        schema.add_field("sparse", DataType.SPARSE_FLOAT_VECTOR)
        schema.add_field("n", DataType.INT16)
        schema.add_field("tag", DataType.VARCHAR, max_length=500, nullable=True)
        schema.add_field("x", DataType.FLOAT, nullable=True)
        schema.add_field("doc", DataType.JSON)
        schema.add_field("tenant", DataType.VARCHAR, max_length=500, is_partition_key=True)
        schema.add_function(Function("bm25", FunctionType.BM25, "text", "sparse"))
        index = client.prepare_index_params("vector", index_type="FLAT", metric_type="L2")
        index.add_index("other", index_type="FLAT", metric_type="L2")
        index.add_index("sparse", index_type="AUTOINDEX", metric_type="BM25")
        index.add_index("n", index_type="INVERTED")
        index.add_index("tag", index_type="INVERTED")
        client.create_collection("docs", schema=schema, index_params=index)
        client.create_collection("twin", schema=schema, index_params=index)

        def rows(name: str, first: int, last: int) -> list[dict[str, Any]]:
            return [
                {
                    "pk": shape.key(number),
                    "vector": [numbers.random() for _ in range(4)],
                    "other": None if number % 5 == 0 else [numbers.random() for _ in range(4)],
                    "text": f"term{number % 40} common term{number} {name}",
                    "n": number % 30 - 10,
                    "tag": None if number % 3 == 0 else f"tag{number % 50}".ljust(shape.width // 2, "g"),
                    "x": None if number % 7 == 0 else number / 3,
                    "doc": {"a": number},
                    "tenant": shape.tenant(number),
                    "color": f"red {name}",
                }
                for number in range(first, last)
            ]

        for first in range(0, shape.rows, 500):
            for name in ("docs", "twin"):
                client.insert(name, rows(name, first, min(first + 500, shape.rows)))
        client.delete("docs", filter="n == 3")
        if shape.lived:
            client.upsert("docs", rows("later", 0, shape.rows // 4))
            client.compact("docs")
            client.upsert("docs", rows("last", shape.rows // 2, shape.rows // 2 + 40))
            client.delete("docs", [shape.key(number) for number in range(40, 60)])
        client.create_alias("docs", "papers")
        client.create_database("other")
        client.create_collection("quick", dimension=2)
        client.create_partition("quick", "extra")
        for partition in ("", "extra"):
            at = len(partition) * 1000
            client.insert(
                "quick", [{"id": at + i, "vector": [i, 1]} for i in range(20)], partition_name=partition
            )


def hits(client: MilvusClient, *data: Any, **options: Any) -> Any:
    found = client.search("docs", list(data) or None, limit=10, **options)
    return [[(one["pk"], one["distance"], one["entity"]) for one in of_one] for of_one in found]


def rows(client: MilvusClient, filter: str, **options: Any) -> Any:
    # Which of two indexes gives the rows of a filter is not promised to be the same.
    found = client.query("docs", filter, limit=10_000, **options)
    return sorted(found, key=lambda row: str(row["pk"]))


def changed(client: MilvusClient, shape: Shape) -> Any:
    """What there is after some writes, to the next process."""
    row = {"vector": [1, 2, 3, 4], "text": "term7 brandnew", "n": 7, "doc": {}, "color": "blue"}
    keys = [shape.key(number) for number in (5, 7, shape.rows - 1)]
    upserted = [{**row, "pk": key, "tenant": shape.tenant(3)} for key in (*keys, keys[0] + "x", "aaa", "zzz")]
    client.upsert("docs", upserted)
    client.delete("docs", [shape.key(8), keys[1], shape.key(9) + "y"])
    new = [f"new-{number}" for number in range(120)]
    for first in range(0, len(new), 40):
        client.insert("docs", [{**row, "pk": key, "tenant": key} for key in new[first : first + 40]])
    client.insert("quick", {"id": 77, "vector": [0, 1]})

    def found(client: MilvusClient) -> Any:
        return (
            rows(client, "", output_fields=["pk", "tenant", "n", "color", "vector"]),
            rows(client, f'tenant == "{shape.tenant(3)}"', output_fields=["pk"]),
            rows(client, "n == 7", output_fields=["pk"]),
            [client.get("docs", key, ["n"]) for key in (*keys, *new[::9])],
            client.get("docs", [key + "x" for key in new], ["n"]),
            client.query("quick", "", ["id"], limit=99),
            hits(client, "brandnew", anns_field="sparse"),
        )

    path = file_of(client).path
    own = found(client)
    client.close()
    with MilvusClient(path) as after:
        others = found(after)
        after.compact("docs")
        compacted = found(after)
    return own, others, compacted


Question = Callable[[MilvusClient, Shape], Any]

SESSIONS: Final[list[list[Question]]] = [
    [
        lambda client, shape: (client.list_databases(), client.list_collections(), client.list_aliases()),
        lambda client, shape: [client.has_collection(name) for name in ("docs", "papers", "qvick", "pbpers")],
        lambda client, shape: client.list_aliases("docs"),
        lambda client, shape: client.describe_alias("papers"),
        lambda client, shape: [client.list_partitions("quick"), client.has_partition("quick", "extra")],
        lambda client, shape: [client.list_indexes(name) for name in ("docs", "twin", "quick")],
        lambda client, shape: client.describe_index("docs", "tag"),
        lambda client, shape: [str(client.describe_collection(name)) for name in ("docs", "papers", "quick")],
        lambda client, shape: [client.get_collection_stats(name) for name in ("docs", "twin", "quick")],
        lambda client, shape: client.get_partition_stats("quick", "extra"),
        lambda client, shape: client.describe_database("other"),
    ],
    [
        lambda client, shape: [client.get("papers", shape.key(at)) for at in range(0, shape.rows, 29)],
        lambda client, shape: hits(
            client, ids=[shape.key(7), shape.key(shape.rows - 1)], anns_field="vector"
        ),
    ],
    [
        lambda client, shape: [
            client.get("docs", [shape.key(at), shape.key(at) + "x"], ["n"]) for at in (2, 99)
        ],
        lambda client, shape: client.get("docs", ["", "zzz"]),
    ],
    [lambda client, shape: client.get("docs", [shape.key(at) for at in range(0, shape.rows, 3)], ["n"])],
    [lambda client, shape: client.get("docs", [shape.key(at) + "x" for at in range(shape.rows)])],
    [lambda client, shape: client.query("docs", f"pk in {[shape.key(at) + 'x' for at in range(80)]}")],
    [lambda client, shape: rows(client, f'tenant == "{shape.tenant(3)}"', output_fields=["*"])],
    [
        lambda client, shape: hits(
            client,
            [0.5] * 4,
            anns_field="vector",
            filter=f'tenant in ["{shape.tenant(0)}", "{shape.tenant(9)}"]',
            output_fields=["other"],
        ),
        lambda client, shape: rows(client, 'tenant == "t10"'),
        lambda client, shape: client.query("docs", f'tenant == "{shape.tenant(5)}"', ["count(*)"]),
    ],
    [lambda client, shape: rows(client, "n == 7", output_fields=["pk", "x"])],
    [lambda client, shape: rows(client, "n == -10", output_fields=["color"])],
    [lambda client, shape: rows(client, "n == 25", output_fields=["color"])],
    [lambda client, shape: rows(client, f'tag == "{"tag7".ljust(shape.width // 2, "g")}"')],
    [lambda client, shape: rows(client, 'tag in ["tag1", "tah"]')],
    [lambda client, shape: rows(client, "", output_fields=["*"])],
    [
        lambda client, shape: client.query("docs", "", ["count(*)"]),
        lambda client, shape: hits(client, [0.5] * 4, [0.1] * 4, anns_field="vector", output_fields=["n"]),
        lambda client, shape: hits(client, [0.5] * 4, anns_field="other", output_fields=["*"]),
        *(
            (lambda client, shape, asked=asked: rows(client, asked, output_fields=["pk"]))
            for asked in (
                "x > 50",
                'doc["a"] < 100',
                'color == "red docs"',
                'text like "term1%"',
                'pk > "key-5"',
            )
        ),
        lambda client, shape: client.query("quick", "", ["id"], partition_names=["extra"], limit=99),
    ],
    [
        lambda client, shape: hits(client, "term7 common", "term11", "term299", anns_field="sparse"),
        lambda client, shape: hits(client, "unknown", "tern7 term7x", anns_field="sparse"),
    ],
    [changed],
]
"""Questions by the process that asks them: what an earlier one has read, a later one need not."""


def answers(path: Path, shape: Shape) -> Iterator[Any]:
    for questions in SESSIONS:
        try:
            client = MilvusClient(path)
        except DAMAGE:
            yield from [REFUSED] * len(questions)
            continue
        with client:
            for question in questions:
                try:
                    yield question(client, shape)
                except DAMAGE:
                    yield REFUSED


class Flips:
    """Places and bytes to flip there, drawn at random."""

    def __init__(self, path: Path, only_structure: bool) -> None:
        self._content = path.read_bytes()
        self._chance = random.Random(SEED)
        self._places = structure(path) if only_structure else range(len(self._content))

    def place(self) -> int:
        """Most places are in use."""
        place = self._chance.choice(self._places)
        while not self._content[place] and self._chance.random() < 0.8:
            place = self._chance.choice(self._places)
        return place

    def mask(self) -> int:
        return (
            1 << self._chance.randrange(8) if self._chance.random() < 0.7 else self._chance.randrange(1, 256)
        )


@pytest.fixture(scope="module", params=[SMALL, LIVED, DEEP], ids=lambda shape: shape.name)
def sound(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Shape]:
    path = tmp_path_factory.mktemp("sound") / "sound.db"
    fill(path, request.param)
    return path, request.param


@pytest.mark.parametrize("only_structure", [True, False], ids=["structure", "anywhere"])
def test_a_flipped_byte_is_never_served(
    sound: tuple[Path, Shape], tmp_path: Path, only_structure: bool
) -> None:
    original, shape = sound
    path = tmp_path / "flipped.db"
    content = original.read_bytes()
    path.write_bytes(content)
    expected = list(answers(path, shape))
    assert REFUSED not in expected
    flips, outcomes = Flips(original, only_structure), Counter[str]()
    for _ in range(FLIPS if shape is SMALL else FLIPS // 5):
        place, mask = flips.place(), flips.mask()
        flipped = bytearray(content)
        flipped[place] ^= mask
        path.write_bytes(flipped)
        found = list(answers(path, shape))
        wrong = [
            number
            for number, (one, truth) in enumerate(zip(found, expected, strict=True))
            if one not in (REFUSED, truth)
        ]
        assert not wrong, (place, mask, wrong, found[wrong[0]])
        outcomes[REFUSED if REFUSED in found else "unread"] += 1
    assert outcomes[REFUSED] >= sum(outcomes.values()) // 10, outcomes


CAUGHT_UP: Final[list[Question]] = [
    lambda client, shape: rows(client, "", output_fields=["pk", "n"]),
    lambda client, shape: rows(client, f'tenant == "{shape.tenant(3)}"', output_fields=["vector"]),
    lambda client, shape: hits(
        client, [0.5] * 4, anns_field="vector", filter=f'tenant == "{shape.tenant(4)}"'
    ),
    lambda client, shape: client.query("docs", "", ["count(*)"]),
    lambda client, shape: hits(client, "term7 common", anns_field="sparse"),
]
"""Of a reader who knows what there was before."""


def caught_up(path: Path, shape: Shape, flip: Callable[[], None]) -> list[Any]:
    """The answers of a reader before whose eyes another one writes, and ``flip`` does its work then."""
    found = []
    with MilvusClient(path) as reader:
        for question in CAUGHT_UP:
            question(reader, shape)
        writer = DatabaseFile(path)
        docs = writer.database().collection("docs")
        docs.delete_ids([shape.key(number) for number in (4, 13, 23, 104)])
        row = {"vector": [1, 2, 3, 4], "text": "term7 new", "n": 7, "doc": {}, "tenant": shape.tenant(3)}
        docs.upsert(Rows([{**row, "pk": pk} for pk in (shape.key(33), shape.key(6), "new")]))
        docs.delete_ids(["new"])
        writer.checkpoint()
        writer.close()
        flip()
        for question in CAUGHT_UP:
            try:
                found.append(question(reader, shape))
            except DAMAGE:
                found.append(REFUSED)
    return found


@pytest.mark.parametrize("only_structure", [True, False], ids=["structure", "anywhere"])
def test_a_reader_that_catches_up_meets_no_flipped_byte(tmp_path: Path, only_structure: bool) -> None:
    original, path = tmp_path / "original.db", tmp_path / "flipped.db"
    fill(original, SMALL)
    content = original.read_bytes()
    path.write_bytes(content)
    places: list[int] = []

    def draw() -> None:
        flips = Flips(path, only_structure)
        places.extend(flips.place() for _ in range(FLIPS))

    expected = caught_up(path, SMALL, draw)
    assert REFUSED not in expected
    for number, place in enumerate(places):

        def flip(place: int = place, mask: int = 1 << number % 8) -> None:
            with path.open("r+b") as file:
                file.seek(place)
                (byte,) = file.read(1)
                file.seek(place)
                file.write(bytes([byte ^ mask]))

        path.write_bytes(content)
        found = caught_up(path, SMALL, flip)
        wrong = [one for one, truth in zip(found, expected, strict=True) if one not in (REFUSED, truth)]
        assert not wrong, (place, number, wrong[0])
