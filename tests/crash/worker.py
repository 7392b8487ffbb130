"""The process that gets killed: an endless random sequence of calls, each logged before and after.

Run as ``python -m tests.crash.worker <file> <log> <seed>``; it says ``ready`` once everything is imported.
"""

from __future__ import annotations

import sys
import traceback
from pathlib import Path
from random import Random

from milvus_store import MilvusClient

from . import journal
from .journal import Journal
from .model import State, Step, after, index_early, perform

_MAIN = "main"
_MANY = 2500
"""Rows beyond which the older ones are deleted, so that files stay small and kills frequent."""


def work(path: Path, log: Path, seed: int) -> None:
    """Take steps on the file at ``path`` until somebody ends the process."""
    random = Random(seed)
    begun = journal.read(log)
    state, number = begun.before, begun.last_number
    diary = Journal(log)
    try:
        client = MilvusClient(path)
        while True:
            number += 1
            step = choose(random, state, number)
            diary.intend(step)
            if step.name == "reopen":
                client.close()
                client = MilvusClient(path)
            else:
                perform(client, step)
            state = after(state, step)
            diary.acknowledge(step)
    except BaseException:
        diary.confess(traceback.format_exc())
        raise


def choose(random: Random, state: State, number: int) -> Step:
    """A step that makes sense in ``state``."""
    if _MAIN not in state:
        return Step(number, "create", _MAIN)
    others = [name for name in state if name != _MAIN]
    kind = random.choices(
        ["write", "delete", "delete where", "define", "build", "search", "flush", "compact", "reopen"],
        weights=[50, 14, 6, 14, 12, 6, 4, 5, 6],
    )[0]
    if kind in ("build", "flush", "compact", "reopen"):
        return Step(number, kind, _MAIN)
    if kind == "define":
        if not others:
            return Step(number, "create", f"second_{number}")
        name = random.choice(["drop", "rename"])
        return Step(number, name, others[0], target=f"renamed_{number}")
    collection = random.choice([_MAIN, _MAIN, *others])
    rows = state[collection]
    if len(rows) > _MANY or kind == "delete where":
        stamps = sorted(set(rows.values()))
        return Step(number, "delete where", collection, stamp=stamps[len(stamps) // 2] if stamps else 0)
    size = random.randint(1, 200) if random.random() < 0.5 else random.randint(1, 12)
    if kind == "write":
        name = random.choice(["insert", "upsert"])
        fresh = range(number * 1000, number * 1000 + size)
        known = random.sample(sorted(rows), min(len(rows), size // 2)) if name == "upsert" else []
        return Step(number, name, collection, keys=(*known, *fresh[len(known) :]))
    if kind == "delete":
        keys = random.sample(sorted(rows), min(len(rows), size))
        return Step(number, "delete", collection, keys=(*keys, -5))
    return Step(number, "search", collection)


if __name__ == "__main__":
    index_early()
    print("ready", flush=True)
    work(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
