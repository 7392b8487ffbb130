"""What the walks through the two documents share: what to expect of the calls in them."""

from __future__ import annotations

from typing import Any

from milvus_store.legacy import Milvus, Status


def ok(answer: Any) -> Any:
    """``answer``, which is a ``Status`` or begins with one, after checking that it is a good one."""
    status = answer[0] if isinstance(answer, tuple) else answer
    assert isinstance(status, Status)
    assert status.OK(), status
    return answer


def refuses(answer: Any, code: int) -> None:
    status = answer[0] if isinstance(answer, tuple) else answer
    assert status.code == code, status


def reaches(host: str, port: str, uri: str) -> None:
    """Both ways of naming a server in the documents reach the same one."""
    with Milvus(host=host, port=port) as one, Milvus(uri=uri) as other:
        assert one.server_version() == other.server_version()
