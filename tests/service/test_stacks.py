"""Stacks on request: whole, while other threads run, and harmless to who is only asked."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

# Threads whose frames come and go all the time, beside a main thread that does as it is told.
_PROGRAM = """
import sys, threading, time
from drag_edge.service.stacks import stacks_on_signals

def deeper(depth):
    return depth if depth == 0 else deeper(depth - 1)

def busy():
    while True:
        deeper(60)

def patient_loop():
    print("running", flush=True)
    while True:
        time.sleep(0.01)

def hung_in_a_call():
    print("running", flush=True)
    sum(range(10**12))  # C code that keeps the interpreter and never looks up

with stacks_on_signals():
    for _ in range(int(sys.argv[2])):
        threading.Thread(target=busy, daemon=True).start()
    globals()[sys.argv[1]]()
"""


@contextmanager
def _program(main: str, threads: int) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, main, str(threads)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "running\n"
        time.sleep(0.1)
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("attempt", range(3))
def test_aborted_after_a_stop_it_leaves_the_stack_of_every_thread(attempt: int) -> None:
    """As the watchdog does it: the signal waits while the process is stopped."""
    with _program("patient_loop", threads=6) as process:
        process.send_signal(signal.SIGSTOP)
        process.send_signal(signal.SIGABRT)
        process.send_signal(signal.SIGCONT)
        _, told = process.communicate(timeout=20)
    assert process.returncode == -signal.SIGABRT
    assert told.startswith("Fatal Python error: Aborted")
    assert "Segmentation fault" not in told
    whole = told[told.index("Thread 0x") :]  # before it, the one thread that had the signal
    assert "in patient_loop" in whole
    assert whole.count("in busy") == 6


def test_one_that_keeps_the_interpreter_still_leaves_the_stack_that_matters() -> None:
    with _program("hung_in_a_call", threads=0) as process:
        process.send_signal(signal.SIGABRT)
        time.sleep(0.5)
        assert process.poll() is None  # systemd kills it after TimeoutAbortSec
        process.kill()
        _, told = process.communicate(timeout=20)
    assert "Fatal Python error: Aborted" in told
    assert "in hung_in_a_call" in told


def test_asking_for_stacks_changes_nothing() -> None:
    with _program("patient_loop", threads=6) as process:
        for _ in range(20):
            process.send_signal(signal.SIGQUIT)
            time.sleep(0.02)
        time.sleep(0.5)
        assert process.poll() is None
        process.kill()
        _, told = process.communicate(timeout=20)
    assert "Fatal" not in told
    assert told.count("in patient_loop") >= 5
