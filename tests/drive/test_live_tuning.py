"""Settings that change while the daemon drives: taken between two frames, by everything."""

from __future__ import annotations

import functools
import gc
import json
import types
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from drag_edge.adas.decision import AccState, Mode
from drag_edge.assemble import assembled
from drag_edge.config.base import Section
from drag_edge.config.load import load
from drag_edge.config.monitor import DeviceSettings
from drag_edge.config.reach import Reach, reach_of
from drag_edge.config.root import Settings
from drag_edge.daemon import Daemon, Tick
from drag_edge.events import Event
from drag_edge.inference.results import Detections
from drag_edge.perception.calibration import Calibration
from drag_edge.service.device_watch import DeviceWatch
from drag_edge.tuning import plan_change
from tests.drive.drives import CONFIGS, simulated

LIGHT = ["models.signal.hz=0.1", "models.split.hz=0.1"]


@contextmanager
def driving(tmp_path: Path, *overrides: str, scenario: str = "highway") -> Iterator[Daemon]:
    settings = load(CONFIGS / "demo.yaml", [*simulated(scenario, tmp_path), *LIGHT, *overrides])
    with assembled(settings, headless=True) as (daemon, _):
        yield daemon


def ticks(daemon: Daemon, count: int) -> list[Tick]:
    return [daemon.tick(daemon.parts.feed.next()) for _ in range(count)]


def altered(value: Any, key: str, reach: Reach) -> Any:
    """The value with every leaf of this reach changed; not necessarily to something sensible."""
    if isinstance(value, Section):
        names = type(value).model_fields
        below = f"{key}." if key else ""
        return value.model_copy(
            update={n: altered(getattr(value, n), f"{below}{n}", reach) for n in names}
        )
    if isinstance(value, dict) and value and all(isinstance(v, Section) for v in value.values()):
        return {name: altered(one, f"{key}.{name}", reach) for name, one in value.items()}
    if reach_of(key) is not reach or isinstance(value, bool):
        return value
    if isinstance(value, (int, float)):
        return value + type(value)(1)
    return value


def sections(value: Any, key: str = "") -> Iterator[tuple[str, Section]]:
    """Every section of a configuration with its key."""
    if isinstance(value, Section):
        yield key, value
        for name in type(value).model_fields:
            yield from sections(getattr(value, name), f"{key}.{name}" if key else name)
    elif isinstance(value, dict):
        for name, one in value.items():
            yield from sections(one, f"{key}.{name}")


def reachable(root: object) -> Iterator[object]:
    """Everything that an object leads to, but for code and classes."""
    seen: set[int] = set()
    waiting: list[object] = [root]
    while waiting:
        one = waiting.pop()
        if id(one) in seen or isinstance(one, (type, types.ModuleType)):
            continue
        seen.add(id(one))
        yield one
        if isinstance(one, types.FunctionType):
            waiting += [cell.cell_contents for cell in one.__closure__ or ()]
        elif isinstance(one, types.MethodType):
            waiting += [one.__self__]
        elif isinstance(one, functools.partial):
            waiting += [one.func, one.args, one.keywords]
        else:
            waiting += gc.get_referents(one)


def test_nothing_holds_an_old_value_after_a_live_change(tmp_path: Path) -> None:
    """The property behind the table: what it calls live reaches everything that the loop uses."""
    with driving(tmp_path) as daemon:
        old = daemon.settings
        new = altered(old, "", Reach.LIVE)
        changed = {
            id(section): key
            for (key, section), (_, other) in zip(sections(old), sections(new), strict=True)
            if key.startswith(("adas", "perception", "run", "service.log", "models"))
            and section != other
        }
        assert len(changed) > 25
        before = {changed[id(one)] for one in reachable(daemon) if id(one) in changed}
        assert {
            "adas",
            "perception.lanes",
            "perception.blind_spot",
        } <= before  # the walk finds them
        change = plan_change(old, new)
        daemon.tune(change)
        # The settings as a whole are handed from hand to hand in `change` and here.
        held = {changed[id(one)] for one in reachable(daemon) if id(one) in changed}
        assert held == set()


