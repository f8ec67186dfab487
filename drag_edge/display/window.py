"""The window on a screen, where there is one."""

from __future__ import annotations

import subprocess
import sys

import cv2

from drag_edge.display.sheet import Picture

TITLE = "drag_edge"
ESCAPE_KEY = 27
QUIT_KEYS = (ESCAPE_KEY, ord("q"))
PROBE_TIMEOUT_S = 15.0
# Without a screen some OpenCV builds end the whole process; so a child tries first.
PROBE = "import cv2; cv2.namedWindow('probe'); cv2.pollKey(); cv2.destroyAllWindows()"


def why_no_window() -> str | None:
    """None when a window can be opened here, else the reason in one line."""
    try:
        probe = subprocess.run(
            [sys.executable, "-c", PROBE],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PROBE_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"no window can be opened: {error}"
    if probe.returncode == 0:
        return None
    lines = [line.strip() for line in probe.stderr.splitlines() if line.strip()]
    told = next((line for line in lines if "display" in line.lower()), lines[-1] if lines else "")
    return f"no window can be opened here (is there a screen?): {told}"[:200]


class Window:
    """One window; `shown` turns False when a person closes it or presses Q or Escape."""

    def __init__(self) -> None:
        cv2.namedWindow(TITLE, cv2.WINDOW_NORMAL | cv2.WINDOW_KEEPRATIO)
        self._sized = False
        self.shown = True

    def show(self, picture: Picture) -> None:
        """Show the picture and handle keys; does not wait. Raises cv2.error."""
        if not self.shown:
            return
        if not self._sized:
            cv2.resizeWindow(TITLE, picture.shape[1], picture.shape[0])
            self._sized = True
        cv2.imshow(TITLE, picture)
        key = cv2.pollKey() & 0xFF
        closed = cv2.getWindowProperty(TITLE, cv2.WND_PROP_VISIBLE) < 1
        if key in QUIT_KEYS or closed:
            self.close()

    def close(self) -> None:
        """Close it. Idempotent."""
        if self.shown:
            self.shown = False
            cv2.destroyAllWindows()
