from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drag_edge.inference.letterbox import place, roi_pixels

SIDES = st.integers(8, 4000)
INPUTS = st.sampled_from([(512, 256), (640, 640), (384, 192), (416, 416), (33, 97)])
RESIZES = st.sampled_from(["letterbox", "letterbox_corner", "stretch", "crop"])


@st.composite
def rois(draw: st.DrawFn) -> tuple[float, float, float, float]:
    left, right = sorted(draw(st.tuples(st.floats(0, 1), st.floats(0, 1))))
    top, bottom = sorted(draw(st.tuples(st.floats(0, 1), st.floats(0, 1))))
    return left, top, right, bottom


@given(SIDES, SIDES, INPUTS, RESIZES, rois())
def test_source_lies_in_the_frame_and_target_in_the_input(
    width: int, height: int, size: tuple[int, int], resize, roi
) -> None:
    placed = place(width, height, *size, resize, roi)
    x0, y0, x1, y1 = placed.source
    assert 0 <= x0 < x1 <= width
    assert 0 <= y0 < y1 <= height
    assert 0 <= placed.left <= placed.left + placed.width <= size[0]
    assert 0 <= placed.top <= placed.top + placed.height <= size[1]
    assert placed.width >= 1
    assert placed.height >= 1


@given(SIDES, SIDES, INPUTS, RESIZES)
def test_the_way_back_ends_where_the_picture_began(
    width: int, height: int, size: tuple[int, int], resize
) -> None:
    placed = place(width, height, *size, resize)
    corners = [
        (placed.left, placed.top, placed.left + placed.width, placed.top + placed.height),
        (-1e5, -1e5, 1e5, 1e5),
    ]
    boxes = placed.boxes_to_frame(np.array(corners, np.float32))
    assert np.allclose(boxes, placed.source, atol=1e-2)


@given(SIDES, SIDES, INPUTS, st.sampled_from(["letterbox", "letterbox_corner"]))
def test_letterbox_keeps_the_aspect_to_a_pixel_and_fills_one_side(
    width: int, height: int, size: tuple[int, int], resize
) -> None:
    placed = place(width, height, *size, resize)
    gain = min(size[0] / width, size[1] / height)
    assert abs(placed.width - width * gain) <= 1
    assert abs(placed.height - height * gain) <= 1
    left_over = min(size[0] - placed.width, size[1] - placed.height)
    # Cutting down may lose a pixel where rounding of the gain fell just short of it.
    assert left_over <= (0 if resize == "letterbox" else 1)


def test_the_region_of_a_letterboxed_map_reaches_beyond_the_frame() -> None:
    wide = place(200, 100, 100, 100, "letterbox")
    assert wide.input_region() == pytest.approx((0, -50, 200, 150))
    tall = place(100, 200, 100, 100, "letterbox")
    assert tall.input_region() == pytest.approx((-50, 0, 150, 200))


def test_the_region_of_a_stretched_roi_is_the_roi() -> None:
    placed = place(1280, 720, 512, 160, "stretch", (0, 0.444444, 1, 1))
    assert placed.input_region() == pytest.approx((0, 320, 1280, 720))


def test_crop_takes_the_middle() -> None:
    assert place(1280, 720, 224, 224, "crop").source == (280, 0, 1000, 720)


def test_the_corner_cuts_down_and_the_letterbox_rounds() -> None:
    corner = place(1242, 375, 416, 416, "letterbox_corner")
    assert (corner.left, corner.top, corner.width, corner.height) == (0, 0, 416, 125)
    assert place(1242, 375, 416, 416, "letterbox").height == 126


def test_the_smallest_roi_is_still_a_pixel() -> None:
    assert roi_pixels(640, 480, (1.0, 1.0, 1.0, 1.0)) == (639, 479, 640, 480)
