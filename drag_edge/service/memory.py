"""The C library's memory, for a process in which threads and models come and go for months."""

from __future__ import annotations

import ctypes

from drag_edge.clock import Clock, Periodic

_M_ARENA_MAX = -8  # malloc.h of glibc
_ARENAS = 2
_EVERY_S = 60.0


def share_arenas() -> bool:
    """Few arenas for all threads. Returns whether this C library knows the wish (glibc does).

    glibc gives every new thread, up to eight a core, an arena of its own, and what is freed in one
    serves no other: each camera that is opened again would leave megabytes behind.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and mallopt(_M_ARENA_MAX, _ARENAS) == 1


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
