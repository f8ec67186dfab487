"""A file that only ever holds whole records, written by one thread and filled by others."""

from __future__ import annotations

import os
import threading
from pathlib import Path


class SpoolOverflowError(OSError):
    """The disk is slower than what is to be written."""


class Spool:
    """Looks like a file to python-can's log writers, but keeps what they write in memory until
    `drain` puts it on the disk: formatting a frame never waits for a disk.

    Whoever writes calls `mark` after each whole record; `drain` writes up to the last mark. When
    the disk refuses, the file is cut back to its last whole record and `drain` raises OSError.
    """

    closed = False

    def __init__(self, path: Path, most_bytes: int) -> None:
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        self._most_bytes = most_bytes
        self._lock = threading.Lock()
        self._position = 0
        self._open_record: list[tuple[int, bytes]] = []
        self._whole: list[tuple[int, bytes]] = []
        self._waiting_bytes = 0
        self._size = 0  # of the whole records on the disk

    def write(self, data: str | bytes) -> int:
        """Take a part of a record."""
        raw = data.encode() if isinstance(data, str) else bytes(data)
        self._open_record.append((self._position, raw))
        self._position += len(raw)
        return len(data)

    def read(self, _count: int = -1) -> bytes:
        """Only there because python-can tells files from paths by it."""
        raise OSError("a log is not read while it is written")

    def seek(self, position: int) -> int:
        """Continue at a position from the start (BLF rewrites its header at the end)."""
        self._position = position
        return position

    def seekable(self) -> bool:
        """Yes, until a special file refuses."""
        return True

    def tell(self) -> int:
        """Where the next write goes."""
        return self._position

    def flush(self) -> None:
        """Nothing: `drain` does."""

    def close(self) -> None:
        """What the writers call at their end; the file itself is closed by `close_file`."""

    def mark(self) -> None:
        """What was written so far is whole records. Raises SpoolOverflowError."""
        with self._lock:
            self._waiting_bytes += sum(len(raw) for _, raw in self._open_record)
            self._whole += self._open_record
            self._open_record = []
            overflow = self._waiting_bytes > self._most_bytes
        if overflow:
            raise SpoolOverflowError("the disk is slower than the bus")

    def drain(self) -> None:
        """Write the whole records. Raises OSError; the file then ends with its last whole one."""
        with self._lock:
            parts, self._whole, self._waiting_bytes = self._whole, [], 0
        try:
            for position, data in _joined(parts):
                self._write_at(position, data)
                self._size = max(self._size, position + len(data))
        except OSError:
            self._cut_back()
            raise

    def close_file(self) -> None:
        """Close the file. Idempotent."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _write_at(self, position: int, data: bytes) -> None:
        # Plain writes, not pwrite: devices such as /dev/full cannot seek.
        if position < self._size:
            os.pwrite(self._descriptor, data, position)
            return
        view = memoryview(data)
        while view:
            view = view[os.write(self._descriptor, view) :]

    def _cut_back(self) -> None:
        try:
            os.ftruncate(self._descriptor, self._size)
        except OSError:
            return  # not a regular file: there is nothing to cut


def _joined(parts: list[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
    """Neighbouring parts as one, so that a second of frames is one write."""
    joined: list[tuple[int, bytearray]] = []
    for position, data in parts:
        if joined and joined[-1][0] + len(joined[-1][1]) == position:
            joined[-1][1].extend(data)
        else:
            joined.append((position, bytearray(data)))
    return [(position, bytes(data)) for position, data in joined]
