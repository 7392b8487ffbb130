"""Passwords and API keys as hashes, from which neither can be told."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from typing import Final, NamedTuple


class Cost(NamedTuple):
    """scrypt's parameters: ``2 ** log_n`` steps over ``128 * r`` bytes of memory each, ``p`` times."""

    log_n: int
    r: int
    p: int


COST: Final = Cost(15, 8, 3)
"""OWASP's minimum with 32 MiB: 0.4 s of one core of the machine that the benchmarks ran on."""

_SALT_BYTES: Final = 16
_SECRET_BYTES: Final = 32
_KEY_PREFIX: Final = "mvs_"
"""By which a scanner of repositories knows a key that somebody has committed."""


def hashed(password: str, cost: Cost = COST) -> str:
    """A text that ``is_password_of`` compares passwords with."""
    salt = secrets.token_bytes(_SALT_BYTES)
    parts = ("scrypt", *map(str, cost), _text(salt), _text(_scrypt(password, salt, cost)))
    return "$".join(parts)


def is_password_of(password: str, hashed: str) -> bool:
    """Whether ``password`` is what ``hashed`` was made of; takes the same time for every wrong one."""
    kind, log_n, r, p, salt, digest = hashed.split("$")
    assert kind == "scrypt", kind
    cost = Cost(int(log_n), int(r), int(p))
    return hmac.compare_digest(_scrypt(password, base64.b64decode(salt), cost), base64.b64decode(digest))


def new_password() -> str:
    """A password that nobody can guess."""
    return secrets.token_urlsafe(_SALT_BYTES)


def new_api_key() -> str:
    """A key that nobody can guess, so that a fast hash protects it."""
    return _KEY_PREFIX + secrets.token_urlsafe(_SECRET_BYTES)


def digest_of_api_key(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def _scrypt(password: str, salt: bytes, cost: Cost) -> bytes:
    n = 1 << cost.log_n
    memory = 128 * cost.r * (n + cost.p + 2)
    return hashlib.scrypt(
        password.encode(), salt=salt, n=n, r=cost.r, p=cost.p, maxmem=memory + (1 << 20), dklen=_SECRET_BYTES
    )


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()
