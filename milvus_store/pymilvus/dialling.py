"""Where pymilvus dials a uri of ours, it gets a channel to the file instead of one of gRPC's.

pymilvus takes ``insecure_channel`` from gRPC's module at each connection, and so do others. What is put in its
place looks at the address alone, and hands every other one on as it came.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any, Final

import grpc
import grpc.aio

from ..server.served_file import ServedFile
from .async_channel import AsyncDirectChannel
from .channel import DirectChannel
from .files import FILES

_NAME: Final = "insecure_channel"


class _Dial:
    """The function of one module of gRPC's that makes channels, and ours in its place."""

    def __init__(self, module: ModuleType, channel: Callable[[ServedFile], Any]) -> None:
        self._module = module
        self._channel = channel
        self._replaced: Any = None
        self._ours: Final = self._dial

    def _dial(self, target: str, *args: Any, **kwargs: Any) -> Any:
        file = FILES.at(target)
        return self._channel(file) if file is not None else self._replaced(target, *args, **kwargs)

    def take(self) -> None:
        """Be asked first, if this is not asked already."""
        if self._replaced is None:
            self._replaced = getattr(self._module, _NAME)
            setattr(self._module, _NAME, self._ours)

    def leave(self) -> None:
        """Give the function back, unless somebody has replaced ours since, and may call it still."""
        if getattr(self._module, _NAME) is self._ours:
            setattr(self._module, _NAME, self._replaced)
            self._replaced = None


_DIALS: Final = (_Dial(grpc, DirectChannel), _Dial(grpc.aio, AsyncDirectChannel))


def answer_dials() -> None:
    """From now on, lead the uris of open files to them."""
    for dial in _DIALS:
        dial.take()


def leave_dials() -> None:
    """Leave gRPC as it was."""
    for dial in _DIALS:
        dial.leave()
