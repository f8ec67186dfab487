"""Every frame, sent and received, in a file: candump (.log), Vector's .asc or .blf."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import can

from drag_edge.clock import Clock, Periodic
from drag_edge.errors import CannotCreateError
from drag_edge.events import Event
from drag_edge.vehicle.spool import Spool

_MOST_WAITING_BYTES = 16 * 1024 * 1024
_SHORT_BYTES = 256 * 1024  # some seconds of a busy bus, in any of the formats
_BLF_CONTAINER_BYTES = 16 * 1024  # about a second of a busy bus


class _Writer(Protocol):
    def on_message_received(self, msg: can.Message) -> None: ...

    def stop(self) -> None: ...


class FrameLog:
    """A log with the daemon's clock. A disk that refuses ends the log with one event, log_failed;
    the file then holds whole records, and nothing else stops. The log of the run before is kept
    beside it (drive.log → drive.previous.log): a restart must not destroy what led to it. Nor must
    many: one of a few seconds takes the place of a longer one in drive.short.log only."""

    def __init__(
        self,
        path: Path,
        channel: str,
        flush_s: float,
        clock: Clock,
        on_event: Callable[[Event], None],
    ) -> None:
        """Raises CannotCreateError when the file cannot be written."""
        self.failed = False
        self.frames = 0
        self._path = path
        self._channel = channel
        self._clock = clock
        self._on_event = on_event
        self._closed = False
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _keep_previous(path)
            self._spool = Spool(path, _MOST_WAITING_BYTES)
        except OSError as error:
            raise CannotCreateError(
                f"CAN log {path} cannot be written: {error.strerror}. "
                "What to do: choose another vehicle.can.log, or leave it out"
            ) from error
        self._writer = _writer_for(path, self._spool, channel)
        self._flushing: Periodic = clock.every(flush_s, self._flush, "can-log")

    def write(self, message: can.Message, received: bool, now_s: float) -> None:
        """Log one frame at the daemon's time."""
        copy = can.Message(
            timestamp=now_s,
            arbitration_id=message.arbitration_id,
            is_extended_id=message.is_extended_id,
            is_remote_frame=message.is_remote_frame,
            is_error_frame=message.is_error_frame,
            is_fd=message.is_fd,
            dlc=message.dlc,
            data=message.data,
            is_rx=received,
        )
        with self._lock:
            if self.failed or self._closed:
                return
            self._writer.on_message_received(copy)
            self.frames += 1
            self._mark(now_s)

    def close(self) -> None:
        """Finish the file and close it. Idempotent."""
        self._flushing.stop()
        now_s = self._clock.now_s()
        with self._lock:
            if self._closed:
                return
            self._closed = True
            if not self.failed:
                self._writer.stop()
                self._mark(now_s)
        self._flush(now_s)
        self._spool.close_file()

    def _flush(self, now_s: float) -> None:
        if self.failed:
            return
        try:
            self._spool.drain()
        except OSError as error:
            with self._lock:
                self._fail(error, now_s)

    def _mark(self, now_s: float) -> None:
        try:
            self._spool.mark()
        except OSError as error:
            self._fail(error, now_s)

    def _fail(self, error: OSError, now_s: float) -> None:
        self.failed = True
        detail = f"{self._path}: {error.strerror or error}; logging stopped"
        self._on_event(Event("log_failed", self._channel, detail, now_s))


def _keep_previous(path: Path) -> None:
    if not path.is_file() or path.is_symlink() or path.stat().st_size == 0:
        return
    size_bytes, previous = path.stat().st_size, _beside(path, "previous")
    longer = previous.is_file() and previous.stat().st_size > size_bytes
    keep = _beside(path, "short") if longer and size_bytes < _SHORT_BYTES else previous
    path.replace(keep)


def _beside(path: Path, name: str) -> Path:
    """drive.log → drive.name.log."""
    return path.with_name(f"{path.stem}.{name}{path.suffix}")


def _writer_for(path: Path, spool: Spool, channel: str) -> _Writer:
    kind = path.suffix.lower()
    if kind == ".asc":
        writer: _Writer = can.ASCWriter(spool)
    elif kind == ".blf":
        writer = can.BLFWriter(spool, max_container_size=_BLF_CONTAINER_BYTES)
    else:
        writer = can.CanutilsLogWriter(spool, channel=channel.replace(" ", "_"))
    return writer
