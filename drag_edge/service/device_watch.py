"""Heat and power of the computer itself, from sysfs: hot, throttled by heat, throttled by power.

Linux tells temperatures and trip points in class/thermal, and there also which cooling devices are
at work; a Jetson counts in class/hwmon how often its over-current alarm cut the clocks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from drag_edge.config.monitor import DeviceSettings
from drag_edge.events import Event

# Cooling devices that slow the computer down; the others are fans.
_SLOWS = re.compile(r"cpufreq|devfreq|throttle|processor", re.IGNORECASE)
_THROTTLING_TRIPS = ("passive", "hot")


class DeviceWatch:
    """Stepped seldom, off the loop's path. root: where sysfs is.

    Events, again in each step while they hold: device_hot (source: the zone), device_throttled
    (source: the cooling device or the alarm). A computer that tells nothing gives none.
    """

    def __init__(
        self, settings: DeviceSettings, on_event: Callable[[Event], None], root: Path = Path("/sys")
    ) -> None:
        self._settings = settings
        self._on_event = on_event
        self._zones = sorted(root.glob("class/thermal/thermal_zone*"))
        self._coolers = sorted(root.glob("class/thermal/cooling_device*"))
        self._alarms = sorted(root.glob("class/hwmon/hwmon*/oc*_event_cnt"))
        self._trips_degc = {zone: _throttles_at_degc(zone) for zone in self._zones}
        self._counts = {alarm: _number(alarm) for alarm in self._alarms}

    def tune(self, settings: DeviceSettings) -> None:
        """Changed settings, from the next step on."""
        self._settings = settings

    def step(self, now_s: float) -> None:
        """Ask everything once; what cannot be read says nothing."""
        for name, source, detail in (*self._hot(), *self._slowed(), *self._cut()):
            self._on_event(Event(name, source, detail, now_s))

    def _hot(self) -> Iterator[tuple[str, str, str]]:
        for zone in self._zones:
            trip_degc, millidegrees = self._trips_degc[zone], _number(zone / "temp")
            if trip_degc is None or millidegrees is None:
                continue
            if millidegrees / 1000 >= trip_degc - self._settings.hot_margin_degc:
                detail = f"{millidegrees / 1000:.0f} °C, throttles at {trip_degc:.0f} °C"
                yield "device_hot", _text(zone / "type") or zone.name, detail

    def _slowed(self) -> Iterator[tuple[str, str, str]]:
        for cooler in self._coolers:
            kind, state = _text(cooler / "type") or "", _number(cooler / "cur_state")
            if _SLOWS.search(kind) and state:
                yield "device_throttled", kind, f"slowed down by heat, step {state}"

    def _cut(self) -> Iterator[tuple[str, str, str]]:
        for alarm in self._alarms:
            before, count = self._counts[alarm], _number(alarm)
            self._counts[alarm] = count
            if before is not None and count is not None and count > before:
                yield (
                    "device_throttled",
                    alarm.name.removesuffix("_event_cnt"),
                    (f"the power alarm cut the clocks {count - before} times"),
                )


def _throttles_at_degc(zone: Path) -> float | None:
    """The lowest temperature at which the zone throttles; None where it does not tell."""
    trips = []
    for kind in sorted(zone.glob("trip_point_*_type")):
        millidegrees = _number(kind.with_name(kind.name.replace("_type", "_temp")))
        # 0 and below are trip points that are not in use.
        if _text(kind) in _THROTTLING_TRIPS and millidegrees is not None and millidegrees > 0:
            trips.append(millidegrees / 1000)
    return min(trips, default=None)


def _text(file: Path) -> str | None:
    try:
        return file.read_text().strip()
    except (OSError, UnicodeDecodeError):  # a zone that is switched off answers with an error
        return None


def _number(file: Path) -> int | None:
    try:
        return int(_text(file) or "")
    except ValueError:
        return None
