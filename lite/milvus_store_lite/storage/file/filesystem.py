"""Whether a file lies on a network file system, where SQLite's write-ahead log cannot be shared.

SQLite explains why: https://www.sqlite.org/wal.html, "All processes using a database must be on the
same host computer". Only Linux lists its mounts in a file; other systems detect nothing.
"""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Final

_NETWORK_TYPES: Final = frozenset(
    {
        "9p",
        "afs",
        "ceph",
        "cifs",
        "fuse.glusterfs",
        "fuse.s3fs",
        "fuse.sshfs",
        "glusterfs",
        "lustre",
        "ncpfs",
        "nfs",
        "nfs4",
        "smb3",
        "smbfs",
    }
)
_MOUNTS: Final = Path("/proc/self/mountinfo")


def warn_of_network(path: str, mounts: Path = _MOUNTS) -> None:
    """Warn when ``path`` lies on a network file system. ``mounts``: where the kernel lists what is mounted."""
    try:
        lines = mounts.read_text().splitlines()
    except OSError:
        return
    kind = _type_of_mount(os.path.realpath(path), lines)
    if kind in _NETWORK_TYPES:
        warnings.warn(
            f"{path} lies on a network file system ({kind}): processes on different hosts would damage it; "
            f"keep the database on a local disk",
            RuntimeWarning,
            stacklevel=2,
        )


def _type_of_mount(path: str, lines: list[str]) -> str:
    """The type of the innermost mount that holds ``path``; each line is as proc(5) describes mountinfo."""
    innermost, kind = "", ""
    for line in lines:
        before, _, after = line.partition(" - ")
        point = before.split(" ")[4].encode().decode("unicode_escape")
        inside = path == point or path.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(innermost):
            innermost, kind = point, after.split(" ")[0]
    return kind
