"""Whether this machine has a Jetson's hardware decoder, as GStreamer elements."""

from __future__ import annotations

import logging
import shutil
import subprocess
import threading
from functools import cache

log = logging.getLogger(__name__)

# The first call on a machine looks through all of GStreamer's plugins, which may take a minute.
_LIMIT_S = 120.0
_NEEDED = {
    "h264": ("rtspsrc", "rtph264depay", "h264parse", "nvv4l2decoder", "nvvidconv"),
    "h265": ("rtspsrc", "rtph265depay", "h265parse", "nvv4l2decoder", "nvvidconv"),
    "jpeg": ("v4l2src", "nvv4l2decoder", "nvvidconv"),
}


def jetson_decoder(codec: str, within_s: float) -> str:
    """Empty when every element for `codec` (h264, h265, jpeg) is there, else what is missing.

    GStreamer is asked once, and goes on being asked when it takes longer than within_s: whoever
    asks later hears what it said.
    """
    return _inspection(codec).told(within_s)


@cache
def _inspection(codec: str) -> _Inspection:
    return _Inspection(_NEEDED[codec])


class _Inspection:
    """Asks for elements in a thread of its own, again until it got an answer."""

    def __init__(self, elements: tuple[str, ...]) -> None:
        self._elements = elements
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._answer: str | None = None

    def told(self, within_s: float) -> str:
        with self._lock:
            if self._answer is None and (self._thread is None or not self._thread.is_alive()):
                self._thread = threading.Thread(target=self._ask, name="gst-inspect", daemon=True)
                self._thread.start()
            thread = self._thread
        if self._answer is None and thread is not None:
            thread.join(within_s)
        if self._answer is None:
            log.warning("GStreamer does not say what it has: decoding in software meanwhile")
            return "GStreamer has not said yet what it has"
        return self._answer

    def _ask(self) -> None:
        inspect = shutil.which("gst-inspect-1.0")
        if inspect is None:
            self._answer = "gst-inspect-1.0 is not installed (gstreamer1.0-tools)"
            return
        try:
            missing = [element for element in self._elements if not _exists(inspect, element)]
        except (OSError, subprocess.TimeoutExpired) as error:
            log.warning("it cannot be told whether there is a hardware decoder: %s", error)
            return
        self._answer = f"GStreamer has no {', '.join(missing)}" if missing else ""


def _exists(inspect: str, element: str) -> bool:
    done = subprocess.run(
        [inspect, "--exists", element], capture_output=True, timeout=_LIMIT_S, check=False
    )
    return done.returncode == 0
