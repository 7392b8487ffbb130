"""How much one call may ask for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from milvus_store_lite import MAX_WINDOW

from ...errors import ParamError
from ..protocol import Message

_PARAMETERS: Final = ("search_params", "rank_params", "query_params")
_LIMITS: Final = ("limit", "topk")
_PARTS: Final = ("requests", "sub_reqs")


@dataclass(frozen=True)
class Limits:
    """Bounds of a call: vectors of a search, and rows of an answer."""

    nq: int = 16384
    limit: int = MAX_WINDOW

    def check(self, request: Message) -> None:
        """
        Raises:
            ParamError: the request asks for more.
        """
        if (asked := getattr(request, "nq", 0)) > self.nq:
            raise ParamError(message=f"a search takes at most {self.nq} vectors (max_nq), got {asked}")
        for name in _PARAMETERS:
            for pair in getattr(request, name, ()):
                if pair.key in _LIMITS and pair.value.strip().isdecimal() and int(pair.value) > self.limit:
                    raise ParamError(
                        message=f"limit must be at most {self.limit} here (max_limit), got {pair.value:.20}"
                    )
        for part in _parts(request):
            self.check(part)


def _parts(request: Message) -> Iterable[Message]:
    """The searches of which a hybrid one is made."""
    for name in _PARTS:
        yield from getattr(request, name, ())
