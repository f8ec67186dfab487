"""The camera model: round trips, other people's arithmetic, lenses, scaling."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drag_edge.config.cameras import CameraSettings
from drag_edge.perception.camera import CameraModel
from drag_edge.perception.ground import GroundTable
from drag_edge.sim.camera import Camera, Mount, Projector
from drag_edge.sim.world import EgoPose

LENS = (-0.25, -0.015, -0.0006, 0.0002, 0.0)
angles = st.floats(-0.1, 0.1)


def camera(distortion: tuple[float, ...] = (), **mount: float) -> CameraModel:
    return CameraModel(
        1280, 720, 1156.0, 1150.0, 672.0, 388.0, 1.6, 0.2, 1.3, distortion=distortion, **mount
    )


@given(
    x=st.floats(6, 80),
    aside=st.floats(-0.3, 0.3),
    roll=angles,
    mounted=angles,
    yaw=angles,
    pitch=st.floats(-0.05, 0.05),
    lens=st.sampled_from([(), LENS]),
)
def test_a_ground_point_survives_the_way_to_its_pixel_and_back(
    x: float, aside: float, roll: float, mounted: float, yaw: float, pitch: float, lens: tuple
) -> None:
    model = camera(lens, roll_rad=roll, pitch_rad=mounted, yaw_rad=yaw)
    point = np.array([[x, aside * x, 0.0]])
    pixel = model.project(point, pitch)
    inside = 0 <= pixel[0, 0] < 1280 and 0 <= pixel[0, 1] < 720
    if not inside:
        return
    back = model.ground_from_pixel(pixel, pitch)
    np.testing.assert_allclose(back, point[:, :2], rtol=1e-4, atol=1e-4)


@given(
    roll=st.floats(-20, 20),
    pitch=st.floats(-20, 20),
    yaw=st.floats(-180, 180),
    body_pitch=st.floats(-0.05, 0.05),
)
def test_it_agrees_with_the_simulations_own_projection(
    roll: float, pitch: float, yaw: float, body_pitch: float
) -> None:
    other = Camera("c", 640, 320, 420, 430, 320, 160, Mount(2.0, 0.95, 1.0, yaw, pitch, roll))
    mine = CameraModel(
        640,
        320,
        420,
        430,
        320,
        160,
        2.0,
        0.95,
        1.0,
        *(math.radians(angle) for angle in (roll, pitch, yaw)),
    )
    rng = np.random.default_rng(5)
    points = rng.uniform((-40, -40, -1), (40, 40, 3), (50, 3))
    projector = Projector(other, EgoPose(0.0, 0.0, 0.0))
    optical = projector.to_optical(points)
    seen = optical[:, 2] > 0.5
    np.testing.assert_allclose(
        mine.project(points)[seen], projector.to_pixels(optical)[seen], atol=1e-6
    )
    # The body's pitch turns about the camera here, about the axle there: directions agree.
    pitched = Projector(other, EgoPose(0.0, 0.0, 0.0, body_pitch))
    away = points * 1e7
    optical = pitched.to_optical(away)
    seen = optical[:, 2] > 1e6
    np.testing.assert_allclose(
        mine.project(away, body_pitch)[seen], pitched.to_pixels(optical)[seen], atol=1e-3
    )


def test_the_lens_is_opencvs() -> None:
    model = camera(LENS)
    rng = np.random.default_rng(2)
    optical = rng.uniform((-0.5, -0.3, 1), (0.5, 0.3, 1), (200, 3)) * rng.uniform(2, 50, (200, 1))
    vehicle = optical @ model.vehicle_to_optical + model.position_m
    matrix = np.array([[model.fx, 0, model.cx], [0, model.fy, model.cy], [0, 0, 1]])
    theirs, _ = cv2.projectPoints(
        optical.reshape(-1, 1, 3), np.zeros(3), np.zeros(3), matrix, np.array(LENS)
    )
    np.testing.assert_allclose(model.project(vehicle), theirs.reshape(-1, 2), atol=1e-6)


def test_positive_angles_turn_the_view_left_and_down() -> None:
    ahead = np.array([[50.0, 0.2, 1.3]])
    straight = camera().project(ahead)[0]
    assert camera(yaw_rad=0.05).project(ahead)[0, 0] > straight[0] + 50
    assert camera(pitch_rad=0.05).project(ahead)[0, 1] < straight[1] - 50
    assert camera().project(ahead, 0.05)[0, 1] < straight[1] - 50
    assert camera(pitch_rad=0.05).horizon_row() == pytest.approx(388 - 1150 * math.tan(0.05))


def test_nothing_is_on_the_ground_above_the_horizon_or_before_the_lens() -> None:
    model = camera()
    assert np.isnan(model.ground_from_pixel([[640, 380], [640, 10]])).all()
    assert np.isnan(model.project([[-5.0, 0.0, 0.0]])).all()
    folded = camera(LENS)
    assert np.isnan(folded.project([[3.0, 20.0, 0.0]])).all(), "beyond the lens' valid circle"


def test_settings_are_scaled_to_the_pictures_size() -> None:
    settings = CameraSettings.model_validate(
        {
            "source": "drive.mp4",
            "mount": {"x": 1.5, "y": -0.1, "z": 1.2, "pitch_deg": 2, "yaw_deg": -1, "roll_deg": 3},
            "intrinsics": {
                "width": 1280,
                "height": 720,
                "fx": 1000,
                "fy": 1001,
                "cx": 639.5,
                "cy": 359.5,
            },
        }
    )
    model = CameraModel.from_settings(settings, 640, 360)
    assert (model.fx, model.fy) == (500.0, 500.5)
    assert (model.cx, model.cy) == (319.5, 179.5), "the middle of the picture stays the middle"
    assert (model.x_m, model.y_m, model.z_m) == (1.5, -0.1, 1.2)
    expected = [math.radians(angle) for angle in (3, 2, -1)]
    assert [model.roll_rad, model.pitch_rad, model.yaw_rad] == pytest.approx(expected)


@pytest.mark.parametrize("lens", [(), LENS])
def test_a_class_maps_table_says_what_the_camera_says(lens: tuple[float, ...]) -> None:
    model = camera(lens, pitch_rad=0.02)
    region = (100.0, 300.0, 1200.0, 720.0)
    table = GroundTable(model, region, (90, 210))
    rows, columns = np.array([40, 60, 89]), np.array([0, 100, 209])
    x, y = table.ground(rows, columns, 0.01)
    u = 100 + (columns + 0.5) * 1100 / 210 - 0.5
    v = 300 + (rows + 0.5) * 420 / 90 - 0.5
    expected = model.ground_from_pixel(np.column_stack((u, v)), 0.01)
    np.testing.assert_allclose(np.column_stack((x, y)), expected, rtol=1e-9)
    first = table.first_row(60.0, 0.01)
    near = table.ground(np.array([first - 1, first]), np.array([105, 105]), 0.01)[0]
    assert np.isnan(near[0]) or near[0] > 60
    assert near[1] <= 61.7
