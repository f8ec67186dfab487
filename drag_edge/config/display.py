"""The picture for a person: window, video file, units, and what is drawn."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from drag_edge.config.base import Section, output_file, quantity


class VideoSettings(Section):
    """The recorded overlay."""

    fps: float | None = quantity(
        None,
        "Hz",
        "Rate at which the file plays; none: that of the frames' own times",
        gt=0,
        le=240,
    )
    codec: str = Field(
        "mp4v", description="Four letters that OpenCV's writer knows", pattern="^[A-Za-z0-9]{4}$"
    )
    scale: float = quantity(
        1.0, "1", "Size of the file's picture over the frame's; 0.5 costs a quarter", gt=0.1, le=1
    )
    every: int = quantity(
        1, "1", "Draw and write every n-th frame only (the window too)", ge=1, le=100
    )
    queue_frames: int = quantity(
        8, "1", "Pictures that may wait for the encoder; live, newer ones are dropped", ge=1, le=64
    )
    min_free_mb: float = quantity(
        64.0, "MB", "Stop recording when the disk has less free than this", ge=0
    )


class ElementSettings(Section):
    """What is drawn."""

    lanes: bool = Field(True, description="Own lane, its lines, and the predicted path")
    boxes: bool = Field(True, description="Road users with range, speed and time to collision")
    cluster: bool = Field(True, description="Speed, set speed, ACC, LKA and AEB at the bottom")
    mirrors: bool = Field(True, description="Blind-spot icons left and right")
    signals: bool = Field(True, description="Traffic light and stop line with distances")
    parking: bool = Field(True, description="Parking gaps from above, the path, what to do")
    bird_eye: bool = Field(True, description="The road from above, in metres")
    statistics: bool = Field(True, description="Rate, latency, and each model's time")
    watermark: bool = Field(True, description="Camera name and time of the picture")


class DebugSettings(Section):
    """Drawing for a person who tunes."""

    raw_boxes: bool = Field(False, description="Every detection of every model, thin, with score")
    rejected: bool = Field(
        False, description="Boxes that perception did not believe, with the reason"
    )
    class_map: bool = Field(False, description="Tint of the segmenter's classes")


class InsetSettings(Section):
    """Small pictures of the side cameras."""

    show: bool = Field(True, description="Show side cameras' pictures beside the mirror icons")
    width: float = quantity(0.19, "1", "Share of the width that each takes", ge=0.1, le=0.4)


class DisplaySettings(Section):
    """What a person sees. With neither window nor video nothing is drawn at all."""

    window: bool = Field(False, description="Show a window; needs a screen")
    video: Path | None = output_file(
        None, "Record the overlay into this .mp4 file; none: no recording"
    )
    recording: VideoSettings = Field(VideoSettings(), description="How the video is recorded")
    units: Literal["km/h", "mph"] = Field("km/h", description="Unit of every speed on the picture")
    stale_after_s: float = quantity(
        0.3, "s", "What is older than this is dimmed and marked with its age", gt=0, le=10
    )
    enlarge: bool = Field(
        True, description="Enlarge pictures below 720 lines before drawing, so that text is legible"
    )
    elements: ElementSettings = Field(ElementSettings(), description="What is drawn")
    inset: InsetSettings = Field(InsetSettings(), description="Pictures of the side cameras")
    debug: DebugSettings = Field(DebugSettings(), description="Drawing for a person who tunes")
