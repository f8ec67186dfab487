from __future__ import annotations

import ctypes
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from drag_edge.clock import VirtualClock
from drag_edge.service import memory

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="glibc's malloc only")

# Small blocks, every tenth of which stays: what is freed between them malloc keeps for itself.
HOLES = """
import ctypes
from drag_edge.service.memory import give_back, share_arenas

def resident_mb():
    return int(open("/proc/self/statm").read().split()[1]) * 4096 / 1e6

assert share_arenas()
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
blocks = [libc.malloc(60_000) for _ in range(2000)]
for block in blocks:
    ctypes.memset(block, 1, 60_000)
for number, block in enumerate(blocks):
    if number % 10:
        libc.free(ctypes.c_void_p(block))
before = resident_mb()
assert give_back()
print(before - resident_mb())
"""


def test_what_was_freed_between_blocks_in_use_goes_back_to_the_system(repository: Path) -> None:
    said = subprocess.run(
        [sys.executable, "-c", HOLES], cwd=repository, capture_output=True, text=True, check=True
    )
    assert float(said.stdout) > 50


def test_it_is_done_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[bool] = []
    monkeypatch.setattr(memory, "give_back", lambda: done.append(True))
    clock = VirtualClock()
    running = memory.keep_small(clock)
    clock.advance_to(600.0)
    running.stop()
    assert 5 <= len(done) <= 30


def test_another_c_library_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda _: object())
    assert not memory.share_arenas()
    assert not memory.give_back()
