"""The same steps through a server and on a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pymilvus

import milvus_store
from milvus_store.server.endpoint import MilvusServer

Step = Callable[[Any], Any]
"""Takes a client."""


def differing(steps: Mapping[str, Step], served: Any, local: Any) -> dict[str, tuple[Any, Any]]:
    """The steps of which two clients answer differently, with both answers; of an error its code."""
    return {
        name: outcomes
        for name, step in steps.items()
        if (outcomes := (_outcome(step, served), _outcome(step, local)))[0] != outcomes[1]
    }


def served_unlike(
    server: MilvusServer,
    path: Path,
    through: Any,
    create: Callable[[Any, Any], None],
    steps: Mapping[str, Step],
) -> dict[str, tuple[Any, Any]]:
    """The steps that a client of ``server`` answers otherwise than ``MilvusClient`` on the file ``path``.

    Args:
        through: the module whose client asks the server.
        create: fills a client, by the classes of a module.
    """
    with milvus_store.MilvusClient(path) as local:
        served = through.MilvusClient(server.uri)
        create(served, through)
        create(local, milvus_store)
        unlike = differing(steps, served, local)
        served.close()
    return unlike


def _outcome(step: Step, client: Any) -> Any:
    try:
        return step(client)
    except (milvus_store.MilvusException, pymilvus.MilvusException) as error:
        return error.code
