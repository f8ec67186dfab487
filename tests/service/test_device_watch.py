"""Heat and power from a made-up sysfs."""

from __future__ import annotations

from pathlib import Path

import pytest

from drag_edge.adas.events import EVENTS
from drag_edge.config.monitor import DeviceSettings
from drag_edge.events import Event
from drag_edge.service.device_watch import DeviceWatch


@pytest.fixture
def sysfs(tmp_path: Path) -> Path:
    write(tmp_path, "class/thermal/thermal_zone0", type="cpu-thermal", temp="45000",
          trip_point_0_type="active", trip_point_0_temp="40000",
          trip_point_1_type="passive", trip_point_1_temp="99000",
          trip_point_2_type="critical", trip_point_2_temp="104500")  # fmt: skip
    write(tmp_path, "class/thermal/thermal_zone1", type="cv0-thermal", temp="",
          trip_point_0_type="passive", trip_point_0_temp="99000")  # fmt: skip
    write(tmp_path, "class/thermal/cooling_device0", type="pwm-fan", cur_state="3")
    write(tmp_path, "class/thermal/cooling_device1", type="cpu-throttle-alert", cur_state="0")
    write(tmp_path, "class/hwmon/hwmon3", oc1_event_cnt="7", oc3_event_cnt="0")
    return tmp_path


def write(root: Path, folder: str, **files: str) -> None:
    (root / folder).mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (root / folder / name).write_text(text + "\n")


def told(watch: DeviceWatch, events: list[Event]) -> list[tuple[str, str]]:
    events.clear()
    watch.step(1.0)
    assert {event.name for event in events} <= set(EVENTS)
    return [(event.name, event.source) for event in events]


def test_a_cool_computer_with_a_running_fan_says_nothing(sysfs: Path) -> None:
    events: list[Event] = []
    assert told(DeviceWatch(DeviceSettings(), events.append, sysfs), events) == []


def test_near_the_temperature_at_which_it_throttles_it_is_hot(sysfs: Path) -> None:
    events: list[Event] = []
    watch = DeviceWatch(DeviceSettings(), events.append, sysfs)
    write(sysfs, "class/thermal/thermal_zone0", temp="93900")
    assert told(watch, events) == []
    write(sysfs, "class/thermal/thermal_zone0", temp="94000")
    assert told(watch, events) == [("device_hot", "cpu-thermal")]
    assert events[0].detail == "94 °C, throttles at 99 °C"


def test_a_cooling_device_that_slows_it_down_is_told_while_it_does(sysfs: Path) -> None:
    events: list[Event] = []
    watch = DeviceWatch(DeviceSettings(), events.append, sysfs)
    write(sysfs, "class/thermal/cooling_device1", cur_state="2")
    assert told(watch, events) == [("device_throttled", "cpu-throttle-alert")]
    assert told(watch, events) == [("device_throttled", "cpu-throttle-alert")]
    write(sysfs, "class/thermal/cooling_device1", cur_state="0")
    assert told(watch, events) == []


def test_the_power_alarm_is_told_when_it_counts_on(sysfs: Path) -> None:
    events: list[Event] = []
    watch = DeviceWatch(DeviceSettings(), events.append, sysfs)
    write(sysfs, "class/hwmon/hwmon3", oc3_event_cnt="2")
    assert told(watch, events) == [("device_throttled", "oc3")]
    assert "2 times" in events[0].detail
    assert told(watch, events) == []


def test_a_computer_that_tells_nothing_or_nonsense_gives_no_event(tmp_path: Path) -> None:
    events: list[Event] = []
    assert told(DeviceWatch(DeviceSettings(), events.append, tmp_path), events) == []
    write(tmp_path, "class/thermal/thermal_zone0", type="x", temp="warm",
          trip_point_0_type="passive", trip_point_0_temp="-1")  # fmt: skip
    write(tmp_path, "class/thermal/cooling_device0", type="Processor", cur_state="-")
    assert told(DeviceWatch(DeviceSettings(), events.append, tmp_path), events) == []
