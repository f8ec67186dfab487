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

BEGIN = """
import ctypes
from drag_edge.service.memory import arrange, give_back

def resident_mb():
    return int(open("/proc/self/statm").read().split()[1]) * 4096 / 1e6

libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p

def block(size):
    place = libc.malloc(size)
    ctypes.memset(place, 1, size)
    return ctypes.c_void_p(place)

assert arrange()
"""

# Small blocks, every tenth of which stays: what is freed between them malloc keeps for itself.
HOLES = """
blocks = [block(60_000) for _ in range(2000)]
for number, place in enumerate(blocks):
    if number % 10:
        libc.free(place)
before = resident_mb()
assert give_back()
print(before - resident_mb())
"""

# A large one that was freed first: it must not make malloc put the next ones among the small. The
# first small ones fill whatever holes there are.
LARGE = """
libc.free(block(30_000_000))
small = [block(100_000) for _ in range(100)]
blocks = [(block(3_000_000), block(100_000)) for _ in range(40)]
before = resident_mb()
for large, _ in blocks:
    libc.free(large)
print(before - resident_mb())
"""


def _freed_mb(repository: Path, code: str) -> float:
    said = subprocess.run(
        [sys.executable, "-c", BEGIN + code],
        cwd=repository,
        capture_output=True,
        text=True,
        check=True,
    )
    return float(said.stdout)


def test_what_was_freed_between_blocks_in_use_goes_back_to_the_system(repository: Path) -> None:
    assert _freed_mb(repository, HOLES) > 50


def test_large_blocks_go_back_to_the_system_at_once(repository: Path) -> None:
    assert _freed_mb(repository, LARGE) > 100


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
    assert not memory.arrange()
    assert not memory.give_back()
