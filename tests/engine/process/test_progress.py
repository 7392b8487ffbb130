"""What becomes of Ctrl-C while a long operation ends."""

from __future__ import annotations

import threading

import pytest

from milvus_store_lite.process import progress
from milvus_store_lite.process.progress import Reports, heard


def test_ctrl_c_while_the_operation_ends_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    may_end = threading.Event()
    ended = []
    join = threading.Thread.join

    def pressed(self: threading.Thread, timeout: float | None = None) -> None:
        if not may_end.is_set():
            may_end.set()
            raise KeyboardInterrupt
        join(self, timeout)

    def operation(reports: Reports) -> None:
        may_end.wait(30)
        ended.append(True)

    monkeypatch.setattr(progress._Heard, "_hand_on", lambda self: None)  # it has heard the last report
    monkeypatch.setattr(threading.Thread, "join", pressed)
    with pytest.raises(KeyboardInterrupt):
        heard(operation, lambda told: None)
    assert ended == [True]
