"""Credentials are for servers: a file asks nobody, and opening one with a password must not seem to guard it."""

from __future__ import annotations

from milvus_store_lite import ParamError


def refuse_credentials(uri: object, **given: object) -> None:
    """Raise ``ParamError`` if a file is to be opened with a user, a password or a token that is not empty."""
    names = [name for name, value in given.items() if value not in ("", None)]
    if names:
        raise ParamError(
            message=f"expected no {' and no '.join(names)} for the file {str(uri)!r}: a file asks nobody "
            f"who he is, and who may read it is for the permissions of the file system to say. Leave "
            f"{_it(names)} out, or give the address of a server, such as http://localhost:19530"
        )


def _it(names: list[str]) -> str:
    return "it" if len(names) == 1 else "them"
