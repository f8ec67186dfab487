"""The settings file, read again when somebody asks or when it changed; never on the loop's time."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path

from drag_edge.config.root import Settings
from drag_edge.config.service import ReloadSettings
from drag_edge.errors import SOFTWARE, DragEdgeError

_LOG = logging.getLogger(__name__)

# Inode, size, and the times of its content and of all about it: an editor that writes a new file
# and renames it changes the first, `cp --preserve` perhaps only the last.
Stamp = tuple[int, int, int, int]
Found = Settings | DragEdgeError


class SettingsFile:
    """Looks at a file every now and then, in a thread of its own; the loop takes what was read.

    stamp: the file's, from before the settings that hold now were read; whatever was saved since
    is a change. read: reads and judges it, raises DragEdgeError. on_reading: called before that.
    """

    def __init__(
        self,
        path: Path,
        stamp: Stamp | None,
        read: Callable[[], Settings],
        settings: ReloadSettings,
        on_reading: Callable[[], None],
    ) -> None:
        self.settings = settings
        self._path = path
        self._read = read
        self._on_reading = on_reading
        self._asked = threading.Event()
        self._stop = False
        self._found: Found | None = None
        self._watch = Watch(stamp)
        self._thread = threading.Thread(target=self._run, name="settings-file", daemon=True)
        self._thread.start()

    def ask(self) -> None:
        """Read it now; may be called by a signal's handler."""
        self._asked.set()

    def take(self) -> Found | None:
        """What was read since the last call: settings, or what is wrong with the file."""
        found, self._found = self._found, None
        return found

    def close(self) -> None:
        """Stop the thread."""
        self._stop = True
        self._asked.set()
        self._thread.join(timeout=2.0)

    def _run(self) -> None:
        while True:
            self._asked.wait(self.settings.period_s)
            if self._stop:
                return
            # Who asks from here on asks once more; nobody who asked before is forgotten.
            asked = self._asked.is_set()
            if asked:
                self._asked.clear()
            stamp = stamp_of(self._path)
            changed = self._watch.look(stamp, self.settings.settle_s, time.monotonic())
            if asked or (changed and self.settings.watch):
                self._watch = Watch(stamp)
                self._found = self._read_now()

    def _read_now(self) -> Found:
        self._on_reading()
        try:
            return self._read()
        except DragEdgeError as error:
            return error
        except Exception as error:  # noqa: BLE001 - a bug of ours must not end the watching
            _LOG.exception("%s could not be read", self._path)
            failure = DragEdgeError(f"{self._path}: {error}")
            failure.exit_code = SOFTWARE
            return failure


class Watch:
    """Whether a file is another than the one that was read, and has settled."""

    def __init__(self, stamp: Stamp | None) -> None:
        self._read = self._last = stamp
        self._since_s = float("-inf")

    def look(self, stamp: Stamp | None, settle_s: float, now_s: float) -> bool:
        """True once a change has stayed for settle_s. None: there is no file just now."""
        if stamp != self._last:
            self._last, self._since_s = stamp, now_s
        return stamp not in (None, self._read) and now_s - self._since_s >= settle_s


def stamp_of(path: Path) -> Stamp | None:
    """What changes with a file, None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
