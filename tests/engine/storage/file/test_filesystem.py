from __future__ import annotations

import warnings
from pathlib import Path

import pytest

from milvus_store_lite.storage.file.filesystem import warn_of_network

MOUNTS = """\
22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
40 22 0:45 / /mnt/shared rw,relatime shared:1 - nfs4 server:/export rw,vers=4.2
41 40 0:46 / /mnt/shared/local rw - tmpfs tmpfs rw
42 22 0:47 / /mnt/two\\040words rw - cifs //server/share rw
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/home/me/a.db", None),
        ("/mnt/shared/a.db", "nfs4"),
        ("/mnt/shared/deep/er/a.db", "nfs4"),
        ("/mnt/shared/local/a.db", None),
        ("/mnt/sharedness/a.db", None),
        ("/mnt/two words/a.db", "cifs"),
    ],
)
def test_a_network_file_system_is_warned_of(tmp_path: Path, path: str, kind: str | None) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS)
    if kind is None:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            warn_of_network(path, mounts)
    else:
        with pytest.warns(RuntimeWarning, match=rf"\({kind}\).*local disk"):
            warn_of_network(path, mounts)


def test_where_mounts_are_not_listed_nothing_is_said(tmp_path: Path) -> None:
    warn_of_network("/mnt/shared/a.db", tmp_path / "absent")
