"""A recorded log put on the virtual bus at its own times, as if another ECU sent it."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from pathlib import Path

import can
from can.io.blf import BLFParseError

from drag_edge.config.vehicle import CanSettings
from drag_edge.errors import InputMissingError
from drag_edge.events import Event
from drag_edge.vehicle.adapters import VirtualAdapter

# What python-can's readers raise for a log that is not whole.
_DAMAGE = (
    BLFParseError,
    can.CanError,
    OSError,
    EOFError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    struct.error,
    zlib.error,
)


class DamagedLogError(InputMissingError):
    """A log that cannot be read on; `line` counts from 1, None in a binary log."""

    def __init__(self, path: Path, line: int | None, reason: str) -> None:
        place = str(path) if line is None else f"{path}:{line}"
        super().__init__(f"{place}: not a CAN log from here on: {reason}")
        self.line = line
        self.reason = reason


def read_frames(path: Path, channel: str | None = None) -> Generator[can.Message, None, None]:
    """The frames of others in a log, in order, read as they are asked for.

    channel: only those of this channel. Raises DamagedLogError where the log stops making sense,
    and when it holds no frame at all.
    """
    lines: _CountedLines | None = None
    found = False
    try:
        if path.suffix.lower() == ".blf":
            reader = can.BLFReader(path)
        else:
            lines = _CountedLines(path)
            kind = can.ASCReader if path.suffix.lower() == ".asc" else can.CanutilsLogReader
            reader = kind(lines)
        with reader:
            for frame in reader:
                found = True
                if frame.is_rx and channel in (None, str(frame.channel)):
                    yield frame
    except _DAMAGE as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise DamagedLogError(path, lines.number if lines else None, reason) from error
    finally:
        if lines is not None:
            lines.close()
    if not found:
        raise DamagedLogError(path, None, "it holds no frame")


def check_replay(settings: CanSettings) -> None:
    """Read the whole log that is to be replayed. Raises DamagedLogError."""
    if settings.replay is not None:
        frames = 0
        for _ in read_frames(settings.replay, settings.replay_channel):
            frames += 1
        if frames == 0:
            reason = f"no received frame of channel {settings.replay_channel}"
            raise DamagedLogError(settings.replay, None, reason)


def open_replay(
    settings: CanSettings, now_s: float, on_event: Callable[[Event], None]
) -> LogReplay | None:
    """The replay of the YAML, None when there is none. Raises DamagedLogError."""
    if settings.replay is None:
        return None
    return LogReplay(settings, settings.replay, now_s, on_event)


class LogReplay:
    """Sends each frame when it is due; the log's first frame is due at `now_s`.

    A log that turns out damaged on the way ends the replay with one event, can_receive_fault; at
    the log's end nothing more is sent. Either way the vehicle's signals then time out.
    """

    def __init__(
        self,
        settings: CanSettings,
        path: Path,
        now_s: float,
        on_event: Callable[[Event], None],
    ) -> None:
        """Raises DamagedLogError when not even the first frame can be read."""
        self.sent = 0
        self._on_event = on_event
        self._channel = settings.channel
        self._frames = read_frames(path, settings.replay_channel)
        self._next: can.Message | None = next(self._frames, None)
        first_s = self._next.timestamp if self._next else 0.0
        self._shift_s = now_s - first_s - settings.replay_start_s
        self._start_s = now_s
        self._bus = VirtualAdapter(settings.channel)

    @property
    def ended(self) -> bool:
        """Nothing more will be sent."""
        return self._next is None

    def step(self, now_s: float) -> None:
        """Send what is due."""
        while self._next is not None and self._next.timestamp + self._shift_s <= now_s + 1e-9:
            if self._next.timestamp + self._shift_s >= self._start_s - 1e-9:
                self._bus.send(self._next)
                self.sent += 1
            self._next = self._following(now_s)
        while self._bus.recv(timeout=0) is not None:  # what we send arrives here too, and nobody
            pass  # wants it: it would pile up for as long as the daemon runs

    def close(self) -> None:
        """Leave the bus. Idempotent."""
        self._frames.close()
        self._bus.shutdown()

    def _following(self, now_s: float) -> can.Message | None:
        try:
            return next(self._frames, None)
        except DamagedLogError as error:
            self._on_event(Event("can_receive_fault", self._channel, str(error), now_s))
            return None


class _CountedLines:
    """A text file that knows which line it is at; python-can's readers take it for a file."""

    def __init__(self, path: Path) -> None:
        self.number = 0
        self._file = path.open(encoding="utf-8", errors="strict")

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        self.number += 1
        return next(self._file)

    def readline(self) -> str:
        """The next line, empty at the end."""
        self.number += 1
        return self._file.readline()

    def read(self, _count: int = -1) -> str:
        """Only there because python-can tells files from paths by it."""
        raise OSError("a log is read line by line")

    write = read

    def close(self) -> None:
        """Close the file."""
        with suppress(OSError):
            self._file.close()
