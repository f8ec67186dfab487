"""The event table, the monitor and the mode machine."""

from __future__ import annotations

import dataclasses

import pytest

from drag_edge.adas.alerts import ALERTS, AlertState, raise_alerts
from drag_edge.adas.decision import Mode
from drag_edge.adas.events import ALL, EVENTS, FORWARD, UNKNOWN_EVENT, Right
from drag_edge.adas.monitor import Health, MonitorState, watch
from drag_edge.adas.state import ModeState, next_mode, shown
from drag_edge.config.monitor import MonitorSettings
from drag_edge.events import Event
from drag_edge.perception.scene import Scene
from tests.adas import scenes

SETTINGS = MonitorSettings()


def event(name: str, source: str = "front", time_s: float = 0.0) -> Event:
    return Event(name, source, "for a test", time_s)


def run(
    reports: dict[float, list[Event]], until_s: float, scene: Scene | None = None
) -> list[tuple[float, Health]]:
    """The monitor's view every 50 ms; reports by time; scenes always fresh unless one is given."""
    state, seen = MonitorState(), []
    for step in range(round(until_s / 0.05) + 1):
        time_s = round(step * 0.05, 3)
        health, state = watch(
            scene or scenes.scene(time_s - 0.1), reports.get(time_s, []), SETTINGS, state, time_s
        )
        seen.append((time_s, health))
    return seen


def modes(healths: list[tuple[float, Health]]) -> list[Mode]:
    state, seen = ModeState(), []
    for time_s, health in healths:
        state = next_mode(health, SETTINGS, state, time_s)
        seen.append(state.mode)
    return seen


def test_every_alert_and_every_ending_event_of_the_table_exists() -> None:
    for name, policy in EVENTS.items():
        assert policy.alert is None or policy.alert in ALERTS, name
        assert policy.until is None or policy.until in EVENTS, name
        assert policy.mode in (None, Mode.DEGRADED, Mode.FALLBACK), name
        assert policy.hold_s > 0 or policy.mode is None, name


def test_a_fault_that_degrades_is_also_told() -> None:
    assert all(policy.alert for policy in EVENTS.values() if policy.mode is not None)


def test_without_faults_everybody_may_act() -> None:
    _, health = run({}, 0.0)[-1]
    assert health.mode is Mode.STANDBY
    assert health.forbids is Right.NONE
    assert health.ready


def test_an_unknown_name_is_loud_and_stops_control() -> None:
    _, health = run({0.0: [event("camera_on_fire")]}, 0.0)[-1]
    assert health.mode is Mode.DEGRADED
    assert health.forbids == Right.ACC | Right.LKA
    assert health.alerts == ("system_fault",)
    told = [one for one in health.events if one.name == UNKNOWN_EVENT]
    assert told[0].source == "camera_on_fire"
    assert "camera_on_fire" in health.reason


def test_a_lost_front_camera_takes_everything_but_the_mirrors_until_it_is_back() -> None:
    healths = run({0.5: [event("camera_lost")], 2.0: [event("camera_recovered")]}, until_s=2.5)
    forbidden = {time_s: health.forbids for time_s, health in healths}
    assert forbidden[0.45] is Right.NONE
    assert forbidden[0.5] == forbidden[1.95] == FORWARD
    assert forbidden[2.0] is Right.NONE


def test_the_recovery_of_another_source_ends_nothing() -> None:
    healths = run(
        {0.0: [event("model_failed", "road")], 0.5: [event("model_recovered", "objects")]}, 1.0
    )
    assert healths[-1][1].mode is Mode.DEGRADED


def test_a_lost_side_camera_takes_only_the_mirrors() -> None:
    _, health = run({0.0: [event("camera_lost", "left")]}, 0.2)[-1]
    assert health.forbids is Right.BSD
    assert health.mode is Mode.DEGRADED


def test_a_camera_of_unknown_role_is_taken_for_the_front_camera() -> None:
    _, health = run({0.0: [event("camera_frozen", "roof")]}, 0.2)[-1]
    assert health.forbids == FORWARD


def test_bus_off_is_a_fallback_without_actuation() -> None:
    _, health = run({0.0: [event("bus_off", "can0")]}, 3.0)[-1]
    assert health.mode is Mode.FALLBACK
    assert health.forbids == Right.ACC | Right.LKA | Right.AEB


def test_one_late_frame_is_nothing_a_second_of_them_degrades() -> None:
    one = run({0.0: [event("frame_late")]}, 0.2)
    assert one[-1][1].mode is Mode.STANDBY
    many = {round(step * 0.05, 3): [event("frame_late")] for step in range(40)}
    assert run(many, 0.9)[-1][1].mode is Mode.STANDBY
    assert run(many, 1.1)[-1][1].mode is Mode.DEGRADED


