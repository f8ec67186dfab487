"""Changed settings for a daemon that runs: what can be taken between two frames is, and is told."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from drag_edge.config.diff import diff, merged
from drag_edge.config.reach import Reach, reach_of
from drag_edge.config.root import Settings
from drag_edge.frames.address import parse_address
from drag_edge.parts import Parts
from drag_edge.perception.camera import CameraModel

# Models run one after another as the YAML has them: that is no value of any key.
MODELS_IN_ORDER = "models (their order)"


@dataclass(frozen=True, slots=True)
class Change:
    """What became of a changed file. settings: those that hold now. taken, left: dotted keys, and
    MODELS_IN_ORDER."""

    settings: Settings
    taken: Mapping[str, Reach]
    left: tuple[str, ...]

    def of(self, reach: Reach) -> tuple[str, ...]:
        """The keys that were taken in this way."""
        return tuple(key for key, found in self.taken.items() if found is reach)


def plan_change(old: Settings, new: Settings) -> Change:
    """What of `new` a running daemon with `old` can take, and what waits for the next start."""
    taken: dict[str, Reach] = {}
    left = []
    for key in diff(old, new):
        reach = _reach(key, old, new)
        if reach is Reach.PROCESS:
            left.append(key)
        else:
            taken[key] = reach
    settings = merged(old, new, taken.__contains__)
    if _order(old.models, settings.models) != _order(settings.models, old.models):
        taken[MODELS_IN_ORDER] = Reach.LIVE
    return Change(settings, taken, tuple(left))


def take(change: Change, parts: Parts) -> None:
    """Give each part what concerns it. Called between two frames by the thread that owns them."""
    settings = change.settings
    for name in {key.split(".")[1] for key in change.of(Reach.CAMERA)}:
        parts.feed.reopen(name, settings.cameras[name])
    if parts.device is not None:
        parts.device.tune(settings.adas.monitor.device)
    monitor, timeout_s = settings.adas.monitor, settings.run.frame_timeout_s
    parts.watch.tune(settings.cameras, monitor, timeout_s)
    if any(key == MODELS_IN_ORDER or key.startswith("models.") for key in change.taken):
        parts.pool.tune(settings.models)
    cameras = camera_models(settings, parts.feed.sizes_px())
    if change.of(Reach.VIEW):
        moved = {key.split(".")[1] for key in change.of(Reach.VIEW) if key.startswith("cameras.")}
        known = parts.perception.calibrations()
        still = {name: one for name, one in known.items() if name not in moved}
        parts.perception.begin(settings.perception, cameras, settings.body, still)
    else:
        parts.perception.tune(settings.perception)
    if parts.calibrations is not None:
        # After perception has forgotten what it learned of a mount that changed.
        mounts = {name: camera.mount for name, camera in settings.cameras.items()}
        parts.calibrations.tune(mounts)
    if any(key.split(".")[0] in ("cameras", "body", "display") for key in change.taken):
        parts.show.tune(settings.display, cameras, settings.body)


def _order(models: Iterable[str], of: Container[str]) -> list[str]:
    return [name for name in models if name in of]


def camera_models(
    settings: Settings, sizes_px: Mapping[str, tuple[int, int]]
) -> dict[str, CameraModel]:
    """Each camera's geometry at the size of its pictures (width, height)."""
    return {
        name: CameraModel.from_settings(settings.cameras[name], width, height)
        for name, (width, height) in sizes_px.items()
    }


def _reach(key: str, old: Settings, new: Settings) -> Reach:
    reach = reach_of(key)
    if key.startswith("models.") and _looks_elsewhere(key.split(".")[1], old, new):
        # Its other keys wait with it: they may belong to the picture that is not there yet.
        return Reach.PROCESS
    if reach is Reach.OFF_LIVE:
        return Reach.PROCESS if new.adas.actuation else Reach.LIVE
    if reach is Reach.CAMERA:
        name = key.split(".")[1]
        lives = [
            parse_address(settings.cameras[name].source, Path.cwd()).live for settings in (old, new)
        ]
        # A recording belongs to its clock: another one is another drive.
        return Reach.CAMERA if all(lives) else Reach.PROCESS
    return reach


def _looks_elsewhere(model: str, old: Settings, new: Settings) -> bool:
    """Whether a model is to look at a camera that only the next start opens."""
    settings = new.models.get(model)
    cameras = () if settings is None else settings.cameras or ()
    return any(camera not in old.cameras for camera in cameras)
