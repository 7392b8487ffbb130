"""What the legacy client raises; whatever a server would refuse is a ``Status`` instead."""

from __future__ import annotations


class ParamError(ValueError):
    """An argument has the wrong type or shape; nothing was asked of the database."""


class ConnectError(ValueError):
    """There is no usable connection."""


class NotConnectError(ConnectError):
    """The file or the server could not be opened."""


class RepeatingConnectError(ConnectError):
    """Kept for scripts that name it; clients of this version connect once, when they are made."""


class ConnectionPoolError(ConnectError):
    """Kept for scripts that name it; there is no pool to run out of."""


class FutureTimeoutError(TimeoutError):
    """The result of an ``_async`` call was not there in time."""


class DeprecatedError(AttributeError):
    """The call was given up before 0.2.12; the message names what to use."""


class VersionError(AttributeError):
    """Kept for scripts that name it; files and servers of every version are taken."""
