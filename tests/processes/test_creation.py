"""Processes that make the same file at the same time: one of them makes it, the others find it made."""

from __future__ import annotations

import multiprocessing
import traceback
from multiprocessing.connection import Connection
from pathlib import Path

from milvus_store import MilvusClient

from .children import run

_PROCESSES = 8
_FILES = 15


def open_files(folder: str, number: int, said: Connection) -> None:
    """Open one new file after the other, each at the word of the parent, and write to it."""
    said.send("ready")
    for file in range(_FILES):
        said.recv()
        try:
            with MilvusClient(Path(folder, f"{file}.db")) as client:
                client.create_collection(f"of_{number}", dimension=2)
                client.insert(f"of_{number}", {"id": number, "vector": [1, 2]})
            said.send(None)
        except BaseException:
            said.send(traceback.format_exc())


def open_at_once(folder: str) -> list[str]:
    """What went wrong in any process."""
    context = multiprocessing.get_context()
    talks = []
    for number in range(_PROCESSES):
        ours, theirs = context.Pipe()
        context.Process(target=open_files, args=(folder, number, theirs), daemon=True).start()
        talks.append(ours)
    for talk in talks:
        talk.recv()
    errors: list[str] = []
    for _ in range(_FILES):
        for talk in talks:
            talk.send("go")
        errors += [error for error in [talk.recv() for talk in talks] if error]
    return errors


def test_a_file_may_be_made_by_many_at_once(tmp_path: Path) -> None:
    errors = run(open_at_once, tmp_path)
    assert not errors, f"{len(errors)} of {_FILES * _PROCESSES} opens failed, the first with\n{errors[0]}"
    for file in tmp_path.iterdir():
        with MilvusClient(file) as client:
            assert sorted(client.list_collections()) == [f"of_{number}" for number in range(_PROCESSES)]
