"""``python -m milvus_store_kernel.install``: register the kernel with Jupyter."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

KERNEL_NAME = "milvus"
KERNEL_SPEC = {
    "argv": [sys.executable, "-m", "milvus_store_kernel", "-f", "{connection_file}"],
    "display_name": "Milvus",
    "language": "sql",
    "interrupt_mode": "signal",
}


def install(user: bool = True, prefix: str | None = None) -> str:
    """Write the kernelspec and return its folder.

    Args:
        user: into the user's own Jupyter folder rather than the system's.
        prefix: into an environment instead, such as ``sys.prefix``.
    """
    from jupyter_client.kernelspec import KernelSpecManager

    with TemporaryDirectory() as folder:
        Path(folder, "kernel.json").write_text(json.dumps(KERNEL_SPEC, indent=1), encoding="utf-8")
        shutil.copy(Path(__file__).with_name("logo-svg.svg"), folder)
        os.chmod(folder, 0o755)  # TemporaryDirectory makes the folder private, and the copy keeps its mode
        written: str = KernelSpecManager().install_kernel_spec(
            folder, KERNEL_NAME, user=user and prefix is None, prefix=prefix
        )
    return written


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m milvus_store_kernel.install", description=__doc__)
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--user", action="store_true", help="for this user (the default, unless root)")
    where.add_argument("--sys-prefix", action="store_true", help=f"into this environment, {sys.prefix}")
    where.add_argument("--prefix", help="into the environment at this folder")
    given = parser.parse_args(arguments)
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    prefix = sys.prefix if given.sys_prefix else given.prefix
    print(f"Installed kernel {KERNEL_NAME} in {install(given.user or not is_root, prefix)}")


if __name__ == "__main__":
    main()
