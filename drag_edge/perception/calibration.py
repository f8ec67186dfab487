"""How the camera really sits: pitch and yaw against the YAML's mount, from the lanes.

After openpilot's calibration: learned only at speed and straight on, in blocks, judged by the
median of the newest blocks, believed and doubted with hysteresis.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import fmean, median

from drag_edge.config.calibration import CalibrationSettings
from drag_edge.events import Event
from drag_edge.perception.ego import EgoState
from drag_edge.perception.scene import Lanes


@dataclass(frozen=True, slots=True)
class Calibration:
    """pitch_rad: nose down positive; yaw_rad: left positive; both against the YAML's mount.
    blocks: how many it rests on."""

    pitch_rad: float
    yaw_rad: float
    blocks: int


class MountWatch:
    """Learns one camera's calibration and says when the mount cannot be right.

    known: what was learned in earlier drives. It changes nothing but where the pitch estimate
    starts; a camera that was moved is told, never followed in silence.
    """

    def __init__(
        self, camera: str, settings: CalibrationSettings, known: Calibration | None
    ) -> None:
        self._camera = camera
        self._settings = settings
        self._known = known
        self._samples: list[tuple[float, float]] = []
        # A new tuple for each block: another thread may be reading the old one.
        self._blocks: tuple[tuple[float, float], ...] = ()
        self._off: str | None = None

    def tune(self, settings: CalibrationSettings) -> None:
        """Changed settings, from the next step on."""
        self._settings = settings

    @property
    def calibration(self) -> Calibration | None:
        """What is known now; None before anything is."""
        blocks = self._blocks
        if self._off is not None or len(blocks) < self._settings.least_blocks:
            return self._known
        pitch_rad, yaw_rad = (fmean(block[i] for block in blocks) for i in (0, 1))
        return Calibration(pitch_rad, yaw_rad, len(blocks))

    def step(
        self, pitch_rad: float, lanes: Lanes | None, ego: EgoState, time_s: float
    ) -> Iterator[Event]:
        """One frame: pitch_rad is the whole estimate of this frame, against the mount."""
        if lanes is not None and self._teaches(lanes, ego):
            self._samples.append((pitch_rad, lanes.heading_rad))
        if len(self._samples) >= self._settings.block_frames:
            learned_before = self.calibration is not self._known
            block = (_mean(self._samples, 0), _mean(self._samples, 1))
            self._blocks = (*self._blocks, block)[-self._settings.most_blocks :]
            self._samples.clear()
            self._off = self._judge()
            if not learned_before and self.calibration is not self._known:
                yield Event("calibration_learned", self._camera, str(self.calibration), time_s)
        if self._off is not None:
            yield Event("calibration_off", self._camera, self._off, time_s)

    def _teaches(self, lanes: Lanes, ego: EgoState) -> bool:
        settings = self._settings
        return (
            lanes.age_s == 0.0
            and lanes.confidence >= settings.min_confidence
            and ego.speed_mps is not None
            and ego.speed_mps >= settings.min_speed_mps
            and ego.yaw_rate_radps is not None
            and abs(ego.yaw_rate_radps) <= settings.max_yaw_rate_radps
            and abs(ego.accel_mps2 or 0.0) <= settings.max_accel_mps2
        )

    def _judge(self) -> str | None:
        """What is wrong with the mount, by the newest blocks; None when nothing is."""
        settings = self._settings
        newest = self._blocks[-settings.least_blocks :]
        if len(newest) < settings.least_blocks:
            return self._off
        share = 1.0 if self._off is None else settings.back_share
        seen = Calibration(median(b[0] for b in newest), median(b[1] for b in newest), len(newest))
        if _apart(seen, Calibration(0.0, 0.0, 0)) > share * settings.off_rad:
            return f"{_degrees(seen)} against the mount of the YAML"
        if self._known is not None and _apart(seen, self._known) > share * settings.moved_rad:
            return f"{_degrees(seen)}, before it was {_degrees(self._known)}: was it moved?"
        return None


def _mean(samples: list[tuple[float, float]], index: int) -> float:
    return fmean(sample[index] for sample in samples)


def _apart(first: Calibration, second: Calibration) -> float:
    return max(abs(first.pitch_rad - second.pitch_rad), abs(first.yaw_rad - second.yaw_rad))


def _degrees(calibration: Calibration) -> str:
    per_rad = 57.29577951308232
    return (
        f"pitch {calibration.pitch_rad * per_rad:+.1f}°, yaw {calibration.yaw_rad * per_rad:+.1f}°"
    )
