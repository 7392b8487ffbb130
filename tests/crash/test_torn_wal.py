"""A write-ahead log whose end is torn, flipped or not its own: the file is some state that was committed."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from milvus_store import MilvusClient

from .contents import contents, reopened
from .model import State, Step, after, perform

_HEADER = 32
_FRAME = 24 + 16_384
_SEED = 7


@dataclass(frozen=True)
class Live:
    """A copy of a database that was open and not checkpointed: the file, its log, and its states so far."""

    file: bytes
    wal: bytes
    states: list[State]
    closed: bytes
    """The same database after it was closed."""

    def torn(self, folder: Path, wal: bytes) -> Path:
        """The database at rest in ``folder``, with ``wal`` for its log."""
        folder.mkdir()
        path = folder / "test.db"
        path.write_bytes(self.file)
        Path(f"{path}-wal").write_bytes(wal)
        return path


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Live:
    path = tmp_path_factory.mktemp("live") / "test.db"
    states: list[State] = [{}]
    steps = [Step(0, "create", "c")]
    for number in range(1, 25):
        fresh = tuple(range(number * 100, number * 100 + 60))
        steps.append(Step(number, "upsert", "c", keys=(*range(number * 100 - 20, number * 100), *fresh)))
        steps.append(Step(number, "delete", "c", keys=fresh[:7]))
    with MilvusClient(path) as client:
        for step in steps:
            perform(client, step)
            states.append(after(states[-1], step))
        file, wal = path.read_bytes(), Path(f"{path}-wal").read_bytes()
    assert len(wal) > len(steps) * _FRAME, "nothing of this is in the file yet"
    return Live(file, wal, states, path.read_bytes())


def test_a_log_cut_anywhere_leaves_a_committed_state(live: Live, tmp_path: Path) -> None:
    random = Random(_SEED)
    frames = (len(live.wal) - _HEADER) // _FRAME
    cuts = {0, 1, _HEADER - 1, _HEADER, len(live.wal) - 1, len(live.wal)}
    cuts |= {_HEADER + random.randrange(frames) * _FRAME + extra for extra in (0, 1, 24) for _ in range(4)}
    cuts |= {random.randrange(len(live.wal)) for _ in range(12)}
    places = []
    for cut in sorted(cuts):
        state = reopened(live.torn(tmp_path / f"{cut}", live.wal[:cut]))
        assert state in live.states, f"cut at {cut}"
        places.append(live.states.index(state))
    assert places == sorted(places), "a longer log holds no less"
    assert places[0] == 0
    assert places[-1] == len(live.states) - 1


def test_a_flipped_bit_ends_the_log_before_it(live: Live, tmp_path: Path) -> None:
    random = Random(_SEED)
    for turn in range(24):
        # Most flips are near the end, where a torn write would be.
        place = random.randrange(len(live.wal) - 3 * _FRAME if turn % 4 else 0, len(live.wal))
        wal = bytearray(live.wal)
        wal[place] ^= 1 << random.randrange(8)
        state = reopened(live.torn(tmp_path / f"{turn}", bytes(wal)))
        assert state in live.states[:-1], f"flipped at {place}"


def test_work_goes_on_after_a_torn_log(live: Live, tmp_path: Path) -> None:
    path = live.torn(tmp_path / "torn", live.wal[:-100])
    step = Step(99, "insert", "c", keys=tuple(range(9900, 9950)))
    with MilvusClient(path) as client:
        state = contents(client)
        assert state == live.states[-2]
        perform(client, step)
    assert reopened(path) == after(state, step)


def test_a_foreign_log_beside_a_closed_database_is_passed_over(live: Live, tmp_path: Path) -> None:
    random = Random(_SEED)
    for number, wal in enumerate(
        (b"", b"x", random.randbytes(5 * _FRAME), live.wal[:_HEADER] + random.randbytes(3 * _FRAME))
    ):
        path = live.torn(tmp_path / f"{number}", wal)
        path.write_bytes(live.closed)
        assert reopened(path) == live.states[-1]


def test_the_log_of_the_last_close_may_come_back(live: Live, tmp_path: Path) -> None:
    """A process that died between folding the log into the file and removing it leaves both."""
    path = live.torn(tmp_path / "both", live.wal)
    path.write_bytes(live.closed)
    assert reopened(path) == live.states[-1]


def test_a_foreign_wal_index_is_passed_over(live: Live, tmp_path: Path) -> None:
    path = live.torn(tmp_path / "index", live.wal)
    Path(f"{path}-shm").write_bytes(Random(_SEED).randbytes(32_768))
    assert reopened(path) == live.states[-1]


def test_a_copy_taken_while_it_is_open_is_whole(tmp_path: Path) -> None:
    """File and log copied together, in that order and with no checkpoint between, are a backup."""
    path, copy = tmp_path / "test.db", tmp_path / "copy" / "test.db"
    copy.parent.mkdir()
    with MilvusClient(path) as client:
        perform(client, Step(0, "create", "c"))
        client.flush("c")
        perform(client, Step(1, "insert", "c", keys=tuple(range(100))))
        shutil.copy(path, copy)
        perform(client, Step(2, "insert", "c", keys=tuple(range(100, 200))))
        shutil.copy(f"{path}-wal", f"{copy}-wal")
        state = contents(client)
    assert reopened(copy) == state
