"""A running kernel, spoken to as Jupyter does."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import milvus_store
import milvus_store_kernel

SECONDS = 60
_PACKAGES = [Path(str(one.__file__)).parents[1] for one in (milvus_store, milvus_store_kernel)]


@dataclass
class Reply:
    """What a cell answered: the reply, and what came over the other channel before the kernel was idle."""

    content: Mapping[str, Any]
    shown: list[Mapping[str, Any]] = field(default_factory=list)
    errors: list[Mapping[str, Any]] = field(default_factory=list)
    printed: str = ""

    @property
    def texts(self) -> list[str]:
        return [one["text/plain"] for one in self.shown]


class Notebook:
    """Cells run on a kernel."""

    def __init__(self, client: Any, manager: Any) -> None:
        self.client = client
        self.manager = manager

    def run(self, code: str) -> Reply:
        # After an error a kernel refuses the cells that wait, and for a moment those that come.
        while (reply := self.collect(self.client.execute(code))).content["status"] == "aborted":
            pass
        return reply

    def collect(self, message_id: str) -> Reply:
        reply = Reply({})
        while True:
            message = self.client.get_iopub_msg(timeout=SECONDS)
            if message["parent_header"].get("msg_id") != message_id:
                continue
            kind, content = message["msg_type"], message["content"]
            if kind == "display_data":
                reply.shown.append(content["data"])
            elif kind == "error":
                reply.errors.append(content)
            elif kind == "stream":
                reply.printed += content["text"]
            elif kind == "status" and content["execution_state"] == "idle":
                break
        reply.content = self.answer(message_id)
        return reply

    def answer(self, message_id: str) -> Mapping[str, Any]:
        """The reply to a message; replies to others, such as those of waiting for the kernel, are passed over."""
        while True:
            message = self.client.get_shell_msg(timeout=SECONDS)
            if message["parent_header"].get("msg_id") == message_id:
                content: Mapping[str, Any] = message["content"]
                return content


def environment(jupyter: Path) -> dict[str, str]:
    """Environment variables for a Jupyter that sees the kernelspecs under ``jupyter`` and these sources."""
    path = os.pathsep.join([*map(str, _PACKAGES), os.environ.get("PYTHONPATH", "")])
    return {**os.environ, "JUPYTER_PATH": str(jupyter / "share" / "jupyter"), "PYTHONPATH": path}


def install(prefix: Path) -> dict[str, str]:
    """Install the kernelspec as a user does; returns the environment in which Jupyter finds it."""
    names = environment(prefix)
    command = [sys.executable, "-m", "milvus_store_kernel.install", "--prefix", str(prefix)]
    subprocess.run(command, check=True, env=names, capture_output=True)
    return names


@contextmanager
def notebook(names: dict[str, str], folder: Path) -> Iterator[Notebook]:
    """A notebook whose kernel runs in ``folder``."""
    from jupyter_client import KernelManager
    from jupyter_client.kernelspec import KernelSpecManager

    specs = KernelSpecManager()
    specs.kernel_dirs = [str(Path(names["JUPYTER_PATH"], "kernels"))]
    manager = KernelManager(kernel_name="milvus", kernel_spec_manager=specs)
    manager.start_kernel(cwd=str(folder), env=names)
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=SECONDS)
        yield Notebook(client, manager)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=False)
