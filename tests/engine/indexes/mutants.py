"""Searches files whose stored index somebody changed, with checksums that fit: run by test_untrusted_parts.

Usage: python -m tests.engine.indexes.mutants INDEX_TYPE SEED COUNT FOLDER. Ends with status 0 when every search
gave rows that are right, whatever was changed. A crash or a search for memory without end shows in the parent.
"""

from __future__ import annotations

import random
import shutil
import sqlite3
import struct
import sys
import warnings
import zlib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np

from milvus_store import MilvusClient
from milvus_store_lite.indexes.maintainer import IndexMaintainer
from milvus_store_lite.storage import index_parts
from milvus_store_lite.storage.index_parts import part_checksum
from tests import thresholds

ROWS, DIM, QUERIES, LIMIT = 600, 16, 12, 10
PARAMETERS: dict[str, dict[str, object]] = {
    "AUTOINDEX": {},
    "IVF_RABITQ": {"nlist": 8, "refine": True, "refine_type": "FP32"},
    "IVF_FLAT": {"nlist": 8},
    "IVF_SQ8": {"nlist": 8},
    "IVF_PQ": {"nlist": 8, "m": 8, "nbits": 4},
    "SCANN": {"nlist": 8},
    "HNSW": {"M": 4, "efConstruction": 40},
    "HNSW_SQ": {"M": 4, "efConstruction": 40, "sq_type": "BF16"},
    "HNSW_PQ": {"M": 4, "efConstruction": 40, "m": 8, "nbits": 4},
}
_WIDE = {"IVF_": {"nprobe": 8}, "SCAN": {"nprobe": 8}, "HNSW": {"ef": 100}}
"""What lets a sound index find nearly everything, by the first letters of its type."""

METRICS = ("COSINE", "L2", "IP")
LEAST_RECALL = 0.6
"""Of what a search without any index finds: what was changed may be a few codes, which nobody can tell."""

MOST_MEMORY = 1 << 28
NUMBERS = (0, 1, 2, 31, 255, 65_536, 2**31 - 1, 2**31, 2**33, 2**40, 2**61, 2**63 - 1, 2**64 - 1)
FLOATS = (float("nan"), float("inf"), -float("inf"), 3e38, -3e38, 0.0)

Bytes = bytearray
Change = Callable[[random.Random, Bytes], None]


def vectors(seed: int) -> np.ndarray:
    chance = np.random.default_rng(seed)
    centres = chance.standard_normal((20, DIM))
    found: np.ndarray = centres[chance.integers(0, 20, ROWS)] + 0.5 * chance.standard_normal((ROWS, DIM))
    return found.astype(np.float32)


def make(path: Path, index_type: str, metric: str, seed: int) -> None:
    """A file with ``vectors(seed)`` and an index of them."""
    with MilvusClient(path) as client:
        index = client.prepare_index_params(
            "vector", index_type=index_type, metric_type=metric, params=PARAMETERS[index_type]
        )
        client.create_collection("c", dimension=DIM, metric_type=metric)
        client.release_collection("c")
        client.drop_index("c", "vector")
        client.insert("c", [{"id": i, "vector": vector} for i, vector in enumerate(vectors(seed))])
        client.create_index("c", index)


def nearest(queries: np.ndarray, among: np.ndarray, metric: str) -> list[set[int]]:
    """What a search is to find, by numpy alone."""
    if metric == "COSINE":
        among = among / np.linalg.norm(among, axis=1, keepdims=True)
    ranks = queries @ among.T
    if metric == "L2":
        ranks = 2 * ranks - (among * among).sum(axis=1)
    return [set(row.tolist()) for row in np.argsort(-ranks, axis=1)[:, :LIMIT]]


def parts_of(path: Path) -> bytes:
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute("SELECT value FROM index_parts ORDER BY part")
        return b"".join(value for (value,) in found)


def replace_parts(path: Path, data: bytes) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(
            "UPDATE index_parts SET value = ?, checksum = ?", (data, part_checksum(1, "vector", 0, data))
        )
        connection.commit()


def replace_head(path: Path, **changed: object) -> None:
    """Other values in the head, with the checksum that fits them."""
    with closing(sqlite3.connect(path)) as connection:
        names = ("through_seq", "rows", "parts", "tuned", "seqs")
        head = dict(
            zip(
                names,
                connection.execute(f"SELECT {', '.join(names)} FROM built_indexes").fetchone(),
                strict=True,
            )
        )
        head |= changed
        *values, packed = head.values()
        tuned = values.pop()
        assert isinstance(packed, bytes)
        shown = tuned.encode() if isinstance(tuned, str) else tuned
        checksum = index_parts._checksum(1, "vector", [*values, shown], packed)
        connection.execute(
            f"UPDATE built_indexes SET {', '.join(f'{name} = ?' for name in names)}, checksum = ?",
            (*head.values(), checksum),
        )
        connection.commit()


def flip(chance: random.Random, data: Bytes) -> None:
    for _ in range(chance.choice((1, 1, 4, 64))):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def flip_settings(chance: random.Random, data: Bytes) -> None:
    data[chance.randrange(min(200, len(data)))] ^= 1 << chance.randrange(8)


def cut(chance: random.Random, data: Bytes) -> None:
    del data[chance.randrange(len(data)) :]


def lengthen(chance: random.Random, data: Bytes) -> None:
    data += bytes(chance.randrange(1, 5_000))


def take_out(chance: random.Random, data: Bytes) -> None:
    start = chance.randrange(len(data))
    del data[start : start + chance.choice((1, 4, 8, 64))]


def put_in(chance: random.Random, data: Bytes) -> None:
    start = chance.randrange(len(data))
    data[start:start] = chance.randbytes(chance.choice((1, 4, 8, 64)))


