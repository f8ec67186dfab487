"""The build itself, in a process of its own: a kernel that hangs can only be left with its process.

stdin: the options as a line of JSON. stdout: a JSON object a line,
see `messages.py`. Everything else goes to stderr.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time
from typing import TextIO

from pydantic import TypeAdapter

from drag_edge.errors import DragEdgeError
from drag_edge.inference.building.builder import build_here
from drag_edge.inference.building.compile import Hooks
from drag_edge.inference.building.messages import Message, write
from drag_edge.inference.building.options import BuildOptions
from drag_edge.inference.building.tactics import parse_tactic

_EVERY_S = 1.0
_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def main() -> int:
    """Build; the exit code says nothing that the messages do not."""
    _end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # an exception must not pass through TensorRT
    # Whatever prints, a library's C code too, must not mix with the messages.
    messages = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)
    options = TypeAdapter(BuildOptions).validate_json(sys.stdin.readline())
    speaker = _Speaker(messages)
    try:
        hooks = Hooks(on_log=speaker.log, on_tactics=speaker.tactics)
        sidecar = build_here(options, speaker.say, hooks=hooks)
    except DragEdgeError as error:
        speaker.tell(Message("failed", str(error), type(error).__name__))
        return error.exit_code
    speaker.tell(Message("built", sidecar.as_text()))
    return 0


class _Speaker:
    """Writes messages, from whichever thread."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()
        self._trying = False
        self._heard_s = 0.0

    def tell(self, message: Message) -> None:
        with self._lock:
            write(self._stream, message)

    def say(self, line: str) -> None:
        self.tell(Message("say", line))

    def tactics(self, file: str) -> None:
        self.tell(Message("tactics", file))

    def log(self, severity: str, line: str) -> None:
        """Before a kernel runs its name must be out; after it, that it came back.

        The rest shows that TensorRT lives: thousands of lines, of which one a second will do.
        """
        trying = parse_tactic(line) is not None
        now_s = time.monotonic()
        if not trying and not self._trying and now_s - self._heard_s < _EVERY_S:
            return
        self._trying = trying
        self._heard_s = now_s
        self.tell(Message("trying", line) if trying else Message("log", line[:300], severity))


def _end_with_parent() -> None:
    """Whatever ends the parent ends this process too, a kernel that hangs or not (Linux)."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
