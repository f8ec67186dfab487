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

    ``min_size`` (width, height): boxes smaller than this at the model's input are not labelled,
    nor are those lower than their class's entry in ``min_heights``, if there is one;
    ``pad_height``: lower boxes are grown to this height, so that a thin line has a box at all.
    ``foci``: what the scenes dwell on, in turn; ``seed_offset`` sets the training scenes apart
    from those of another model with the same focus; ``start_from``: a detector whose weights
    the training begins with; ``ships``: the model is exported, not only started from.
    """

    name: str
    foci: tuple[Focus, ...]
    task: Literal["segment", "detect"]
    roi: Roi
    size: tuple[int, int]
    classes: tuple[str, ...]
    scenes: int
    epochs: int
    batch: int
    learning_rate: float
    min_size: tuple[float, float] = (3.0, 5.0)
    min_heights: tuple[float, ...] | None = None
    pad_height: float = 0.0
    mirror: bool = True
    seed_offset: int = 0
    start_from: str | None = None
    ships: bool = True


SPECS: dict[str, ModelSpec] = {
    "road": ModelSpec(
        name="road",
        foci=("road",),
        task="segment",
        roi=(0.0, 0.444444, 1.0, 1.0),
        size=(512, 160),
        classes=("background", "drivable", "lane_line"),
        scenes=2400,
        epochs=12,
        batch=16,
        learning_rate=4e-3,
    ),
    "objects_first": ModelSpec(
        name="objects_first",
        foci=("objects",),
        task="detect",
        roi=(0.0, 0.111111, 1.0, 1.0),
        size=(512, 256),
        classes=("car", "truck", "pedestrian", "bicycle"),
        scenes=2400,
        epochs=11,
        batch=8,
        learning_rate=2e-3,
        ships=False,
    ),
    "objects": ModelSpec(
        name="objects",
        foci=("objects", "people"),
        task="detect",
        roi=(0.0, 0.111111, 1.0, 1.0),
        size=(512, 256),
        classes=("car", "truck", "pedestrian", "bicycle"),
        scenes=3200,
        epochs=9,
        batch=8,
        learning_rate=1.5e-3,
        seed_offset=100_000,
        start_from="objects_first",
    ),
    "signal": ModelSpec(
        name="signal",
        foci=("signal",),
        task="detect",
        roi=(0.2, 0.083333, 0.8, 0.616667),
        size=(512, 256),
        classes=(
            "traffic_light_red",
            "traffic_light_yellow",
            "traffic_light_green",
            "traffic_light_off",
        ),
        scenes=2400,
        epochs=10,
        batch=8,
        learning_rate=2e-3,
        min_size=(2.5, 7.0),
        start_from="objects_first",
    ),
    "split": ModelSpec(
        name="split",
        foci=("split",),
        task="detect",
        roi=(0.2, 0.466667, 0.8, 1.0),
        size=(384, 192),
        classes=("stop_line", "crosswalk", "arrow_straight", "arrow_left", "arrow_right"),
        scenes=2600,
        epochs=20,
        batch=8,
        learning_rate=2e-3,
        min_size=(6.0, 0.8),
        min_heights=(1.0, 2.0, 2.5, 2.5, 2.5),
        pad_height=5.0,
        mirror=False,
    ),
}
