"""One of several processes that serve a file, and its talk with the supervisor through a pipe."""

from __future__ import annotations

import os
import signal
import sys
import threading
from multiprocessing.connection import Connection
from typing import Final

from ...errors import MilvusException
from ..settings import ServerSettings
from .ending import Ending

_BEAT: Final = 2.0
"""Seconds between two words on how it is."""


def work(
    file: str, settings: ServerSettings, address: str, metrics_folder: str, supervisor: Connection
) -> None:
    """Serve ``file`` until SIGTERM, or until there is no supervisor, and drain.

    Args:
        address: the same for all workers.
        metrics_folder: where all of them count their calls.
        supervisor: it is told what keeps this worker from answering: nothing, once it serves.
    """
    ending = Ending()
    signal.signal(signal.SIGTERM, ending.ask)
    if metrics_folder:
        # prometheus-client looks for it when it is imported, which ``process`` does.
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = metrics_folder
    from .logs import set_up
    from .process import drain, made_server, own_metrics

    set_up(settings)
    try:
        server = made_server(file, settings, own_metrics(settings), address=address, shares_port=True)
    except MilvusException as error:
        supervisor.send(error.message)
        sys.exit(1)
    server.start()
    supervisor.send(server.problem())

    def talk() -> None:
        try:
            while not supervisor.poll(_BEAT):  # it says nothing; what can be read is its end
                supervisor.send(server.problem())
        except OSError:
            pass
        ending.ask()

    threading.Thread(target=talk, name="milvus-store-supervised", daemon=True).start()
    ending.wait()
    server.refuse(settings.grace)
    drain(server)
    server.close()
