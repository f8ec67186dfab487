"""What each demo model sees, says and is trained with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from drag_edge.sim.labels import Roi
from drag_edge.sim.scene_sampler import Focus

WHOLE: Roi = (0.0, 0.0, 1.0, 1.0)
HELD_OUT_SCENES = 300
HELD_OUT_OFFSET = 500_000
"""Held-out scenes take seeds this far above the training scenes' first seed."""


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """``roi`` is of the front camera's picture, ``size`` the input (width, height).

    ``min_size`` (width, height): boxes smaller than this at the model's input are not labelled;
    ``pad_height``: lower boxes are grown to this height, so that a thin line has a box at all.
    ``start_from``: a detector whose weights the training begins with.
    """

    name: Focus
    task: Literal["segment", "detect"]
    roi: Roi
    size: tuple[int, int]
    classes: tuple[str, ...]
    scenes: int
    epochs: int
    batch: int
    learning_rate: float
    min_size: tuple[float, float] = (3.0, 5.0)
    pad_height: float = 0.0
    mirror: bool = True
    start_from: Focus | None = None


SPECS: dict[str, ModelSpec] = {
    "road": ModelSpec(
        name="road",
        task="segment",
        roi=(0.0, 0.444444, 1.0, 1.0),
        size=(512, 160),
        classes=("background", "drivable", "lane_line"),
        scenes=2400,
        epochs=12,
        batch=16,
        learning_rate=4e-3,
    ),
    "objects": ModelSpec(
        name="objects",
        task="detect",
        roi=(0.0, 0.111111, 1.0, 1.0),
        size=(512, 256),
        classes=("car", "truck", "pedestrian", "bicycle"),
        scenes=2400,
        epochs=11,
        batch=8,
        learning_rate=2e-3,
    ),
    "signal": ModelSpec(
        name="signal",
        task="detect",
        roi=(0.2, 0.083333, 0.8, 0.616667),
        size=(512, 256),
        classes=(
            "traffic_light_red",
            "traffic_light_yellow",
            "traffic_light_green",
            "traffic_light_off",
        ),
        scenes=1300,
        epochs=11,
        batch=8,
        learning_rate=2e-3,
        min_size=(2.5, 7.0),
        start_from="objects",
    ),
    "split": ModelSpec(
        name="split",
        task="detect",
        roi=(0.2, 0.466667, 0.8, 1.0),
        size=(384, 192),
        classes=("stop_line", "crosswalk", "arrow_straight", "arrow_left", "arrow_right"),
        scenes=1300,
        epochs=14,
        batch=8,
        learning_rate=2e-3,
        min_size=(6.0, 0.8),
        pad_height=5.0,
        mirror=False,
    ),
}
