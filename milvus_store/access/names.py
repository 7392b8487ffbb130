"""Users and roles that Milvus always has; what others and groups may be called, and what a password may be."""

from __future__ import annotations

import re
from typing import Final

from ..errors import MilvusException, ParamError

ROOT: Final = "root"
"""The user who may do everything, whatever roles he has."""

ADMIN: Final = "admin"
"""The role that may do everything."""

PUBLIC: Final = "public"
"""The role that every user has."""

UNEXPECTED: Final = 65535
"""Milvus's code for refusals that have none of their own."""

_LONGEST_NAME: Final = 32
_LONGEST_ROLE: Final = 255
_PASSWORD: Final = range(6, 73)
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")
_ROLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*")
_DEFAULT_PASSWORD: Final = "Milvus"


def refused(message: str) -> MilvusException:
    return MilvusException(UNEXPECTED, message)


def check_user_name(name: str) -> None:
    if len(name) > _LONGEST_NAME or not _NAME.fullmatch(name):
        raise ParamError(
            message=f"a user name has 1 to {_LONGEST_NAME} letters, digits, underscores, dots and hyphens, and "
            f"begins with a letter, got {name!r:.80}"
        )


def check_role_name(name: str, kind: str = "role") -> None:
    if len(name) > _LONGEST_ROLE or not _ROLE.fullmatch(name):
        raise ParamError(
            message=f"a {kind} name has 1 to {_LONGEST_ROLE} letters, digits, underscores and dollars, and begins "
            f"with a letter or an underscore, got {name!r:.80}"
        )


def check_password(password: str) -> None:
    """Does not repeat the password, wherever the message goes."""
    length = len(password.encode())
    if length not in _PASSWORD:
        raise ParamError(
            message=f"a password has {_PASSWORD.start} to {_PASSWORD.stop - 1} bytes, got {length}"
        )
    if password == _DEFAULT_PASSWORD:
        raise ParamError(message="the default password of Milvus is known to everybody: choose another one")
