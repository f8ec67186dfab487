"""Models: which file sees what, on which cameras, how often, and what its classes mean to us.

Everything but `file` may be left out: Ultralytics' metadata and a few keys of our own in the file
itself say the rest, and what is written here wins over the file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from drag_edge.config.base import Section, input_file, one_of, quantity
from drag_edge.config.vocabulary import LABELS, SURFACES

Task = Literal["detect", "segment", "pose", "classify"]
Runtime = Literal["auto", "onnx", "tensorrt", "ultralytics"]
Resize = Literal["letterbox", "letterbox_corner", "stretch", "crop"]
ColorOrder = Literal["rgb", "bgr"]
OutputFormat = Literal["yolov5", "yolov8", "end2end", "yolox", "yolox_decoded"]
Fraction = Annotated[float, Field(ge=0, le=1)]
Label = Annotated[str, one_of(LABELS)]
Surface = Annotated[str, one_of(SURFACES)]
Roi = tuple[Fraction, Fraction, Fraction, Fraction]


class ModelSettings(Section):
    """One network."""

    file: Path = input_file(..., "The network: an ONNX file")
    task: Task | None = Field(
        None, description="detect, segment, pose or classify; none: as the file's metadata says"
    )
    runtime: Runtime = Field(
        "auto", description="auto takes the fastest that this machine has; onnx is ONNX Runtime"
    )
    cameras: tuple[str, ...] | None = Field(
        None, description="Names of the cameras it looks at; none: every camera", min_length=1
    )
    hz: float | None = quantity(
        None, "Hz", "At most this often per camera; none: every frame", gt=0, le=1000
    )
    every: int | None = quantity(
        None, "1", "On every n-th frame of a camera; none: every frame", ge=1, le=10_000
    )
    roi: Roi | None = Field(
        None,
        description="Part of the picture it sees: left, top, right, bottom as fractions; none: all",
        json_schema_extra={"unit": "1"},
    )
    confidence: float = quantity(0.25, "1", "Detections with a lower score are dropped", ge=0, le=1)
    iou: float = quantity(
        0.7, "1", "Of two boxes of one class that overlap more, the better stays", ge=0, le=1
    )
    agnostic: bool = Field(
        False,
        description="Boxes of different classes compete too: a truck that is also a car is one",
    )
    max_detections: int = quantity(300, "1", "At most so many per picture", ge=1, le=10_000)
    resize: Resize | None = Field(
        None,
        description=(
            "How the picture meets the input's size: letterbox keeps the aspect and pads around, "
            "letterbox_corner pads right and below (YOLOX), stretch fills, crop cuts the middle "
            "out; none: by the file, else stretch for class maps, crop for classify, "
            "letterbox_corner for YOLOX, letterbox for the rest"
        ),
    )
    color_order: ColorOrder | None = Field(
        None, description="Channel order of the input; none: by the file, else bgr for YOLOX, rgb"
    )
    scale: float | None = quantity(
        None, "1", "Pixels (0-255) times this; none: by the file, else 1 for YOLOX, 1/255", gt=0
    )
    mean: tuple[float, float, float] | None = Field(
        None,
        description="Subtracted from the scaled pixel, in the input's channel order",
        json_schema_extra={"unit": "1"},
    )
    std: tuple[float, float, float] | None = Field(
        None,
        description="Divides the scaled pixel after the mean, in the input's channel order",
        json_schema_extra={"unit": "1"},
    )
    format: OutputFormat | None = Field(
        None, description="How boxes are written in the output; none: recognised by its shape"
    )
    classes: dict[int | str, Label | None] = Field(
        {},
        description=(
            "Class id or name → our word (car, pedestrian, drivable …), or null to ignore it; "
            "names that are not listed map by themselves where they can"
        ),
    )
    heads: dict[str, dict[int, Surface]] = Field(
        {},
        description=(
            "For a segmenter with several outputs: output name → {channel: surface}; where two "
            "heads claim a pixel, lane_line wins over drivable"
        ),
    )
    threads: int | None = quantity(
        None, "1", "CPU threads of this model in ONNX Runtime; none: half of the cores", ge=1, le=64
    )

    @field_validator("roi")
    @classmethod
    def _roi_has_an_area(cls, roi: Roi | None) -> Roi | None:
        if roi is not None and (roi[0] >= roi[2] or roi[1] >= roi[3]):
            raise ValueError("left < right and top < bottom")
        return roi

    @field_validator("std")
    @classmethod
    def _std_divides(
        cls, std: tuple[float, float, float] | None
    ) -> tuple[float, float, float] | None:
        if std is not None and min(std) <= 0:
            raise ValueError("three numbers above 0")
        return std

    @field_validator("classes")
    @classmethod
    def _classes_are_words_of_ours(
        cls, classes: dict[int | str, str | None]
    ) -> dict[int | str, str | None]:
        for label in classes.values():
            if label is not None and label not in LABELS:
                raise ValueError(f"{label!r} is none of our words: {', '.join(LABELS)}")
        return classes

    @field_validator("heads")
    @classmethod
    def _heads_paint_surfaces(cls, heads: dict[str, dict[int, str]]) -> dict[str, dict[int, str]]:
        for surface in (surface for head in heads.values() for surface in head.values()):
            if surface not in SURFACES:
                raise ValueError(f"{surface!r} is none of the surfaces: {', '.join(SURFACES)}")
        return heads

    @model_validator(mode="after")
    def _one_rate(self) -> ModelSettings:
        if self.hz is not None and self.every is not None:
            raise ValueError("every: hz or every, not both")
        return self
