"""What the daemon wrote: its events, and whatever has no name."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from drag_edge.adas.events import EVENTS, UNKNOWN_EVENT

_LINE = re.compile(r"(DEBUG|INFO|WARNING|ERROR|CRITICAL) ([\w.]+): (.*)")
_EVENT = re.compile(r"(\w+): (.*?): (.*)")
_EVENTS_LOGGER = "drag_edge.events"
# A traceback's own lines; its first one is enough, and its last says what it was.
_BROKEN = re.compile(
    r"Traceback \(most recent call last\)|Fatal Python error|^\w*(Error|Exception)\b"
)
# Each wrong key of a settings file has a line of its own beside the event settings_refused.
_ERRORS_WITH_A_NAME = ("settings refused: ",)


@dataclass(frozen=True, slots=True)
class Told:
    """An event, when its line came (monotonic)."""

    time_s: float
    name: str
    source: str
    detail: str


class Log:
    """Lines of the daemon's standard error, read by a thread as they come, copied to a file."""

    def __init__(self) -> None:
        self.events: list[Told] = []
        self.unnamed: list[str] = []
        self.foreign: Counter[str] = Counter()
        self._arrived = threading.Condition()

    def follow(self, stream: IO[str], copy: Path) -> threading.Thread:
        """Read until the stream ends."""

        def read() -> None:
            with copy.open("w") as file:
                for line in stream:
                    now_s = time.monotonic()
                    file.write(f"{now_s:.3f} {line}")
                    file.flush()
                    self.take(line.rstrip("\n"), now_s)

        thread = threading.Thread(target=read, name="log", daemon=True)
        thread.start()
        return thread

    def take(self, line: str, now_s: float) -> None:
        """One line that came now."""
        match = _LINE.fullmatch(line)
        if match is None:
            if _BROKEN.search(line):
                self.unnamed.append(line)
            elif line.strip():
                self.foreign[_without_numbers(line)] += 1
            return
        level, logger, text = match.groups()
        event = _EVENT.fullmatch(text) if logger == _EVENTS_LOGGER else None
        if event is not None:
            self._add(Told(now_s, *event.groups()))
        elif level in ("ERROR", "CRITICAL") and not text.startswith(_ERRORS_WITH_A_NAME):
            self.unnamed.append(line)

    def _add(self, told: Told) -> None:
        if told.name not in EVENTS or told.name == UNKNOWN_EVENT:
            self.unnamed.append(f"an event that no table knows: {told.name}: {told.detail}")
        with self._arrived:
            self.events.append(told)
            self._arrived.notify_all()

    def wait_for(
        self, wanted: Callable[[Told], bool], since_s: float, until_s: float
    ) -> Told | None:
        """The first such event from since_s on; waits until until_s."""
        with self._arrived:
            while True:
                found = first(self.events, wanted, since_s)
                wait_s = until_s - time.monotonic()
                if found is not None or wait_s <= 0:
                    return found
                self._arrived.wait(wait_s)


def first(events: Iterable[Told], wanted: Callable[[Told], bool], since_s: float) -> Told | None:
    """The first of the events that is wanted, from since_s on."""
    return next((one for one in events if one.time_s >= since_s and wanted(one)), None)


def _without_numbers(line: str) -> str:
    """So that lines that only differ in addresses and counts are one kind."""
    return re.sub(r"0x[0-9a-f]+|\d+", "#", line)[:160]
