"""The journal of a transfer: what is done, so that one that was broken off goes on where it was.

It is a JSON file that is replaced as a whole after every batch, and removed at the end. Between the write of a
batch and its entry lies a moment: whoever goes on finds out whether that batch is there, or writes it again by its
keys.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from ..errors import ParamError

_VERSION: Final = 1


@dataclass(slots=True)
class Entry:
    """How far one collection is.

    ``part``: the index of the partition that is being copied; ``position``: where its source goes on. ``rows``:
    written rows, over all partitions. ``state``: that of the source.

    Of an import: ``is_new``: whether it made the collection; ``before``: rows that were there at the beginning;
    ``on_its_way``: rows that are being written, and ``reached``: where the source goes on after them; ``refused``:
    records that were not taken, those on the way included, and ``refusals_size``: the bytes of the file that has
    them; ``settled``: both without those on the way.
    """

    part: int = 0
    position: Any = None
    rows: int = 0
    state: Any = None
    is_new: bool = False
    before: int = 0
    on_its_way: int = 0
    reached: int = 0
    refused: int = 0
    refusals_size: int = 0
    settled: tuple[int, int] = (0, 0)


@dataclass(slots=True)
class Journal:
    path: Path
    source: str
    target: str
    collections: dict[str, Entry] = field(default_factory=dict)
    was_there: bool = False

    @classmethod
    def open(cls, path: Path, source: str, target: str) -> Journal:
        """The journal at ``path``, an empty one if there is none.

        Raises:
            ParamError: it is that of another transfer, or is none.
        """
        journal = cls(path, source, target)
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            collections = {name: Entry(**one) for name, one in told["collections"].items()}
            between = told["version"], told["source"], told["target"]
        except FileNotFoundError:
            return journal
        except (ValueError, TypeError, KeyError):
            raise ParamError(message=f"{path} is not the journal of a transfer: choose another one") from None
        if between != (_VERSION, source, target):
            raise ParamError(
                message=f"{path} is the journal of a transfer from {told['source']} to {told['target']}: "
                "finish that one, or remove the journal to begin anew"
            )
        journal.collections, journal.was_there = collections, True
        return journal

    def save(self) -> None:
        told = {
            "version": _VERSION,
            "source": self.source,
            "target": self.target,
            "collections": {name: asdict(one) for name, one in self.collections.items()},
        }
        beside = self.path.with_name(self.path.name + ".new")
        with beside.open("w", encoding="utf-8") as file:
            json.dump(told, file)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self.path)

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)


def journal_path(source: str, target: str, *, beside: str | None) -> Path:
    """Where the journal of a transfer is: beside a local file, else in the working directory.

    Args:
        beside: the local file, if a side is one.
    """
    if beside is not None:
        return Path(beside + ".transfer")
    digest = hashlib.sha256(f"{source}\n{target}".encode()).hexdigest()[:12]
    return Path(f"milvus-store-{digest}.transfer")
