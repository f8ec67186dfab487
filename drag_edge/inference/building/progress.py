"""Signs of life during a build of minutes: which phase, how much of it, how long already."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any

EVERY_S = 10.0


class Progress:
    """Says a line every few seconds between `with` and its end, from a thread of its own.

    on_line is called from that thread. The thread touches nothing of the GPU.
    """

    def __init__(self, on_line: Callable[[str], None], every_s: float = EVERY_S) -> None:
        self._on_line = on_line
        self._every_s = every_s
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._speak, name="build progress", daemon=True)
        self._started_s = time.monotonic()
        self._phases: dict[str, tuple[int, int]] = {}  # the outermost: name → done, steps

    def __enter__(self) -> Progress:
        self._started_s = time.monotonic()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()

    def phase(self, name: str, steps: int) -> None:
        """An outermost phase begins."""
        self._phases[name] = (0, steps)

    def step(self, name: str) -> None:
        """A step of a phase is done; phases that were not announced do not count."""
        if name in self._phases:
            done, steps = self._phases[name]
            self._phases[name] = (done + 1, steps)

    def line(self) -> str:
        """How it stands."""
        elapsed_s = time.monotonic() - self._started_s
        phases = [
            f"{name} {min(done / steps, 1):.0%}"
            for name, (done, steps) in tuple(self._phases.items())
            if steps > 0 and done < steps
        ]
        return ", ".join([f"building since {elapsed_s:.0f} s", *phases])

    def _speak(self) -> None:
        while not self._ended.wait(self._every_s):
            self._on_line(self.line())


def make_monitor(trt: Any, progress: Progress) -> Any:
    """A TensorRT IProgressMonitor (10 and newer) that tells `progress` of the outermost phases."""

    class Monitor(trt.IProgressMonitor):  # type: ignore[misc]
        """Called by TensorRT."""

        def __init__(self) -> None:
            trt.IProgressMonitor.__init__(self)

        def phase_start(self, phase_name: str, parent_phase: str | None, num_steps: int) -> None:
            """A phase begins."""
            if parent_phase is None:
                progress.phase(phase_name, num_steps)

        def step_complete(self, phase_name: str, step: int) -> bool:
            """Go on."""
            progress.step(phase_name)
            return True

        def phase_finish(self, phase_name: str) -> None:
            """What is finished shows by the next phase."""

    return Monitor()
