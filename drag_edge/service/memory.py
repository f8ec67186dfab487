"""The C library's memory, for a process in which threads and models come and go for months."""

from __future__ import annotations

import ctypes

from drag_edge.clock import Clock, Periodic

# malloc.h of glibc
_M_MMAP_THRESHOLD = -3
_M_ARENA_MAX = -8
_ARENAS = 2
_LARGE_BYTES = 1_000_000
_EVERY_S = 60.0


def arrange() -> bool:
    """Few arenas for all threads, large blocks apart. Returns whether this C library knows these
    wishes (glibc does).

    glibc gives every new thread, up to eight a core, an arena of its own, and what is freed in one
    serves no other: each camera that is opened again would leave megabytes behind. And once a block
    of some megabytes was freed, it puts all such blocks between the small ones: each model that is
    loaded again would leave holes. Large blocks are those of networks, decoders and whole pictures;
    cameras take theirs again (frames/picture_memory.py).
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    wishes = ((_M_ARENA_MAX, _ARENAS), (_M_MMAP_THRESHOLD, _LARGE_BYTES))
    return all(mallopt(what, value) == 1 for what, value in wishes)


def give_back() -> bool:
    """What was freed goes back to the system. Returns whether there was any.

    Without this, a model that is loaded again leaves about its size behind (glibc keeps what lies
    between two blocks that are in use).
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    return trim is not None and trim(0) == 1


def keep_small(clock: Clock) -> Periodic:
    """`give_back` now and then, beside the loop."""

    def step(_: float) -> None:
        give_back()

    return clock.every(_EVERY_S, step, "memory")
