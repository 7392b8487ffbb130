"""One byte of a closed file is flipped: every answer is the one of the sound file, or an error that says so.

Bytes are drawn from all over the file. Not claimed, and not drawn, are those of an SQL index that are no entries:
the headers of its pages and the numbers of child pages, which only ``milvus-store check`` looks at.
``MILVUS_STORE_FLIPS`` makes longer runs, ``MILVUS_STORE_SEED`` other ones.
"""

from __future__ import annotations

import os
import random
import struct
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from milvus_store import DataType, Function, FunctionType, MilvusClient
from milvus_store.errors import DatabaseCorruptError, DatabaseFormatError, NotADatabaseError
from milvus_store_lite.storage.file import PAGE_SIZE

FLIPS: Final = int(os.environ.get("MILVUS_STORE_FLIPS", "60"))
SEED: Final = int(os.environ.get("MILVUS_STORE_SEED", "1"))
ROWS: Final = 300
REFUSED: Final = "refused"
Question = Callable[[MilvusClient], Any]


def key(number: int) -> str:
    return f"key-{number * 7919 % 1000:03d}-{number}"


def fill(path: Path) -> None:
    numbers = random.Random(1)
    with MilvusClient(path) as client:
        schema = client.create_schema(enable_dynamic_field=True)
        schema.add_field("pk", DataType.VARCHAR, max_length=40, is_primary=True)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=4)
        schema.add_field("text", DataType.VARCHAR, max_length=999, nullable=True, enable_analyzer=True)
        schema.add_field("sparse", DataType.SPARSE_FLOAT_VECTOR)
        schema.add_field("n", DataType.INT16)
        schema.add_field("x", DataType.FLOAT, nullable=True)
        schema.add_field("doc", DataType.JSON)
        schema.add_field("tenant", DataType.INT64, is_partition_key=True)
        schema.add_function(Function("bm25", FunctionType.BM25, "text", "sparse"))
        index = client.prepare_index_params("vector", index_type="FLAT", metric_type="L2")
        index.add_index("sparse", index_type="AUTOINDEX", metric_type="BM25")
        index.add_index("n", index_type="INVERTED")
        client.create_collection("docs", schema=schema, index_params=index)
        client.insert(
            "docs",
            [
                {
                    "pk": key(number),
                    "vector": [numbers.random() for _ in range(4)],
                    "text": f"term{number % 40} common term{number}",
                    "n": number % 30 - 10,
                    "x": None if number % 7 == 0 else number / 3,
                    "doc": {"a": number},
                    "tenant": number % 10,
                    "color": "red",
                }
                for number in range(ROWS)
            ],
        )
        client.delete("docs", filter="n == 3")
        client.create_alias("docs", "papers")
        client.create_collection("quick", dimension=2)
        client.create_partition("quick", "extra")
        for partition in ("", "extra"):
            at = len(partition) * 1000
            client.insert(
                "quick", [{"id": at + i, "vector": [i, 1]} for i in range(20)], partition_name=partition
            )


def hits(client: MilvusClient, *data: Any, **options: Any) -> Any:
    return [
        (one.ids, one.distances) for one in client.search("docs", list(data) or None, limit=10, **options)
    ]


def rows(client: MilvusClient, filter: str, **options: Any) -> Any:
    # Which of two indexes gives the rows of a filter is not promised to be the same.
    return sorted(client.query("docs", filter, limit=1000, **options), key=lambda row: str(row["pk"]))


SESSIONS: Final[list[list[Question]]] = [
    [
        lambda client: (client.list_databases(), client.list_collections(), client.list_aliases("docs")),
        lambda client: [str(client.describe_collection(name)) for name in ("docs", "papers", "quick")],
        lambda client: [client.get_collection_stats(name) for name in ("docs", "quick")],
        lambda client: client.get_partition_stats("quick", "extra"),
        lambda client: [client.get("papers", key(number)) for number in range(0, ROWS, 9)],
        lambda client: client.get("docs", [key(number) + "x" for number in range(0, ROWS, 29)]),
        lambda client: hits(client, ids=[key(7), key(ROWS - 1)], anns_field="vector"),
    ],
    [lambda client: rows(client, "tenant == 3", output_fields=["*"])],
    [lambda client: hits(client, [0.5] * 4, anns_field="vector", filter="tenant in [0, 9]")],
    [lambda client: rows(client, "n == 7", output_fields=["pk", "x"])],
    [lambda client: rows(client, "n == -10", output_fields=["color"])],
    [lambda client: rows(client, "", output_fields=["*"])],
    [
        lambda client: client.query("docs", "", ["count(*)"]),
        lambda client: hits(client, [0.5] * 4, [0.1] * 4, anns_field="vector", output_fields=["n"]),
        lambda client: hits(client, "term7 common", "term11", "term299", anns_field="sparse"),
        *(
            (lambda client, asked=asked: rows(client, asked, output_fields=["pk"]))
            for asked in ("x > 50", 'doc["a"] < 100', 'color == "red"', 'text like "term1%"', 'pk > "key-5"')
        ),
        lambda client: client.query("quick", "", ["id"], partition_names=["extra"], limit=99),
    ],
]
"""Questions by the process that asks them: what an earlier one has read, a later one need not."""


def answers(path: Path) -> Iterator[Any]:
    for questions in SESSIONS:
        try:
            client = MilvusClient(path)
        except (DatabaseCorruptError, DatabaseFormatError, NotADatabaseError):
            yield from [REFUSED] * len(questions)
            continue
        with client:
            for question in questions:
                try:
                    yield question(client)
                except DatabaseCorruptError:
                    yield REFUSED


def claimed(content: bytes) -> list[int]:
    """The places of the bytes that are drawn from."""
    places = set(range(len(content)))
    for start in range(PAGE_SIZE, len(content), PAGE_SIZE):
        kind, count = content[start], struct.unpack_from(">H", content, start + 3)[0]
        if kind == 10:
            places -= set(range(start, start + 8))
        elif kind == 2:
            places -= set(range(start, start + 12))
            for cell in struct.unpack_from(f">{count}H", content, start + 12):
                places -= set(range(start + cell, start + cell + 4))
    return sorted(places)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sound") / "sound.db"
    fill(path)
    return path


def test_a_flipped_byte_is_never_served(sound: Path, tmp_path: Path) -> None:
    expected, content = list(answers(sound)), sound.read_bytes()
    assert REFUSED not in expected
    chance, places, outcomes = random.Random(SEED), claimed(content), Counter[str]()
    used = [place for place in places if content[place]]
    for number in range(FLIPS):
        place = chance.choice(places if number % 5 == 0 else used)
        flipped = bytearray(content)
        flipped[place] ^= 1 << chance.randrange(8) if number % 3 else chance.randrange(1, 256)
        path = tmp_path / f"{number}.db"
        path.write_bytes(flipped)
        found = list(answers(path))
        wrong = [one for one, truth in zip(found, expected, strict=True) if one not in (REFUSED, truth)]
        assert not wrong, (place, wrong[0])
        outcomes[REFUSED if REFUSED in found else "unread"] += 1
        path.unlink()
    assert outcomes[REFUSED] > FLIPS // 3, outcomes
