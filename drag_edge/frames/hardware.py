"""Whether this machine has a Jetson's hardware decoder, as GStreamer elements."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache

_LIMIT_S = 5.0
_NEEDED = {
    "h264": ("rtspsrc", "rtph264depay", "h264parse", "nvv4l2decoder", "nvvidconv"),
    "h265": ("rtspsrc", "rtph265depay", "h265parse", "nvv4l2decoder", "nvvidconv"),
    "jpeg": ("v4l2src", "nvv4l2decoder", "nvvidconv"),
}


@cache
def jetson_decoder(codec: str) -> str:
    """Empty when every element for `codec` (h264, h265, jpeg) is there, else what is missing."""
    inspect = shutil.which("gst-inspect-1.0")
    if inspect is None:
        return "gst-inspect-1.0 is not installed (gstreamer1.0-tools)"
    missing = [element for element in _NEEDED[codec] if not _exists(inspect, element)]
    return f"GStreamer has no {', '.join(missing)}" if missing else ""


def _exists(inspect: str, element: str) -> bool:
    try:
        done = subprocess.run(
            [inspect, "--exists", element], capture_output=True, timeout=_LIMIT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
