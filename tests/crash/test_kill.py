"""Kill -9 at any instant: nothing acknowledged is lost, no batch is halved, the next open needs no repair.

``MILVUS_STORE_KILLS`` and ``MILVUS_STORE_SEED`` make a longer run, or the same one again as far as timing
allows.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from .. import thresholds
from .trials import Totals, Trial
from .victims import CAN_FORK, KILLED, victims

KILLS = int(os.environ.get("MILVUS_STORE_KILLS", "300" if CAN_FORK else "30"))
SEED = int(os.environ.get("MILVUS_STORE_SEED", "1"))
_KILLS_A_FILE = 12


def _delay(random: Random, is_new: bool) -> float:
    """Seconds a worker is left alone: a new file is to die young, while it is made, as often as not."""
    if is_new:
        return random.uniform(0, 0.025)
    return random.choice([random.uniform(0, 0.02), random.uniform(0, 0.06), random.uniform(0, 0.12)])


@pytest.fixture(autouse=True)
def small_indexes() -> Iterator[None]:
    """Whoever looks into the files afterwards searches by the indexes that it finds there."""
    with thresholds.lowered(least_rows=100):
        yield


def test_a_kill_at_any_instant_loses_nothing_acknowledged(tmp_path: Path) -> None:
    random, totals = Random(SEED), Totals()
    with victims() as workers:
        while totals.deaths < KILLS:
            trial = Trial(tmp_path / f"{totals.deaths}", totals)
            for turn in range(min(_KILLS_A_FILE, KILLS - totals.deaths)):
                worker = workers.start(trial.path, trial.log, random.getrandbits(32))
                time.sleep(_delay(random, is_new=turn == 0))
                assert worker.kill() == KILLED, trial.log.read_text().splitlines()[-1]
                trial.reckon()
                if trial.is_over:
                    break
    totals.check(SEED)
    assert totals.indexed, "no worker lived long enough to build an index"


@pytest.mark.skipif(not CAN_FORK, reason="file size limits are POSIX's")
def test_death_in_the_middle_of_a_write_loses_nothing_acknowledged(tmp_path: Path) -> None:
    """The process dies at a chosen byte: of the file while it is made, of the log, of a checkpoint."""
    random, totals = Random(SEED), Totals()
    limits = [*range(0, 240_000, 8_192), *(random.randrange(3_000_000) for _ in range(10))]
    with victims() as workers:
        for limit in limits:
            trial = Trial(tmp_path / f"{totals.deaths}", totals)
            for more in (0, 50_000):
                worker = workers.start(trial.path, trial.log, random.getrandbits(32), limit + more)
                assert worker.wait() == -signal.SIGXFSZ
                trial.reckon()
                if trial.is_over:
                    break
    totals.check(SEED)
