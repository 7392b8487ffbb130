"""What a file says about access, and changes of it.

A file on which nobody has managed anything says what Milvus says at first. The first change writes that down, so
that whatever comes later, such as the first start of a server with access control, gives nothing that was revoked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from milvus_store_lite import Access, AccessControl, Grant, Role

from .names import PUBLIC
from .privileges import EVERY

_NOTHING: Final = Access()

_FIRST: Final = Access(
    roles=frozenset({Role(PUBLIC)}),  # which nobody can drop, so that no change leads back to nothing
    grants=frozenset(
        {
            Grant(PUBLIC, EVERY, "Global", EVERY, "DescribeCollection"),
            Grant(PUBLIC, EVERY, "Collection", EVERY, "IndexDetail"),
        }
    ),
)
"""What Milvus grants to everybody at first: clients ask for it before they write and search."""


def read(control: AccessControl) -> Access:
    return _begun(control.read())


def change(control: AccessControl, changed: Callable[[Access], Access]) -> Access:
    """Replace what the file says by what ``changed`` makes of it, in one transaction, and return that."""

    def change_begun(now: Access) -> Access:
        before = _begun(now)
        after = changed(before)
        return now if after == before else after

    return _begun(control.change(change_begun))


def _begun(access: Access) -> Access:
    return _FIRST if access == _NOTHING else access
