"""Who makes a call: the user whose password or API key it brings."""

from __future__ import annotations

import base64
import binascii
import hmac
import math
import secrets
import threading
from collections import OrderedDict
from collections.abc import Mapping
from typing import Final

import grpc

from ...access.hashes import digest_of_api_key, hashed, is_password_of
from ..service import Refusal
from .policy import Policy
from .throttle import Throttle

_HEADER: Final = "authorization"
_SEPARATOR: Final = ":"

_KEPT: Final = 4_096
"""Passwords that are known to be right, of so many users."""

_FREE_OF_USER: Final = 5
_FREE_OF_PEER: Final = 20
"""Wrong passwords before pauses begin. Many users may share an address."""

_WRONG: Final = "auth check failure, please check username and password are correct"


class Credentials:
    """Verifies what calls bring. Threads share it.

    A password that was right is remembered under a keyed hash of it, whose key only this process has, together
    with the stored hash that it fits: a new password has another stored hash, so nothing gets stale. Others are
    verified one after the other, so that many calls with one password hash it once, and guesses wait in line.
    """

    def __init__(self, throttle: Throttle | None = None) -> None:
        self._key = secrets.token_bytes(32)
        self._right: OrderedDict[bytes, str] = OrderedDict()
        self._throttle = throttle or Throttle()
        self._lock = threading.Lock()
        self._nobody: str | None = None

    def user_of(self, policy: Policy, metadata: Mapping[str, str], peer: str) -> str:
        """The name of the user that the call is from.

        Raises:
            Refusal: there is no user whom the credentials are of, or too many of them were wrong.
        """
        secret = _given(metadata)
        name, separator, password = secret.partition(_SEPARATOR)
        if not separator:
            user = policy.user_of_digest.get(digest_of_api_key(secret), "")
            if user not in policy.users:
                raise _refusal("auth check failure, please check api key is correct")
            return user
        mark = hmac.digest(self._key, secret.encode(), "sha256")
        if not self._is_known(policy, name, mark):
            with self._lock:
                if not self._is_known(policy, name, mark):
                    self._verify(policy, name, password, _host(peer))
                    self._remember(mark, policy.users[name].password)
        return name

    def _is_known(self, policy: Policy, name: str, mark: bytes) -> bool:
        user = policy.users.get(name)
        return user is not None and self._right.get(mark) == user.password

    def _verify(self, policy: Policy, name: str, password: str, host: str) -> None:
        who, where = f"user {name:.64}", f"peer {host}"
        pause = max(self._throttle.pause(who), self._throttle.pause(where))
        if pause:
            raise Refusal(
                grpc.StatusCode.RESOURCE_EXHAUSTED,
                f"too many wrong passwords: try again in {math.ceil(pause)} s",
            )
        user = policy.users.get(name)
        # For a user who does not exist it takes as long, so that time does not tell who exists.
        if (
            not is_password_of(password, self._hash_of_nobody() if user is None else user.password)
            or not user
        ):
            self._throttle.failed(who, _FREE_OF_USER)
            self._throttle.failed(where, _FREE_OF_PEER)
            raise _refusal(_WRONG)
        self._throttle.succeeded(who)

    def _hash_of_nobody(self) -> str:
        if self._nobody is None:
            self._nobody = hashed(secrets.token_urlsafe())
        return self._nobody

    def _remember(self, mark: bytes, password: str) -> None:
        self._right[mark] = password
        if len(self._right) > _KEPT:
            self._right.popitem(last=False)


def _given(metadata: Mapping[str, str]) -> str:
    """The user and password, or the key, that a call brings."""
    text = metadata.get(_HEADER)
    if not text:
        raise _refusal("missing authorization in header")
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise _refusal("invalid token format") from None


def _refusal(message: str) -> Refusal:
    return Refusal(grpc.StatusCode.UNAUTHENTICATED, message)


def _host(peer: str) -> str:
    """The address of a client without its port, which changes with each connection."""
    kind, _, rest = peer.partition(":")
    return f"{kind}:{rest.rpartition(':')[0]}" if kind in ("ipv4", "ipv6") else kind