def swap(chance: random.Random, data: Bytes) -> None:
    one, other = chance.randrange(len(data) - 64), chance.randrange(len(data) - 64)
    data[one : one + 64], data[other : other + 64] = data[other : other + 64], data[one : one + 64]


def put_number(chance: random.Random, data: Bytes) -> None:
    place = chance.choice((chance.randrange(len(data) - 8), chance.randrange(min(400, len(data) - 8))))
    data[place : place + 8] = struct.pack("<Q", chance.choice(NUMBERS))


def change_a_size(chance: random.Random, data: Bytes) -> None:
    """Where eight bytes are a small number, as sizes and labels are, another one."""
    places = [at for at in range(0, len(data) - 8, 1) if data[at + 2 : at + 8] == bytes(6) and data[at]]
    place = chance.choice(places) if places else 0
    data[place : place + 8] = struct.pack("<Q", chance.choice(NUMBERS))


def put_float(chance: random.Random, data: Bytes) -> None:
    for _ in range(chance.choice((1, 16, 200))):
        place = 1 + 4 * chance.randrange((len(data) - 8) // 4)
        data[place : place + 4] = struct.pack("<f", chance.choice(FLOATS))


CHANGES: tuple[Change, ...] = (
    flip,
    flip_settings,
    cut,
    lengthen,
    take_out,
    put_in,
    swap,
    put_number,
    change_a_size,
    put_float,
)


def bomb(count: int) -> bytes:
    """Row numbers that unpack to a thousand times their size."""
    packer = zlib.compressobj(1)
    one = np.ones(1 << 16, dtype="<i8").tobytes()
    return b"".join(packer.compress(one) for _ in range(count >> 16)) + packer.flush()


def check(
    path: Path, queries: np.ndarray, expected: list[set[int]], what: str, *, must_warn: bool = False
) -> None:
    """A search in the file at ``path`` finds what it should."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with MilvusClient(path) as client:
            client.load_collection("c")
            kind = client.describe_index("c", "vector")["index_type"]
            found = client.search("c", queries, limit=LIMIT, search_params=_WIDE.get(kind[:4], {}))
    other = [str(one.message) for one in caught if "is built anew from the rows" not in str(one.message)]
    assert not other, (what, other)
    assert caught or not must_warn, what
    assert all(len(hits) == LIMIT for hits in found), what
    right = sum(len(near & {hit["id"] for hit in hits}) for near, hits in zip(expected, found, strict=True))
    assert right >= LEAST_RECALL * LIMIT * QUERIES, (what, right, [str(one.message) for one in caught])


def limit_memory() -> None:
    """Let what asks for much more memory than there is now fail, where the system can."""
    try:
        import resource
    except ImportError:
        return
    pages = Path("/proc/self/statm")
    if pages.exists():
        size = int(pages.read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (size + MOST_MEMORY, resource.RLIM_INFINITY))


def main(index_type: str, seed: int, count: int, folder: Path) -> None:
    thresholds.lower(least_rows=500)
    chance = random.Random(f"{index_type} {seed}")
    metric = METRICS[seed % 3]
    sound, path = folder / "sound.db", folder / "changed.db"
    make(sound, index_type, metric, seed)
    make(path, index_type, metric, seed + 1)
    of_others = parts_of(path)
    other_type = chance.choice([name for name in PARAMETERS if name != index_type])
    path.unlink()
    make(path, other_type, metric, seed)
    of_another_type = parts_of(path)
    IndexMaintainer.schedule = lambda self, index: None  # type: ignore[method-assign]  # else each would be built anew
    queries = vectors(seed)[:: ROWS // QUERIES][:QUERIES]
    expected = nearest(queries, vectors(seed), metric)
    check(sound, queries, expected, "nothing")
    limit_memory()
    data = parts_of(sound)

    for name, parts in (("other vectors", of_others), (f"an index of type {other_type}", of_another_type)):
        shutil.copy(sound, path)
        replace_parts(path, parts)
        check(path, queries, expected, name, must_warn=True)

    packed = bomb(1 << 26)
    heads: dict[str, dict[str, object]] = {
        "no rows": {"rows": 0, "seqs": zlib.compress(b"")},
        "a bomb": {"rows": 1 << 26, "seqs": packed},
        "a bomb of so many rows": {"seqs": packed},
        "rows without order": {"seqs": zlib.compress(np.full(ROWS, -1, dtype="<i8").tobytes())},
        "fewer rows": {"rows": ROWS - 1, "seqs": zlib.compress(np.ones(ROWS - 1, dtype="<i8").tobytes())},
        "no row numbers": {"seqs": b"nothing"},
        "far": {"through_seq": 2**40},
        "no text": {"tuned": "{"},
        "a list": {"tuned": "[1]"},
        "deep text": {"tuned": "[" * 900},
        "long text": {"tuned": " " * 10_000_000 + "{}"},
        "texts": {"tuned": '{"rows": "many", "nprobe": "8", "candidates": null}'},
        "large numbers": {
            "tuned": '{"rows": 1e400, "nprobe": 1e400, "candidates": 1e400, "rerank_k": 1e400}'
        },
        "negative numbers": {"tuned": '{"rows": -1, "nprobe": -1, "candidates": -1, "rerank_k": -1}'},
        "a text of rows": {"rows": "many"},
        "more parts": {"parts": 2**40},
    }
    for name, changed in heads.items():
        shutil.copy(sound, path)
        replace_head(path, **changed)
        check(path, queries, expected, name, must_warn=True)

    for number in range(count):
        mutant = bytearray(data)
        change = chance.choice(CHANGES)
        change(chance, mutant)
        shutil.copy(sound, path)
        replace_parts(path, bytes(mutant))
        check(path, queries, expected, f"{change.__name__}, mutant {number} of seed {seed}")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
