"""Makes a pseudo-terminal as prompt as an adapter's port.

What is written into a pseudo-terminal reaches its other end by one of the kernel's unbound workers
(flush_to_ldisc), a thread like any other: on busy cores it waits for its turn until the scheduler's
next tick, 4 ms at 250 Hz, however urgent the writer and the reader are. No adapter's driver sends
that way. So these workers go first while a soak runs, where this process may say so (root).
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

WORKERS = "kworker/u"
# As the other computer on the bus, before the daemon's sender.
PRIORITY = 2
_EVERY_S = 1.0  # workers come and go
_ORDINARY, _FIRST = (os.SCHED_OTHER, 0), (os.SCHED_FIFO, PRIORITY)


class PromptPort:
    """From its making to `close`. works: whether the workers go first."""

    def __init__(self) -> None:
        self._changed: set[int] = set()
        self._stop = threading.Event()
        self.works = self._step()
        self._thread = threading.Thread(target=self._run, name="prompt port", daemon=True)
        if self.works:
            self._thread.start()

    def close(self) -> None:
        """The workers are ordinary again. Idempotent."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        for worker in workers():
            if worker in self._changed:
                schedule(worker, *_ORDINARY)
        self._changed.clear()

    def _run(self) -> None:
        while not self._stop.wait(_EVERY_S):
            self._step()

    def _step(self) -> bool:
        ordinary = [worker for worker in workers() if _policy(worker) == os.SCHED_OTHER]
        first = [worker for worker in ordinary if schedule(worker, *_FIRST)]
        self._changed.update(first)
        return bool(self._changed)


def workers() -> Iterator[int]:
    """Process ids of the kernel's unbound workers; none in a container of its own."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            name = (folder / "comm").read_text()
        except OSError:  # it has ended
            continue
        if name.startswith(WORKERS):
            yield int(folder.name)


def schedule(worker: int, policy: int, priority: int) -> bool:
    """Whether that could be: not without the right to, nor when it has ended."""
    try:
        os.sched_setscheduler(worker, policy, os.sched_param(priority))
    except (PermissionError, ProcessLookupError):
        return False
    return True


def _policy(worker: int) -> int | None:
    try:
        return os.sched_getscheduler(worker)
    except ProcessLookupError:
        return None