def test_the_drive_goes_on_as_if_nothing_had_been_when_nothing_changes(tmp_path: Path) -> None:
    """To the bit: tracks, lanes, memories and counters survive a change."""

    def decisions(change_at: int | None) -> list[Any]:
        with driving(tmp_path, scenario="cut-in") as daemon:
            made = []
            for count in range(36):
                if count == change_at:
                    new = load(CONFIGS / "demo.yaml", [
                        *simulated("cut-in", tmp_path), *LIGHT, "adas.apa.mode=off",
                        "perception.lights.min_score=0.9", "display.units=mph",
                    ])  # fmt: skip
                    change = plan_change(daemon.settings, new)
                    assert len(change.taken) == 3
                    assert not change.left
                    daemon.tune(change)
                made += [tick.decision for tick in ticks(daemon, 1)]
            return [(d.acc, d.lka, d.aeb, d.bsd, d.mode, d.alerts) for d in made]

    assert decisions(None) == decisions(18)


def test_a_longer_time_gap_is_kept_within_the_very_next_frame(tmp_path: Path) -> None:
    with driving(tmp_path) as daemon:
        ticks(daemon, 36)
        state = daemon._adas_state
        assert state.acc_state in (AccState.SPEED, AccState.FOLLOW)
        samples = daemon.summary.samples
        new = load(
            CONFIGS / "demo.yaml",
            [*simulated("highway", tmp_path), *LIGHT, "adas.acc.time_gaps_s=[1.9, 2.2, 2.5]"],
        )
        daemon.tune(plan_change(daemon.settings, new))
        (after,) = ticks(daemon, 1)
        assert daemon.summary.samples == samples + 1  # no frame was left out
        assert after.decision.acc.state is state.acc_state
        assert after.decision.mode is Mode.ACTIVE
        assert daemon.settings.adas.acc.time_gaps_s == (1.9, 2.2, 2.5)


def test_only_the_model_that_changed_is_loaded_again(tmp_path: Path) -> None:
    with driving(tmp_path) as daemon:
        ticks(daemon, 2)
        before = dict(daemon.parts.pool.models())
        new = load(
            CONFIGS / "demo.yaml",
            [
                *simulated("highway", tmp_path),
                *LIGHT,
                "models.road.threads=1",
                "models.objects.hz=5",
            ],
        )
        change = plan_change(daemon.settings, new)
        assert dict(change.taken) == {
            "models.road.threads": Reach.MODEL, "models.objects.hz": Reach.LIVE,
        }  # fmt: skip
        daemon.tune(change)
        ticks(daemon, 1)
        after = daemon.parts.pool.models()
        assert after["road"] is not before["road"]
        assert after["objects"] is before["objects"]


def test_a_model_that_goes_takes_its_fault_with_it_and_one_that_comes_runs(tmp_path: Path) -> None:
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"no network")
    drive = [*simulated("highway", tmp_path), *LIGHT]
    with driving(tmp_path, f"models.broken={{file: {broken}}}") as daemon:
        ticks(daemon, 3)
        held = {fault.name for fault in daemon._adas_state.monitor.faults}
        assert "model_failed" in held
        daemon.tune(plan_change(daemon.settings, load(CONFIGS / "demo.yaml", drive)))
        ticks(daemon, 2)
        assert "broken" not in daemon.parts.pool.stats()
        held = {fault.name for fault in daemon._adas_state.monitor.faults}
        assert "model_failed" not in held
        extra = f"models.late={{file: {CONFIGS.parent}/engines/demo/split.onnx}}"
        daemon.tune(plan_change(daemon.settings, load(CONFIGS / "demo.yaml", [*drive, extra])))
        ticks(daemon, 1)
        assert daemon.parts.pool.stats()["late"].count >= 1


def test_a_moved_camera_is_seen_anew_and_its_geometry_is_the_new_one(tmp_path: Path) -> None:
    with driving(tmp_path) as daemon:
        ticks(daemon, 20)
        assert ticks(daemon, 1)[0].scene.tracks
        new = load(
            CONFIGS / "demo.yaml",
            [*simulated("highway", tmp_path), *LIGHT, "cameras.front.mount.z=1.35"],
        )
        change = plan_change(daemon.settings, new)
        assert change.of(Reach.VIEW) == ("cameras.front.mount.z",)
        daemon.tune(change)
        assert ticks(daemon, 1)[0].scene.tracks == ()  # nobody is confirmed yet
        assert ticks(daemon, 20)[-1].scene.tracks


@pytest.mark.parametrize(
    ("before", "after", "taken"),
    [("on", "off", True), ("off", "on", False)],
)
def test_actuation_ends_at_once_and_begins_only_with_a_start(
    tmp_path: Path, before: str, after: str, taken: bool
) -> None:
    with driving(tmp_path, f"adas.actuation={before}") as daemon:
        drive = [*simulated("highway", tmp_path), *LIGHT]
        new = load(CONFIGS / "demo.yaml", [*drive, f"adas.actuation={after}"])
        change = plan_change(daemon.settings, new)
        assert ("adas.actuation" in change.taken) is taken
        assert ("adas.actuation" in change.left) is not taken
        daemon.tune(change)
        assert ticks(daemon, 1)[0].command.actuation is False


