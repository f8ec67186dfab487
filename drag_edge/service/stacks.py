"""Stacks of every thread for whoever has to find out: when the watchdog aborts us, and on SIGQUIT.

faulthandler alone, asked by a signal, walks the frames of threads that go on running meanwhile, and
can crash before it has come to the one that hangs (the main thread is its last). So the signal
itself writes the stack of the thread that it interrupts and no other; then a thread of ours, while
it holds the interpreter, writes all of them.
"""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_OURS = (signal.SIGABRT, signal.SIGQUIT)


@contextmanager
def stacks_on_signals() -> Iterator[None]:
    """SIGQUIT writes every thread's stack to stderr; SIGABRT does, and then ends the process.

    Outside the main thread, where Python takes no signals, nothing changes.
    """
    if threading.current_thread() is not threading.main_thread() or sys.stderr is None:
        yield
        return
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    before = {number: signal.signal(number, _do_nothing) for number in _OURS}
    # After that, so that SIGABRT goes on to Python's own handler, which wakes the thread.
    faulthandler.disable()
    faulthandler.enable(all_threads=False)
    wakeup_before = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    thread = threading.Thread(target=_write_when_asked, args=(reading,), name="stacks")
    thread.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(wakeup_before)
        os.close(writing)
        thread.join()
        os.close(reading)
        faulthandler.disable()
        for number, handler in before.items():
            signal.signal(number, handler)
        faulthandler.enable()  # as it is usual, for what is still to be taken down


def _do_nothing(number: int, frame: FrameType | None) -> None:
    """Python writes the signal's number to the pipe before it calls this, however busy it is."""


def _write_when_asked(reading: int) -> None:
    while asked := os.read(reading, 1):
        if asked[0] in _OURS:
            faulthandler.dump_traceback()
        if asked[0] == signal.SIGABRT:
            os.abort()
