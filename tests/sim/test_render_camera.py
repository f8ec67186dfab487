"""The simulation's camera: axes, mounting angles and crops."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drag_edge.sim.camera import (
    Camera,
    Mount,
    Projector,
    cut_at_near_plane,
    front_camera,
    left_camera,
    right_camera,
)
from drag_edge.sim.world import EgoPose

ORIGIN = EgoPose(0.0, 0.0, 0.0)


def pixel_of(camera: Camera, point_m, ego: EgoPose = ORIGIN):
    projector = Projector(camera, ego)
    return projector.to_pixels(projector.to_optical(np.array(point_m, float)))


def test_a_point_on_the_optical_axis_is_the_principal_point():
    assert pixel_of(front_camera(), (51.9, 0.0, 1.3)) == pytest.approx((640.0, 360.0))


def test_left_is_left_and_up_is_up():
    u, v = pixel_of(front_camera(), (21.9, 2.0, 2.3))
    assert u == pytest.approx(640.0 - 100.0)
    assert v == pytest.approx(360.0 - 50.0)


def test_ground_lies_where_the_height_says():
    _, v = pixel_of(front_camera(), (21.9, 0.0, 0.0))
    assert v == pytest.approx(360.0 + 1000.0 * 1.3 / 20.0)


@pytest.mark.parametrize(
    ("angle", "axis", "sign"),
    [("yaw_deg", 0, 1.0), ("pitch_deg", 1, -1.0)],
)
def test_mounting_angles_follow_iso_8855(angle, axis, sign):
    mount = Mount(1.9, 0.0, 1.3, **{angle: 2.0})
    camera = Camera("turned", 1280, 720, 1000.0, 1000.0, 640.0, 360.0, mount)
    moved = pixel_of(camera, (51.9, 0.0, 1.3)) - (640.0, 360.0)
    assert moved[axis] == pytest.approx(sign * 1000.0 * np.tan(np.deg2rad(2.0)), abs=0.1)


def test_positive_roll_leans_right_side_down():
    mount = Mount(1.9, 0.0, 1.3, roll_deg=5.0)
    camera = Camera("rolled", 1280, 720, 1000.0, 1000.0, 640.0, 360.0, mount)
    assert pixel_of(camera, (51.9, -10.0, 1.3))[1] < 360.0


def test_mirror_cameras_see_their_own_side_behind_the_ego():
    behind_left = np.array([-10.0, 4.0, 0.5])
    for camera, side in ((left_camera(), 1.0), (right_camera(), -1.0)):
        u, v = pixel_of(camera, behind_left * (1.0, side, 1.0))
        assert 0 <= u < camera.width
        assert 0 <= v < camera.height


@settings(max_examples=50, deadline=None)
@given(st.floats(5, 80), st.floats(-4, 4), st.floats(-0.03, 0.03), st.floats(-3, 3))
def test_a_crop_shows_the_same_point_scaled(x_m, y_m, pitch_rad, yaw_rad):
    camera, roi = front_camera(), (0.2, 0.1, 0.8, 0.9)
    ego = EgoPose(3.0, -2.0, yaw_rad, pitch_rad)
    point = Projector(camera, ego).to_world(np.array([x_m, y_m, 0.0]))
    u, v = pixel_of(camera, point, ego)
    cropped = pixel_of(camera.cropped(roi, 384, 288), point, ego)
    assert cropped[0] == pytest.approx((u - 256.0) * 0.5, abs=1e-6)
    assert cropped[1] == pytest.approx((v - 72.0) * 0.5, abs=1e-6)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(*[st.floats(-20, 20)] * 3), min_size=3, max_size=8))
def test_nothing_behind_the_near_plane_survives_the_cut(points):
    kept = cut_at_near_plane(np.array(points))
    assert kept.size == 0 or kept[:, 2].min() > 0.29


@given(
    st.lists(
        st.lists(st.tuples(*[st.floats(-30, 30)] * 3), min_size=3, max_size=12),
        min_size=1,
        max_size=4,
    )
)
def test_polygons_together_are_cut_like_each_alone(polygons):
    projector = Projector(front_camera(), EgoPose(0.0, 0.0, 0.0))
    arrays = [np.array(polygon) for polygon in polygons]
    together = projector.polygons_pixels(arrays)
    for polygon, found in zip(arrays, together, strict=True):
        alone = projector.polygon_pixels(polygon)
        assert (found is None) == (alone is None)
        if found is not None:
            np.testing.assert_allclose(found, alone, rtol=1e-9, atol=1e-6)
