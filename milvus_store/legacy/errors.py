"""The exceptions of the legacy client. A call that a server would refuse returns a ``Status`` instead."""

from __future__ import annotations


class ParamError(ValueError):
    """An argument has the wrong type or shape; the call has not reached the database."""


class ConnectError(ValueError):
    """There is no usable connection."""


class NotConnectError(ConnectError):
    """The file or the server could not be opened."""


class RepeatingConnectError(ConnectError):
    """Kept for scripts that name it; clients of this version connect once, when they are made."""


class ConnectionPoolError(ConnectError):
    """Kept for scripts that name it; there is no pool to run out of."""


class FutureTimeoutError(TimeoutError):
    """The result of an ``_async`` call did not arrive in time."""


class DeprecatedError(AttributeError):
    """0.2.12 had dropped the call; the message names its replacement."""


class VersionError(AttributeError):
    """Kept for scripts that name it; the client accepts files and servers of every version."""
