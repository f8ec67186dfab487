"""Events for a person: each told when it comes, and while it stays, seldom."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass

from drag_edge.adas.events import policy_of
from drag_edge.config.root import Settings
from drag_edge.config.service import LogSettings
from drag_edge.events import Event

log = logging.getLogger("drag_edge.events")

# Answers to a person who saved a file, and who saves the next one within seconds.
_ACTS = frozenset({"settings_changed", "settings_need_restart", "settings_refused"})


@dataclass(slots=True)
class _Kind:
    """Lines of one event name in the window that began at since_s."""

    since_s: float
    lines: int = 0


class EventLog:
    """Writes events to the log, with fields for the journal.

    One that repeats is told again after `again_s` with its count, and of one name at most `burst`
    lines in that time; what was held back is told then even if it came only once more, so that the
    last line is how it is. A person's own acts are answered at once. Events that change the mode,
    forbid something or raise an alert are warnings, others are information.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        """settings: None tells as often as by default, and knows no camera or model by name."""
        self._settings = LogSettings()
        self._cameras: frozenset[str] = frozenset()
        self._models: frozenset[str] = frozenset()
        if settings is not None:
            self.tune(settings)
        self._told_s: dict[tuple[str, str], float] = {}
        self._held: dict[tuple[str, str], Event] = {}
        self._untold: dict[tuple[str, str], int] = {}
        self._kinds: dict[str, _Kind] = {}

    def tune(self, settings: Settings) -> None:
        """Changed settings."""
        self._settings = settings.service.log
        self._cameras = frozenset(settings.cameras)
        self._models = frozenset(settings.models)

    def write(self, events: Iterable[Event], now_s: float) -> None:
        """Tell what is new, and of what was held back the last word once its time has come."""
        for event in events:
            key = (event.name, event.source)
            repeats = event.name not in _ACTS and self._is_recent(self._told_s.get(key), now_s)
            if repeats or self._is_too_much(event.name, now_s):
                self._held[key] = event
                self._untold[key] = self._untold.get(key, 0) + 1
                continue
            self._held.pop(key, None)
            self._tell(event, self._untold.pop(key, 0), now_s)
        for key, event in list(self._held.items()):
            if self._is_recent(self._told_s.get(key), now_s):
                continue
            if not self._is_too_much(event.name, now_s):
                del self._held[key]
                self._tell(event, self._untold.pop(key) - 1, now_s)

    def _is_recent(self, since_s: float | None, time_s: float) -> bool:
        # A clock that went back must not silence anything.
        return since_s is not None and 0 <= time_s - since_s < self._settings.again_s

    def _is_too_much(self, name: str, now_s: float) -> bool:
        kind = self._kinds.get(name)
        if kind is None or not self._is_recent(kind.since_s, now_s):
            self._kinds[name] = kind = _Kind(now_s)
        kind.lines += 1
        return kind.lines > self._settings.burst

    def _tell(self, event: Event, repeated: int, now_s: float) -> None:
        self._told_s[event.name, event.source] = now_s
        policy = policy_of(event.name)
        matters = policy.mode is not None or policy.alert is not None or bool(policy.forbids)
        again = f" (and {repeated} times since it was last told)" if repeated else ""
        log.log(
            logging.WARNING if matters else logging.INFO,
            "%s: %s: %s%s",
            event.name,
            event.source,
            event.detail,
            again,
            extra={"fields": self._fields(event)},
        )

    def _fields(self, event: Event) -> dict[str, str]:
        fields = {"EVENT": event.name, "SOURCE": event.source}
        if event.source in self._cameras:
            fields["CAMERA"] = event.source
        if event.source in self._models:
            fields["MODEL"] = event.source
        return fields
