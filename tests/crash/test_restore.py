"""Kill -9 at any step of a restore: the file is as it was, with all of its log, or as the backup is."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from milvus_store import MilvusClient
from milvus_store_lite import check_file, restore_file
from tests.processes.children import Child, run, running
from tests.processes.files import add_and_die, make, tags

from .victims import CAN_FORK

pytestmark = pytest.mark.skipif(not CAN_FORK, reason="a new interpreter for each death takes too long")

OLD = {"old": 50, "crashed": 30}
NEW = {"backup": 300}
KILLS = 20
"""At instants that chance chooses: inside SQLite's copying, where no step is seen."""


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup, and a file that a killed process has left with a log."""
    folder = tmp_path_factory.mktemp("sources")
    make(folder / "backup.db", 300, "backup")
    make(folder / "test.db", 50, "old")
    with pytest.raises(AssertionError, match="exit -9"):
        run(add_and_die, folder / "test.db", 100, 130, True)
    assert (folder / "test.db-wal").stat().st_size > 0
    return folder


@pytest.fixture
def restorer() -> Iterator[Child]:
    with running(restore_when_told) as child:
        yield child


def test_a_kill_at_any_step_leaves_one_of_the_two(sources: Path, restorer: Child, tmp_path: Path) -> None:
    found = []
    for step in range(200):
        ended = _restore(restorer, sources, tmp_path / str(step), step=step)
        found.append(_content(tmp_path / str(step), was_killed=ended != "done"))
        if ended == "done":
            break
    assert ended == "done"
    assert found[-1] == NEW
    assert len(found) > 15, "there are fewer steps than a restore has"
    replaced = found.index(NEW)
    assert found == [OLD] * replaced + [NEW] * (len(found) - replaced)
    assert replaced < len(found) - 3, "no step was seen between the new name and the end of the old log"


def test_a_kill_at_any_instant_leaves_one_of_the_two(sources: Path, restorer: Child, tmp_path: Path) -> None:
    random = Random(7)
    for turn in range(KILLS):
        ended = _restore(restorer, sources, tmp_path / str(turn), seconds=random.uniform(0, 0.04))
        found = _content(tmp_path / str(turn), was_killed=ended != "done")
        assert found in (OLD, NEW)
        assert ended != "done" or found == NEW


def _restore(restorer: Child, sources: Path, folder: Path, **death: float) -> str:
    folder.mkdir()
    for name in ("test.db", "test.db-wal"):
        shutil.copyfile(sources / name, folder / name)
    restorer.tell(json.dumps([str(sources / "backup.db"), str(folder / "test.db"), death]))
    return restorer.hear()


def _content(folder: Path, *, was_killed: bool) -> dict[str, int]:
    """What the file holds, which must be sound; and only a killed restore has left anything beside it."""
    left = {one.name for one in folder.iterdir()} - {"test.db"}
    assert was_killed or not left
    with warnings.catch_warnings():
        if was_killed:  # between the new name and the end of the old log
            warnings.filterwarnings("ignore", ".*foreign-1", RuntimeWarning)
        with MilvusClient(folder / "test.db") as client:
            found = tags(client)
    assert check_file(folder / "test.db").problems == ()
    return found


def restore_when_told() -> str:
    """For each line, fork a process that restores; say whether it got to the end."""
    for line in sys.stdin:
        backup, target, death = json.loads(line)
        pid = os.fork()
        if pid:
            seconds = death.get("seconds")
            if seconds is not None:
                time.sleep(seconds)
                os.kill(pid, signal.SIGKILL)
            ended = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            assert ended in (0, -signal.SIGKILL)
            print("killed" if ended else "done", flush=True)
            continue
        try:
            if "step" in death:
                _die_at(int(death["step"]), os.path.dirname(target))
            restore_file(backup, target)
            os._exit(0)
        finally:
            os._exit(1)
    return "end"


def _die_at(step: int, folder: str) -> None:
    """Have the process killed as it is about to do something for the time ``step`` + 1, as Python tells it."""
    steps = iter(range(step))

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        is_step = event.startswith("fcntl.") or (
            event.startswith(("open", "os.", "sqlite3.connect"))
            and any(isinstance(one, str) and one.startswith(folder) for one in arguments)
        )
        if is_step and next(steps, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)
