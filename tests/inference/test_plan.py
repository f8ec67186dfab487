from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from drag_edge.config.models import ModelSettings
from drag_edge.inference.engine import ModelError, TensorSpec
from drag_edge.inference.metadata import ModelMetadata
from drag_edge.inference.plan import ModelPlan, make_plan

FLOAT = np.dtype(np.float32)
PICTURE = TensorSpec("images", (1, 3, 256, 512), FLOAT)
CELLS = 64 * 32 + 32 * 16 + 16 * 8
CARS = {0: "car", 1: "truck"}


def plan(
    *shapes: tuple[int, ...],
    metadata: ModelMetadata | None = None,
    picture: TensorSpec = PICTURE,
    first: float = 0.0,
    dtype: Any = FLOAT,
    **settings: Any,
) -> ModelPlan:
    outputs = tuple(
        TensorSpec(f"output{index}", shape, np.dtype(dtype)) for index, shape in enumerate(shapes)
    )
    ran = {spec.name: np.full(spec.shape, first, spec.dtype) for spec in outputs}
    return make_plan(
        ModelSettings(file=Path("m.onnx"), **settings),
        metadata or ModelMetadata(names=CARS),
        (picture,),
        outputs,
        ran,
    )


@pytest.mark.parametrize(
    ("shape", "first", "form"),
    [
        ((1, 6, CELLS), 0, "yolov8"),
        ((1, 3 * CELLS, 7), 0, "yolov5"),
        ((1, CELLS, 7), 0, "yolox"),
        ((1, CELLS, 7), 400, "yolox_decoded"),
        ((1, 300, 6), 0, "end2end"),
    ],
)
def test_the_shape_tells_the_format(shape: tuple[int, ...], first: float, form: str) -> None:
    found = plan(shape, first=first)
    assert (found.task, found.form) == ("detect", form)
    assert found.labels.word_of == {0: "car", 1: "truck"}


def test_yolox_brings_its_own_preprocessing() -> None:
    recipe = plan((1, CELLS, 7)).recipe
    assert (recipe.resize, recipe.rgb, recipe.scale) == ("letterbox_corner", False, 1.0)


def test_the_yaml_wins_over_the_file_and_the_file_over_the_default() -> None:
    metadata = ModelMetadata(
        names=CARS, task="detect", resize="stretch", color_order="bgr", scale=2.0, std=(2, 2, 2)
    )
    recipe = plan((1, 6, CELLS), metadata=metadata).recipe
    assert (recipe.resize, recipe.rgb, recipe.scale, recipe.std) == ("stretch", False, 2, (2, 2, 2))
    recipe = plan((1, 6, CELLS), metadata=metadata, color_order="rgb", scale=1.0).recipe
    assert (recipe.resize, recipe.rgb, recipe.scale) == ("stretch", True, 1.0)
    recipe = plan((1, 6, CELLS)).recipe
    assert (recipe.resize, recipe.rgb, recipe.scale) == ("letterbox", True, 1 / 255)


def test_instances_and_class_maps_are_told_apart() -> None:
    names = ModelMetadata(task="segment", names=CARS)
    instances = plan((1, 4 + 2 + 32, CELLS), (1, 32, 64, 128), metadata=names)
    assert instances.form == "yolov8"
    surfaces = ModelMetadata(task="segment", names={0: "background", 1: "drivable"})
    found = plan((1, 2, 256, 512), metadata=surfaces)
    assert (found.form, found.recipe.resize) == ("class map", "stretch")
    assert plan((1, 256, 512), metadata=surfaces, dtype=np.int64).form == "class map"


def test_heads_need_neither_names_nor_a_task() -> None:
    heads = {"output0": {1: "drivable"}, "output1": {1: "lane_line"}}
    found = plan((1, 2, 256, 512), (1, 2, 256, 512), metadata=ModelMetadata(), heads=heads)
    assert (found.task, found.form) == ("segment", "class map")


def test_poses_and_classes_are_planned() -> None:
    pose = ModelMetadata(task="pose", names={0: "person"}, keypoints=(17, 3))
    assert plan((1, 56, CELLS), metadata=pose).form == "yolov8"
    found = plan((1, 2), metadata=ModelMetadata(task="classify", names=CARS))
    assert (found.form, found.recipe.resize) == ("classes", "crop")


NO_NAMES = ModelMetadata()


@pytest.mark.parametrize(
    ("shapes", "options", "says"),
    [
        ([(1, 6, CELLS)], {"task": "segment"}, "do not fit task segment"),
        (
            [(1, 6, CELLS)],
            {"task": "pose", "metadata": ModelMetadata(task="detect", names=CARS)},
            "the YAML says task pose, the file itself says detect",
        ),
        ([(1, 6, CELLS)], {"metadata": ModelMetadata(task="obb", names=CARS)}, "'obb'"),
        ([(1, 7, CELLS)], {}, "scores 3 classes as yolov8, but the file names 2"),
        ([(1, 6, CELLS + 1)], {}, "fits no decoder for a 512×256 input"),
        ([(2, 6, CELLS)], {}, "no list of boxes"),
        ([(1, 6, CELLS)], {"metadata": NO_NAMES}, "does not name its 2 classes"),
        ([(1, 6, CELLS)], {"classes": {7: "car"}}, "does not have: 7"),
        ([(1, 85, 16, 32)], {"metadata": NO_NAMES}, "set `task`"),
        ([(1, 2, 8, 8), (1, 2, 8, 8)], {"task": "segment"}, "has several outputs"),
        (
            [(1, 2, 256, 512)],
            {"task": "segment", "heads": {"lanes": {1: "lane_line"}}},
            "head 'lanes' is no class map",
        ),
        ([(1, 6, CELLS)], {"task": "classify"}, "do not fit task classify"),
        (
            [(1, 6, CELLS)],
            {"picture": TensorSpec("images", (1, 1, 256, 512), FLOAT)},
            "is no picture",
        ),
        (
            [(1, 6, CELLS)],
            {"picture": TensorSpec("images", (1, 3, 256, 512), np.dtype(np.int64))},
            "neither float32, float16 nor uint8",
        ),
        (
            [(1, 6, CELLS)],
            {"metadata": ModelMetadata(names=CARS, resize="squash")},
            "'squash'",
        ),
    ],
)
def test_what_fits_nothing_is_refused_in_words(
    shapes: list[tuple[int, ...]], options: dict[str, Any], says: str
) -> None:
    with pytest.raises(ModelError, match=says):
        plan(*shapes, **options)
