"""Which kind of network this is, told by the shapes of its outputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drag_edge.inference.boxes import PYRAMIDS, anchor_count
from drag_edge.inference.engine import ModelError, TensorSpec
from drag_edge.inference.metadata import ModelMetadata

MASK_COEFFICIENTS = 32
_MOST_END2END_BOXES = 1000


def box_format(
    output: TensorSpec, width: int, height: int, metadata: ModelMetadata, task: str
) -> str:
    """The format of a 3-dimensional boxes output: a key of BOX_DECODERS.

    The number of anchors tells: a pyramid with one anchor a cell is v8 along the last axis and
    YOLOX along the middle one, with three it is YOLOv5. Few boxes of six values and more are an
    end-to-end output. Raises ModelError when nothing fits.
    """
    if len(output.shape) != 3 or output.shape[0] != 1:
        raise ModelError(f"output {output} is no list of boxes (1×n×values or 1×values×n)")
    _, middle, last = output.shape
    cells = {anchor_count(width, height, pyramid) for pyramid in PYRAMIDS}
    values = 6 + extra_values(metadata, task)
    if metadata.end2end or (last == values and middle not in cells | {3 * n for n in cells}):
        if middle <= _MOST_END2END_BOXES and last >= values:
            return "end2end"
    elif last in cells and last != middle:
        return "yolov8"
    elif middle in cells:
        return "yolox"
    elif middle in {3 * n for n in cells}:
        return "yolov5"
    raise ModelError(
        f"output {output} fits no decoder for a {width}×{height} input; known: yolov8 "
        "(1×4+classes×n), yolov5 and yolox (1×n×5+classes), end2end (1×n×6); set `format` if it is "
        "one of them with another grid"
    )


def extra_values(metadata: ModelMetadata, task: str) -> int:
    """How many values follow the class scores of each box."""
    if task == "segment":
        return MASK_COEFFICIENTS
    if task == "pose":
        count, values = metadata.keypoints or (17, 3)
        return count * values
    return 0


def class_count(output: TensorSpec, form: str, extra: int, names: Mapping[int, str] | None) -> int:
    """How many classes a boxes output scores. Raises ModelError if the names say another number."""
    if form == "end2end":
        return max(names) + 1 if names else 1
    values = output.shape[1] if form == "yolov8" else output.shape[2]
    classes = values - (4 if form == "yolov8" else 5) - extra
    if classes < 1:
        raise ModelError(f"output {output} has no room for classes as {form}")
    if names is not None and classes != len(names):
        raise ModelError(
            f"output {output} scores {classes} classes as {form}, but the file names {len(names)}"
        )
    return classes


def yolox_is_decoded(output: NDArray[Any], width: int) -> bool:
    """Whether a YOLOX output already has its grid applied.

    Decoded centres span the whole input on any picture; raw ones are offsets of a few cells.
    """
    return bool(np.nanmax(output[0, :, 0]) > width / 2)


def is_class_map(output: TensorSpec) -> bool:
    """Scores 1×c×h×w with two channels or more, or ids: integers 1×h×w or 1×1×h×w."""
    shape = output.shape
    if np.issubdtype(output.dtype, np.integer):
        return (len(shape) == 3 and shape[0] == 1) or (len(shape) == 4 and shape[:2] == (1, 1))
    return len(shape) == 4 and shape[0] == 1 and shape[1] >= 2