def test_a_scene_that_stays_behind_becomes_stale_within_300_ms() -> None:
    healths = run({}, 1.0, scene=scenes.scene(0.0))
    first = next(time_s for time_s, health in healths if health.forbids == ALL)
    assert 0.3 < first <= 0.35
    assert healths[-1][1].mode is Mode.FALLBACK
    assert "scene_stale" in healths[-1][1].reason


@pytest.mark.parametrize("jump_s", [-5.0, 5.0])
def test_a_jump_of_the_clock_is_named_and_over_within_a_second(jump_s: float) -> None:
    state, named = MonitorState(), []
    for step in range(40):
        time_s = 10.0 + step * 0.05 + (jump_s if step >= 10 else 0.0)
        health, state = watch(scenes.scene(time_s - 0.1), (), SETTINGS, state, time_s)
        named.append({one.name for one in health.events} & {"clock_jump", "loop_stalled"})
    assert named[10]
    assert not named[9]
    assert health.forbids is Right.NONE


def test_a_picture_from_the_future_is_a_jump_of_the_clock() -> None:
    health, _ = watch(scenes.scene(5.0), (), SETTINGS, MonitorState(), 0.0)
    assert "clock_jump" in health.reason


def test_an_unknown_speed_is_named_while_it_lasts() -> None:
    blind = scenes.scene(0.0, ego=scenes.ego(None))
    health, state = watch(blind, (), SETTINGS, MonitorState(), 0.1)
    assert health.forbids == FORWARD
    assert not health.ready
    health, _ = watch(scenes.scene(0.3), (), SETTINGS, state, 0.4)
    assert health.forbids is Right.NONE


def test_start_up_waits_for_inputs_but_not_for_ever() -> None:
    nothing = dataclasses.replace(scenes.scene(0.0), tracks=None, lanes=None)
    state = ModeState()
    for time_s in (0.0, 4.9):
        health, _ = watch(
            dataclasses.replace(nothing, time_s=time_s), (), SETTINGS, MonitorState(), time_s
        )
        state = next_mode(health, SETTINGS, state, time_s)
        assert state.mode is Mode.INIT
    late, _ = watch(dataclasses.replace(nothing, time_s=5.1), (), SETTINGS, MonitorState(), 5.1)
    assert next_mode(late, SETTINGS, state, 5.1).mode is Mode.DEGRADED
    ready, _ = watch(scenes.scene(4.9), (), SETTINGS, MonitorState(), 5.0)
    assert next_mode(ready, SETTINGS, state, 5.0).mode is Mode.STANDBY


def test_a_mode_worsens_at_once_and_improves_after_a_while_without_fault() -> None:
    healths = run({1.0: [event("bus_off", "can0")], 1.5: [event("bus_recovered", "can0")]}, 3.0)
    seen = dict(zip((time_s for time_s, _ in healths), modes(healths), strict=True))
    assert seen[0.95] is Mode.STANDBY
    assert seen[1.0] is Mode.FALLBACK
    assert seen[1.9] is Mode.FALLBACK  # recover_s after the last step with the fault
    assert seen[2.0] is Mode.STANDBY


def test_flicker_does_not_make_the_mode_flicker() -> None:
    flicker: dict[float, list[Event]] = {}
    for step in range(40):
        name = "bus_off" if step % 4 == 0 else "bus_recovered"
        flicker[round(step * 0.05, 3)] = [event(name, "can0")]
    seen = modes(run(flicker, 1.95))
    assert set(seen) == {Mode.FALLBACK}


def test_control_shows_as_active_only_when_nothing_is_wrong() -> None:
    assert shown(Mode.STANDBY, True) is Mode.ACTIVE
    assert shown(Mode.STANDBY, False) is Mode.STANDBY
    assert shown(Mode.DEGRADED, True) is Mode.DEGRADED
    assert shown(Mode.FALLBACK, True) is Mode.FALLBACK


def test_alerts_come_highest_priority_first_and_last_their_time() -> None:
    alerts, state = raise_alerts(["hands_off", "aeb_braking"], AlertState(), 0.0)
    assert [alert.name for alert in alerts] == ["aeb_braking", "hands_off"]
    alerts, state = raise_alerts([], state, 0.9)
    assert len(alerts) == 2
    alerts, state = raise_alerts([], state, 1.1)
    assert alerts == ()


def test_an_alert_does_not_outlive_a_clock_that_went_back() -> None:
    _, state = raise_alerts(["hands_off"], AlertState(), 1000.0)
    alerts, _ = raise_alerts([], state, 10.0)
    assert alerts == ()


def test_a_name_that_is_no_alert_is_our_own_mistake() -> None:
    with pytest.raises(KeyError):
        raise_alerts(["no_such_alert"], AlertState(), 0.0)
