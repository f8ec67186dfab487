from dataclasses import replace

import numpy as np
import pytest

from drag_edge.adas.decision import LkaDecision, LkaState, Side
from drag_edge.display.palette import INK, RED, TEAL
from drag_edge.display.road import RoadPainter, View, road_bands
from drag_edge.perception.scene import RoadMark, Scene
from tests.display import examples

BASE = examples.following()


def painted(scene: Scene, departure: Side = Side.NONE, pitch_rad: float = 0.0) -> np.ndarray:
    frame = np.zeros((720, 1280, 3), np.uint8)
    lka = LkaDecision(LkaState.ACTIVE, 0.0, departure, None, None, 0.0, "")
    assert BASE.decision is not None
    decision = replace(BASE.decision, lka=lka)
    bands = road_bands(scene, decision, examples.BODY)
    RoadPainter(1280, 720).paint(frame, bands, View(examples.CAMERA, pitch_rad))
    return frame


def scene(**changes: object) -> Scene:
    assert BASE.scene is not None
    return replace(BASE.scene, **changes)  # type: ignore[arg-type]


def pixel(x_m: float, y_m: float, pitch_rad: float = 0.0) -> tuple[int, int]:
    u, v = examples.CAMERA.project([[x_m, y_m, 0.0]], pitch_rad)[0]
    return round(v), round(u)


def leaning(colour: np.ndarray, towards: tuple[int, int, int]) -> float:
    """How much the pixel's hue agrees: cosine."""
    length = np.linalg.norm(colour) * np.linalg.norm(towards)
    return float(np.dot(colour.astype(float), towards) / max(length, 1e-9))


@pytest.mark.parametrize("pitch_rad", [0.0, 0.02, -0.02])
@pytest.mark.parametrize("x_m", [8.0, 12.0, 18.0])
def test_lane_lines_lie_where_the_camera_sees_them(x_m: float, pitch_rad: float) -> None:
    lines = BASE.scene.lanes if BASE.scene is not None else None
    assert lines is not None
    assert lines.left is not None
    assert lines.right is not None
    frame = painted(scene(), pitch_rad=pitch_rad)
    for line in (lines.left, lines.right):
        at = pixel(x_m, line.y_at(x_m), pitch_rad)
        beside = pixel(x_m, line.y_at(x_m) + 0.6 * np.sign(line.offset_m), pitch_rad)
        assert leaning(frame[at], TEAL) > 0.98
        assert frame[at].max() > 100
        assert frame[beside].max() == 0


def test_the_line_crossed_is_red() -> None:
    frame = painted(scene(), Side.LEFT)
    assert BASE.scene is not None
    lanes = BASE.scene.lanes
    assert lanes is not None
    assert lanes.left is not None
    assert lanes.right is not None
    assert leaning(frame[pixel(10, lanes.left.y_at(10))], RED) > 0.98
    assert leaning(frame[pixel(10, lanes.right.y_at(10))], TEAL) > 0.98


def test_without_lanes_only_the_path_is_painted() -> None:
    frame = painted(scene(lanes=None))
    assert BASE.scene is not None
    assert frame[pixel(12, BASE.scene.path.y_at(12))].max() > 50
    assert frame[pixel(12, 1.75)].max() == 0


def test_a_missing_side_leaves_the_other() -> None:
    assert BASE.scene is not None
    lanes = BASE.scene.lanes
    assert lanes is not None
    assert lanes.right is not None
    frame = painted(scene(lanes=replace(lanes, left=None)))
    assert frame[pixel(10, 1.75)].max() == 0
    assert frame[pixel(10, lanes.right.y_at(10))].max() > 100


def test_an_old_line_is_fainter() -> None:
    assert BASE.scene is not None
    lanes = BASE.scene.lanes
    assert lanes is not None
    assert lanes.left is not None
    at = pixel(10, lanes.left.y_at(10))
    fresh = painted(scene())[at].max()
    old = painted(scene(lanes=replace(lanes, left=replace(lanes.left, age_s=0.4))))[at].max()
    assert 0 < old < 0.6 * fresh


def test_the_stop_line_lies_at_its_distance() -> None:
    mark = RoadMark("stop_line", 14.0, 0.0, (0.0, 0.0, 1.0, 1.0), 0.9)
    with_mark, without = painted(scene(marks=(mark,))), painted(scene(marks=()))
    rows = np.flatnonzero((with_mark != without).any(axis=(1, 2)))
    near, _ = pixel(examples.BODY.front_overhang_m + 14.0, 0.0)
    far, _ = pixel(examples.BODY.front_overhang_m + 14.45, 0.0)
    assert abs(rows[0] - far) <= 3
    assert abs(rows[-1] - near) <= 3


def test_the_wanted_gap_lies_ahead_of_the_bumper() -> None:
    bands = road_bands(scene(), BASE.decision, examples.BODY)
    bars = [band for band in bands if len(band.left_m) == 2 and band.colour is INK]
    assert len(bars) == 1
    assert bars[0].left_m[0, 0] == pytest.approx(examples.BODY.front_overhang_m + 36.0)


def test_nothing_in_sight_paints_nothing() -> None:
    class Blind:
        def project(self, points_m: object, pitch_rad: float = 0.0) -> np.ndarray:
            return np.full((len(points_m), 2), np.nan)  # type: ignore[arg-type]

    frame = np.zeros((720, 1280, 3), np.uint8)
    bands = road_bands(scene(), BASE.decision, examples.BODY)
    RoadPainter(1280, 720).paint(frame, bands, View(Blind()))
    assert frame.max() == 0
