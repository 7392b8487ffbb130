from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from milvus_store import MilvusClient
from milvus_store.errors import (
    DatabaseCorruptError,
    DatabaseFormatError,
    MilvusException,
    NotADatabaseError,
)
from milvus_store_lite.checks import check_file


def everything(path: Path) -> dict[str, list[dict[str, Any]]]:
    """All rows of all collections as a client reads them."""
    with MilvusClient(path) as client:
        return {name: list(client.query(name, "", limit=1000)) for name in client.list_collections()}


def flip(content: bytes, seed: int) -> bytes:
    """``content`` with one byte changed, or a few; most are bytes in use."""
    chance = random.Random(seed)
    flipped = bytearray(content)
    for _ in range(chance.choice([1, 1, 1, 4])):
        place = chance.randrange(len(flipped))
        while not flipped[place] and chance.random() < 0.9:
            place = chance.randrange(len(flipped))
        flipped[place] ^= 1 << chance.randrange(8)
    return bytes(flipped)


def test_flipped_bytes_are_found_unless_nothing_reads_them(sound: bytes, tmp_path: Path) -> None:
    """What is not found must read as well as before, to the last value."""
    (tmp_path / "sound.db").write_bytes(sound)
    expected = everything(tmp_path / "sound.db")
    outcomes = {"found": 0, "refused": 0, "unused": 0}
    for seed in range(150):
        path = tmp_path / f"{seed}.db"
        flipped = flip(sound, seed)
        path.write_bytes(flipped)
        try:
            found = check_file(path).problems
        except (DatabaseCorruptError, NotADatabaseError, DatabaseFormatError):
            outcomes["refused"] += 1
            continue
        assert path.read_bytes() == flipped, seed
        if found:
            outcomes["found"] += 1
            try:
                rows = everything(path)
            except MilvusException:
                continue  # A reader may not meet the damage; if it does, it says so.
        else:
            outcomes["unused"] += 1
            try:
                rows = everything(path)
            except MilvusException as error:
                pytest.fail(f"seed {seed}: the check found nothing, but reading raises {error}")
        assert rows == expected, seed
    assert outcomes["found"] > 50, outcomes


@pytest.mark.parametrize("seed", range(20))
def test_a_file_with_a_stretch_overwritten_is_never_called_sound(
    sound: bytes, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    place = chance.randrange(len(sound) // 16_384) * 16_384
    path = tmp_path / "test.db"
    path.write_bytes(sound[:place] + chance.randbytes(16_384) + sound[place + 16_384 :])
    try:
        report = check_file(path)
    except (DatabaseCorruptError, NotADatabaseError, DatabaseFormatError):
        return
    assert report.problems
