"""Data of Milvus Lite where a file of ours is expected: the error says how to go on."""

from __future__ import annotations

from ..backends.lite_data import lite_data_at
from ..errors import NotADatabaseError


def refuse_lite_data(path: str, error: NotADatabaseError) -> None:
    """Raise an error that says so, if the data at ``path`` are Milvus Lite's.

    Args:
        error: why the engine could not open ``path``.
    """
    kind = lite_data_at(path)
    if kind is not None:
        raise NotADatabaseError(
            message=f"{path} is {kind.value}, and milvus_store.pymilvus serves files of milvus-store: copy it by "
            f"'milvus-store copy {path} NEW_FILE' and open the copy, or open {path} with Milvus Lite after "
            "milvus_store.pymilvus.uninstall()"
        ) from error
