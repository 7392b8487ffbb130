"""Disks that are full at will: a small tmpfs where we may mount one, else a limit on the size of files."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol


class SmallDisk(Protocol):
    folder: Path

    def fill(self, spare: int = 0) -> None:
        """Leave room for about ``spare`` more bytes."""
        ...

    def free(self) -> None:
        """Make room again."""
        ...


@contextmanager
def small_disk(folder: Path, kind: str) -> Iterator[SmallDisk]:
    """An empty disk of 12 MB at ``folder``, or a limit for this process until the end of the block.

    ``kind`` is ``"full"`` (no space is left) or ``"limited"`` (a write fails with an error of its own).
    """
    if kind == "full" and may_mount(folder):
        _mount(folder)
        try:
            yield _Tmpfs(folder)
        finally:
            _unmount(folder)
    else:
        disk = _Limit(folder)
        try:
            yield disk
        finally:
            disk.free()


def may_mount(folder: Path) -> bool:
    """Whether a tmpfs can be mounted at ``folder``."""
    if os.geteuid() != 0 or not os.path.exists("/proc/filesystems"):
        return False
    try:
        _mount(folder)
    except (OSError, subprocess.CalledProcessError):
        return False
    _unmount(folder)
    return True


def _mount(folder: Path) -> None:
    command = ["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(folder)]
    subprocess.run(command, check=True, capture_output=True)


def _unmount(folder: Path) -> None:
    # Lazily: what a failed test has left open goes when its process ends.
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


class _Tmpfs:
    """Filled with a ballast file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    def fill(self, spare: int = 0) -> None:
        disk = os.statvfs(self.folder)
        size = disk.f_bavail * disk.f_frsize - spare
        if size > 0:
            with self._ballast.open("ab") as file:
                file.write(bytes(size))

    def free(self) -> None:
        self._ballast.unlink()


class _Limit:
    """No file of this process may be written past the present size of the database, plus what is spared."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    def fill(self, spare: int = 0) -> None:
        self._limit(sum(one.stat().st_size for one in self.folder.glob("*.db")) + spare)

    def free(self) -> None:
        self._limit(resource.RLIM_INFINITY)

    @staticmethod
    def _limit(size: int) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