def test_what_waits_for_a_start_is_named_again_until_it_comes(tmp_path: Path) -> None:
    with driving(tmp_path) as daemon:
        new = load(CONFIGS / "demo.yaml", [
            *simulated("highway", tmp_path), *LIGHT, "run.seed=7", "cameras.left.role=rear",
            "cameras.left.source=sim://highway", "run.pace=1",
        ])  # fmt: skip
        for _ in range(2):
            change = plan_change(daemon.settings, new)
            assert set(change.left) == {
                "run.seed", "run.pace", "cameras.left.role", "cameras.left.source",
            }  # fmt: skip
            daemon.tune(change)


def test_a_settings_object_is_never_half_taken(tmp_path: Path) -> None:
    """What holds after a change passes the same checks as a file does."""
    with driving(tmp_path) as daemon:
        new = load(
            CONFIGS / "demo.yaml",
            [*simulated("highway", tmp_path), *LIGHT, "run.seed=7", "adas.acc.time_gaps_s=[1,2,3]"],
        )
        change = plan_change(daemon.settings, new)
        assert Settings.model_validate(change.settings.model_dump()) == change.settings


def test_a_models_threshold_changes_without_loading_it(tmp_path: Path) -> None:
    with driving(tmp_path, scenario="cut-in") as daemon:
        ticks(daemon, 3)
        before = daemon.parts.pool.models()["objects"]
        new = load(CONFIGS / "demo.yaml", [
            *simulated("cut-in", tmp_path), *LIGHT, "models.objects.confidence=0.5",
            "models.objects.max_detections=1",
        ])  # fmt: skip
        daemon.tune(plan_change(daemon.settings, new))
        (tick,) = ticks(daemon, 1)
        assert daemon.parts.pool.models()["objects"] is before
        found = tick.perceived["front"].results["objects"]
        assert isinstance(found, Detections)
        assert len(found.scores) == 1
        assert found.scores[0] >= 0.5


def test_what_was_learned_of_a_moved_camera_is_kept_with_its_new_place(tmp_path: Path) -> None:
    folder = tmp_path / "calibration"
    keep = f"perception.calibration.folder={folder}"
    drive = [*simulated("highway", tmp_path), *LIGHT, keep]
    with driving(tmp_path, keep) as daemon:
        store = daemon.parts.calibrations
        assert store is not None
        store.save(lambda: {"front": Calibration(0.01, 0.0, 3)})
        moved = load(CONFIGS / "demo.yaml", [*drive, "cameras.front.mount.z=1.4"])
        daemon.tune(plan_change(daemon.settings, moved))
        store.save(lambda: {"front": Calibration(0.01, 0.0, 3)})
        written = json.loads((folder / "front.json").read_text())
        assert written["mount"]["z"] == 1.4


def test_heat_is_judged_by_the_new_margin() -> None:
    def never(_: Event) -> None:
        raise AssertionError

    watch = DeviceWatch(DeviceSettings(), never, Path("/nothing/here"))
    watch.tune(DeviceSettings(hot_margin_degc=20.0))
    assert DeviceSettings(hot_margin_degc=20.0) in list(reachable(watch))


def test_a_notice_is_told_on_the_picture_for_its_time(tmp_path: Path) -> None:
    with driving(tmp_path) as daemon:
        ticks(daemon, 1)
        daemon.tell("drive.yaml:12 refused", 0.2)
        assert daemon._instruments.status(daemon.stages).notice == "drive.yaml:12 refused"
        ticks(daemon, 12)
        assert daemon._instruments.status(daemon.stages).notice == ""


def test_a_refused_file_is_an_alert_that_changes_no_mode(tmp_path: Path) -> None:
    with driving(tmp_path) as daemon:
        before = ticks(daemon, 30)[-1].decision.mode
        now_s = daemon.parts.clock.now_s()
        daemon.parts.events.put(Event("settings_refused", "drive.yaml", "line 12", now_s))
        (tick,) = ticks(daemon, 1)
        assert [alert.name for alert in tick.decision.alerts] == ["settings_refused"]
        assert tick.decision.mode is before
        assert tick.decision.acc.accel_mps2 is not None
