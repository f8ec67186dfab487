from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from drag_edge.inference.engine import ModelError
from drag_edge.inference.preprocess import InputRecipe, Preprocessor

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def picture(width: int, height: int, seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def plainly(image: NDArray[np.uint8], recipe: InputRecipe, width: int, height: int) -> NDArray:
    """The same written for reading: float64, no reuse."""
    height_px, width_px = image.shape[:2]
    left, top, right, bottom = recipe.roi
    part = image[
        round(top * height_px) : round(bottom * height_px),
        round(left * width_px) : round(right * width_px),
    ]
    canvas = np.full((height, width, 3), 114, np.uint8)
    if recipe.resize == "stretch":
        canvas[:] = cv2.resize(part, (width, height))
    else:
        gain = min(height / part.shape[0], width / part.shape[1])
        whole = round if recipe.resize == "letterbox" else int
        size = whole(part.shape[1] * gain), whole(part.shape[0] * gain)
        x = (width - size[0]) // 2 if recipe.resize == "letterbox" else 0
        y = (height - size[1]) // 2 if recipe.resize == "letterbox" else 0
        canvas[y : y + size[1], x : x + size[0]] = cv2.resize(part, size)
    values = canvas[:, :, ::-1] if recipe.rgb else canvas
    normal = (values * recipe.scale - np.array(recipe.mean)) / np.array(recipe.std)
    return normal.transpose(2, 0, 1)[None]


@pytest.mark.parametrize(
    "recipe",
    [
        InputRecipe("letterbox"),
        InputRecipe("letterbox", roi=(0.1, 0.25, 0.9, 1.0)),
        InputRecipe("letterbox_corner", rgb=False, scale=1.0),
        InputRecipe("stretch", mean=MEAN, std=STD),
        InputRecipe("stretch", roi=(0.0, 0.5, 1.0, 1.0), rgb=False, scale=1.0, mean=(1, 2, 3)),
    ],
    ids=lambda recipe: f"{recipe.resize}-{'rgb' if recipe.rgb else 'bgr'}",
)
@pytest.mark.parametrize("size", [(320, 180), (100, 200), (64, 32), (33, 77)])
def test_the_tensor_is_the_plain_computation(recipe: InputRecipe, size: tuple[int, int]) -> None:
    buffer = np.full((1, 3, 32, 64), np.nan, np.float32)
    image = picture(*size)
    Preprocessor(recipe, buffer).fill(image)
    np.testing.assert_allclose(buffer, plainly(image, recipe, 64, 32), rtol=1e-5, atol=1e-5)


def test_cameras_of_two_sizes_do_not_leave_their_pixels_to_each_other() -> None:
    buffer = np.zeros((1, 3, 32, 64), np.float32)
    recipe = InputRecipe("letterbox")
    shared = Preprocessor(recipe, buffer)
    for size in ((320, 180), (60, 200), (320, 180)):
        image = picture(*size)
        shared.fill(image)
        np.testing.assert_allclose(buffer, plainly(image, recipe, 64, 32), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("dtype", "scale"), [(np.float16, 1 / 255), (np.uint8, 1.0)])
def test_other_input_types_get_the_same_values(dtype: type, scale: float) -> None:
    buffer = np.zeros((1, 3, 32, 64), dtype)
    recipe = InputRecipe("stretch", scale=scale)
    image = picture(320, 180)
    Preprocessor(recipe, buffer).fill(image)
    np.testing.assert_allclose(buffer, plainly(image, recipe, 64, 32), rtol=1e-3)


@pytest.mark.parametrize(
    "image", [np.zeros((64, 32), np.uint8), np.zeros((64, 32, 3)), np.zeros((64, 32, 4), np.uint8)]
)
def test_what_is_no_bgr_picture_is_refused_and_not_taken_for_the_last_one(image: NDArray) -> None:
    with pytest.raises(ModelError, match="not H×W×3 uint8"):
        Preprocessor(InputRecipe("letterbox"), np.zeros((1, 3, 32, 64), np.float32)).fill(image)


def test_the_picture_is_not_written_to() -> None:
    image = picture(64, 32)
    before = image.copy()
    image.flags.writeable = False
    Preprocessor(InputRecipe("letterbox"), np.zeros((1, 3, 32, 64), np.float32)).fill(image)
    np.testing.assert_array_equal(image, before)
