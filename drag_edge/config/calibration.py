"""`perception.calibration`, `perception.silence`: whether camera and detector can be believed."""

from __future__ import annotations

from pathlib import Path

from drag_edge.config.base import Section, output_folder, quantity


class CalibrationSettings(Section):
    """How the front camera really sits, learned from the lanes' vanishing point."""

    folder: Path | None = output_folder(
        None, "Keep what was learned in this folder, a file per camera; none forgets it at the end"
    )
    save_s: float = quantity(60.0, "s", "How often it is written", gt=1, le=3600)
    min_speed_mps: float = quantity(6.7, "m/s", "Slower, nothing is learned", gt=1, le=40)
    max_yaw_rate_radps: float = quantity(
        0.035, "rad/s", "Turning faster, nothing is learned", gt=0, le=0.2
    )
    max_accel_mps2: float = quantity(
        0.7, "m/s^2", "Braking or accelerating harder, nothing is learned", gt=0, le=5
    )
    min_confidence: float = quantity(0.6, "1", "Lanes less certain teach nothing", gt=0, le=1)
    block_frames: int = quantity(100, "1", "So many frames are averaged to one block", ge=10)
    least_blocks: int = quantity(5, "1", "The newest so many blocks are judged", ge=3, le=50)
    most_blocks: int = quantity(50, "1", "What was learned is the average of so many", ge=5)
    off_rad: float = quantity(
        0.025, "rad", "Pitch or yaw this far from the mount of the YAML: it is wrong", gt=0, le=0.3
    )
    moved_rad: float = quantity(
        0.015, "rad", "… or from what was learned before: the camera was moved", gt=0, le=0.3
    )
    back_share: float = quantity(
        0.7, "1", "The fault ends below this share of the limit", gt=0, le=1
    )
    sigma_rad: float = quantity(
        0.006, "rad", "Spread of the slow pitch when it was learned before", gt=0, le=0.1
    )


class SilenceSettings(Section):
    """A detector that says nothing where road users were."""

    frames: int = quantity(4, "1", "Empty answers in a row until it is suspicious", ge=2, le=50)
    hold_s: float = quantity(
        10.0, "s", "After this long without any box the road counts as empty", gt=0.5, le=60
    )
    near_m: float = quantity(50.0, "m", "Farther road users may vanish", gt=5, le=150)
    known_frames: int = quantity(10, "1", "… and those seen in fewer frames", ge=3, le=100)
    border: float = quantity(
        0.02, "1", "… and those so near the picture's side, as a share of its width", ge=0, le=0.3
    )
