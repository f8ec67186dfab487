"""What a changed value takes: ONE table, key → how far the change reaches into a running daemon."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType


class Reach(Enum):
    """From harmless to not possible while it runs."""

    LIVE = "between two frames; nothing is forgotten"
    OFF_LIVE = "switched off between two frames, switched on only at the next start"
    VIEW = "everything that was perceived is forgotten, as at the start"
    CAMERA = "that camera is opened again"
    MODEL = "that model is loaded again"
    PROCESS = "only the next start takes it"


# The longest entry that a key begins with counts; * is any name.
REACHES: Mapping[str, Reach] = MappingProxyType(
    {
        "cameras.*": Reach.PROCESS,  # one that came or went
        "cameras.*.source": Reach.CAMERA,
        "cameras.*.role": Reach.PROCESS,
        "cameras.*.mount": Reach.VIEW,
        "cameras.*.intrinsics": Reach.VIEW,
        "cameras.*.width": Reach.CAMERA,
        "cameras.*.height": Reach.CAMERA,
        "cameras.*.fps": Reach.CAMERA,
        "cameras.*.pixel_format": Reach.CAMERA,
        "cameras.*.open_timeout_s": Reach.CAMERA,
        "cameras.*.read_timeout_s": Reach.CAMERA,
        "cameras.*.latency_s": Reach.CAMERA,
        "cameras.*.time_stamps": Reach.CAMERA,
        "cameras.*.late_s": Reach.CAMERA,
        "cameras.*.settle_s": Reach.CAMERA,
        "cameras.*.retry_s": Reach.CAMERA,
        "cameras.*.retry_longest_s": Reach.CAMERA,
        "cameras.*.decode": Reach.CAMERA,
        "cameras.*.codec": Reach.CAMERA,
        "cameras.*.decode_threads": Reach.CAMERA,
        "models.*": Reach.MODEL,
        "models.*.cameras": Reach.LIVE,
        "models.*.hz": Reach.LIVE,
        "models.*.every": Reach.LIVE,
        "models.*.confidence": Reach.LIVE,
        "models.*.iou": Reach.LIVE,
        "models.*.agnostic": Reach.LIVE,
        "models.*.max_detections": Reach.LIVE,
        "perception": Reach.LIVE,
        "perception.parking": Reach.VIEW,  # rows of gaps are measured from start to end alike
        "perception.calibration.folder": Reach.PROCESS,
        "perception.calibration.save_s": Reach.PROCESS,
        "body": Reach.VIEW,
        "adas": Reach.LIVE,
        # Whoever saves a file during a drive must not find the vehicle steering itself.
        "adas.actuation": Reach.OFF_LIVE,
        "adas.monitor.device.period_s": Reach.PROCESS,
        "vehicle": Reach.PROCESS,
        "display": Reach.LIVE,
        "display.video": Reach.PROCESS,  # a recording is one file from start to end
        "display.recording": Reach.PROCESS,
        "display.recording.every": Reach.LIVE,
        "run.pace": Reach.PROCESS,
        "run.simulated_latency_s": Reach.PROCESS,
        "run.seed": Reach.PROCESS,
        "run.latency_budget_s": Reach.LIVE,
        "run.frame_timeout_s": Reach.LIVE,
        "run.summary": Reach.LIVE,
        "service.http": Reach.PROCESS,
        "service.reload": Reach.LIVE,
        "service.log": Reach.LIVE,
    }
)


def reach_of(key: str) -> Reach:
    """How far a change of `key` ("models.road.hz") reaches. KeyError where the table has no row."""
    return REACHES[entry_of(key)]


def entry_of(key: str) -> str:
    """The row of the table that a key falls under."""
    parts = key.split(".")
    rows = [row for row in REACHES if _begins(parts, row.split("."))]
    if not rows:
        raise KeyError(f"{key} has no row in the table of config/reach.py")
    return max(rows, key=lambda row: row.count("."))


def _begins(parts: list[str], row: list[str]) -> bool:
    return len(row) <= len(parts) and all(
        name in ("*", part) for part, name in zip(parts, row, strict=False)
    )
