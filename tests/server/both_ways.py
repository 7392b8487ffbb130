"""The same steps through a server and on a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pymilvus

import milvus_store

Step = Callable[[Any], Any]
"""Takes a client."""


def differing(steps: Mapping[str, Step], served: Any, local: Any) -> dict[str, tuple[Any, Any]]:
    """The steps of which two clients answer differently, with both answers; of an error its code."""
    return {
        name: outcomes
        for name, step in steps.items()
        if (outcomes := (_outcome(step, served), _outcome(step, local)))[0] != outcomes[1]
    }


def _outcome(step: Step, client: Any) -> Any:
    try:
        return step(client)
    except (milvus_store.MilvusException, pymilvus.MilvusException) as error:
        return error.code
