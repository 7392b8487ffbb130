"""What asks a process that serves to end, and may do so at any step of the wait for it."""

from __future__ import annotations

import subprocess
import sys
import threading

from milvus_store.server.operations.ending import Ending

_ASKED_AT_EACH_STEP = """
import faulthandler, signal, sys
from milvus_store.server.operations import ending as module
from milvus_store.server.operations.process import signals

faulthandler.dump_traceback_later(50, exit=True)
module._LOOK = 0.01  # where a signal comes just before a thread waits, it is seen at the next look

def asked_at(wanted):
    "Wait, and be asked to end at the step with that number; whether that came, and how many steps there were."
    steps, is_asked = 0, False

    def trace(frame, event, _):
        nonlocal steps, is_asked
        frame.f_trace_opcodes = True
        steps += event == "opcode"
        if steps == wanted and not is_asked:
            is_asked = True
            signal.raise_signal(signal.SIGTERM)
        return trace

    with signals() as ending:
        sys.settrace(trace)
        if wanted < 0:
            ending.ask()
        ending.wait()
        sys.settrace(None)
    return is_asked, steps

_, all_steps = asked_at(-1)
for step in range(1, all_steps):
    is_asked, _ = asked_at(step)
    assert is_asked
print(all_steps)
"""


def test_a_signal_at_any_step_of_the_wait_ends_it() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _ASKED_AT_EACH_STEP], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 10


def test_any_thread_may_ask() -> None:
    ending = Ending()
    asking = threading.Timer(0.05, ending.ask)
    asking.start()
    ending.wait()
    asking.join()
    assert not asking.is_alive()
