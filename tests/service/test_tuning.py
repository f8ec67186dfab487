"""Which half of a changed file a running daemon takes, and in which order."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from drag_edge.assemble import assembled
from drag_edge.config.load import load
from drag_edge.config.reach import Reach
from drag_edge.config.root import Settings
from drag_edge.config.rules import broken_rules
from drag_edge.perception.calibration import Calibration
from drag_edge.perception.calibration_store import CalibrationStore
from drag_edge.tuning import MODELS_IN_ORDER, plan_change
from tests.config.helpers import VALID, write
from tests.drive.drives import CONFIGS, simulated


def settings_of(folder: Path, *changes: tuple[str, str]) -> Settings:
    """VALID with some of its text changed."""
    text = VALID
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return load(write(folder, text))


def test_a_model_waits_with_the_camera_that_it_is_to_look_at(tmp_path: Path) -> None:
    old = settings_of(tmp_path)
    new = settings_of(tmp_path, ("front:", "fwd:"), ("[front]", "[fwd]\n    confidence: 0.7"))
    change = plan_change(old, new)
    assert change.taken == {}
    assert set(change.left) == {
        "cameras.front", "cameras.fwd", "models.road.cameras", "models.road.confidence",
    }  # fmt: skip
    assert change.settings == old
    assert plan_change(old, old).left == ()


def test_a_model_that_comes_with_a_new_camera_waits_and_the_others_do_not(tmp_path: Path) -> None:
    old = settings_of(tmp_path)
    extra = "[front]\n    confidence: 0.7\n  side: {file: road.onnx, cameras: [front, left]}"
    left = (
        "  left:\n    source: sim://highway\n    role: left\n    mount: {x: 1, z: 1}\n"
        "    intrinsics: {width: 64, height: 48, fx: 50, fy: 50, cx: 32, cy: 24}\nmodels:"
    )
    change = plan_change(old, settings_of(tmp_path, ("models:", left), ("[front]", extra)))
    assert set(change.taken) == {"models.road.confidence"}
    assert set(change.left) == {"cameras.left", "models.side"}
    assert broken_rules(change.settings) == []


def test_models_in_another_order_run_in_it_and_are_told(tmp_path: Path) -> None:
    side = ("[front]", "[front]\n  side: {file: road.onnx, cameras: [front]}")
    old = settings_of(tmp_path, side)
    models = {name: old.models[name] for name in ("side", "road")}
    new = old.model_copy(update={"models": models})
    change = plan_change(old, new)
    assert dict(change.taken) == {MODELS_IN_ORDER: Reach.LIVE}
    assert list(change.settings.models) == ["side", "road"]
    assert plan_change(new, new).taken == {}
    # One that comes first is told by its own name.
    assert dict(plan_change(settings_of(tmp_path), new).taken) == {"models.side": Reach.MODEL}
    with assembled(old, headless=True) as (daemon, _):
        daemon.tune(change)
        assert list(daemon.parts.pool.stats()) == ["side", "road"]


@pytest.mark.parametrize("change_first", [True, False])
def test_a_calibration_is_never_saved_under_a_mount_that_it_was_not_learned_with(
    tmp_path: Path, change_first: bool
) -> None:
    """Whenever the thread that saves comes: here the mount changes while it asks for it."""
    folder = tmp_path / "calibration"
    drive = [*simulated("highway", tmp_path), f"perception.calibration.folder={folder}"]
    old = load(CONFIGS / "demo.yaml", drive)
    new = load(CONFIGS / "demo.yaml", [*drive, "cameras.front.mount.z=1.4"])
    mounts = {name: camera.mount for name, camera in old.cameras.items()}
    known = {"front": Calibration(0.01, 0.0, 3)}
    before = CalibrationStore(folder, mounts, lambda: 0.0, lambda event: None)
    before.save(lambda: known)
    with assembled(old, headless=True) as (daemon, _):
        store, perception = daemon.parts.calibrations, daemon.parts.perception
        assert store is not None
        assert perception.calibrations() == known

        def learned() -> Mapping[str, Calibration]:
            found = {} if change_first else perception.calibrations()
            daemon.tune(plan_change(old, new))
            return perception.calibrations() if change_first else found

        store.save(learned)
        store.save(perception.calibrations)
    assert before.load() == known
