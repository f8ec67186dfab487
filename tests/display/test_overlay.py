from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from drag_edge.adas.decision import BsdDecision, BsdLevel
from drag_edge.config.cameras import Role
from drag_edge.config.display import DebugSettings, DisplaySettings, ElementSettings, InsetSettings
from drag_edge.display.overlay import Overlay
from drag_edge.display.palette import AMBER, RED, TEAL
from drag_edge.frames.frame import Frame
from drag_edge.inference.results import ClassMap, Detections, Perceived
from drag_edge.perception.camera import CameraModel
from drag_edge.perception.scene import RejectedBox
from tests.display import examples
from tests.display.strategies import any_situation

NOTHING_DRAWN = ElementSettings(
    lanes=False,
    boxes=False,
    cluster=False,
    mirrors=False,
    signals=False,
    parking=False,
    bird_eye=False,
    statistics=False,
    watermark=False,
)
FRAMES = examples.frames()


def overlay(settings: DisplaySettings | None = None) -> Overlay:
    return Overlay(
        settings or DisplaySettings(), {"front": examples.CAMERA}, examples.BODY, examples.ROLES
    )


def drawn(
    situation: examples.Situation,
    settings: DisplaySettings | None = None,
    frames: Mapping[str, Frame] = FRAMES,
    painter: Overlay | None = None,
) -> np.ndarray:
    return (painter or overlay(settings)).draw(
        frames, {}, situation.scene, situation.decision, situation.command, situation.status
    )


def count(picture: np.ndarray, colour: tuple[int, int, int]) -> int:
    return int((picture == np.array(colour, np.uint8)).all(axis=2).sum())


@pytest.mark.parametrize("name", sorted(examples.situations()))
def test_every_example_is_drawn_and_the_frames_stay_as_they_were(name: str) -> None:
    frames = {
        key: replace(frame, image=frame.image.copy()) for key, frame in examples.frames().items()
    }
    for frame in frames.values():
        frame.image.setflags(write=False)
    before = {key: frame.image.copy() for key, frame in frames.items()}
    picture = drawn(examples.situations()[name], frames=frames)
    assert picture.shape == (720, 1280, 3)
    assert picture.dtype == np.uint8
    for key, frame in frames.items():
        np.testing.assert_array_equal(frame.image, before[key])
    assert not np.shares_memory(picture, frames["front"].image)


@given(situation=any_situation())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_situation_is_drawn_without_an_exception(situation: examples.Situation) -> None:
    picture = drawn(situation)
    assert picture.shape == (720, 1280, 3)


@pytest.mark.parametrize(
    "size", [(1280, 720), (1920, 1080), (640, 360), (1242, 375), (1164, 874), (320, 240), (64, 48)]
)
def test_other_sizes_are_drawn_too(size: tuple[int, int]) -> None:
    frames = {**FRAMES, "front": Frame("front", 1, examples.TIME_S, examples.picture(*size))}
    crowded = examples.situations()["crowded"]
    picture = drawn(crowded, DisplaySettings(enlarge=False), frames=frames)
    assert picture.shape == (size[1], size[0], 3)
    large = drawn(crowded, frames=frames)
    assert large.shape[1] / large.shape[0] == pytest.approx(size[0] / size[1], rel=0.01)
    assert large.shape[0] >= min(720, 1920 * size[1] // size[0])
    assert large.shape[1] <= max(1920, size[0])


def test_boxes_and_lanes_grow_with_an_enlarged_picture() -> None:
    base = examples.following()
    assert base.scene is not None
    assert base.scene.lead is not None
    half = CameraModel(640, 360, 500, 500, 319.75, 179.75, x_m=1.9, y_m=0.0, z_m=1.3)
    tracks = tuple(
        replace(t, box_px=tuple(v / 2 for v in t.box_px)) for t in base.scene.tracks or ()
    )
    small = replace(base.scene, lead=tracks[0], tracks=tracks)
    elements = NOTHING_DRAWN.model_copy(update={"boxes": True, "lanes": True})
    settings = DisplaySettings(elements=elements, inset=InsetSettings(show=False))
    black = Frame("front", 1, examples.TIME_S, np.zeros((360, 640, 3), np.uint8))
    painter = Overlay(settings, {"front": half}, examples.BODY, {"front": Role.FRONT})
    enlarged = drawn(replace(base, scene=small), frames={"front": black}, painter=painter)
    full = replace(black, image=np.zeros((720, 1280, 3), np.uint8))
    painter = Overlay(settings, {"front": examples.CAMERA}, examples.BODY, {"front": Role.FRONT})
    direct = drawn(base, frames={"front": full}, painter=painter)
    x0, y0, x1, y1 = (round(v) for v in base.scene.lead.box_px)
    for rows, columns in ((slice(y0 - 12, y1 + 30), slice(x0, x1)), (slice(480, 700), slice(1280))):
        np.testing.assert_allclose(
            enlarged[rows, columns].astype(int), direct[rows, columns].astype(int), atol=3
        )


def test_the_size_may_change_in_between() -> None:
    painter = overlay(DisplaySettings(enlarge=False))
    base = examples.following()
    for size in ((1280, 720), (640, 360), (1280, 720)):
        image = examples.picture(*size)
        frames = {"front": Frame("front", 1, examples.TIME_S, image)}
        picture = drawn(base, frames=frames, painter=painter)
        assert picture.shape == image.shape


def test_the_same_input_gives_the_same_pixels() -> None:
    for name in ("following", "crowded", "emergency"):
        first, second = drawn(examples.situations()[name]), drawn(examples.situations()[name])
        np.testing.assert_array_equal(first, second)


def test_a_used_overlay_draws_what_a_new_one_draws() -> None:
    painter = overlay()
    for situation in examples.situations().values():
        drawn(situation, painter=painter)
    # Only the held numbers may differ: they are refreshed by time.
    plain = DisplaySettings(elements=ElementSettings(statistics=False))
    used = overlay(plain)
    for name in ("crowded", "emergency", "following"):
        last = drawn(examples.situations()[name], painter=used)
    np.testing.assert_array_equal(last, drawn(examples.following(), plain))


def test_with_everything_off_only_the_mode_remains() -> None:
    settings = DisplaySettings(elements=NOTHING_DRAWN, inset=InsetSettings(show=False))
    picture = drawn(examples.following(), settings)
    changed = (picture != FRAMES["front"].image).any(axis=2)
    assert changed[:120, :340].any()
    changed[:120, :340] = False
    assert not changed.any()


@pytest.mark.parametrize("element", sorted(ElementSettings.model_fields))
def test_each_element_can_be_switched_off(element: str) -> None:
    without = DisplaySettings(elements=ElementSettings(**{element: False}))
    shown = examples.situations()["parking" if element == "parking" else "town"]
    assert (drawn(shown) != drawn(shown, without)).any()


def test_the_lead_is_marked_in_its_colour_around_its_box() -> None:
    base = examples.following()
    assert base.scene is not None
    assert base.scene.lead is not None
    x0, y0, x1, y1 = (round(v) for v in base.scene.lead.box_px)
    settings = DisplaySettings(elements=NOTHING_DRAWN.model_copy(update={"boxes": True}))
    picture = drawn(base, settings)
    assert count(picture[y0 - 10 : y0 + 4, x0 - 10 : x0 + 10], TEAL) > 10
    assert count(picture[y1 - 2 : y1 + 30, x0:x1], TEAL) > 10


def test_the_aeb_target_is_red_and_the_frame_has_a_red_edge() -> None:
    picture = drawn(examples.situations()["emergency"])
    assert count(picture[:3], RED) == 3 * 1280
    scene = examples.situations()["emergency"].scene
    assert scene is not None
    assert scene.lead is not None
    x0, y0, *_ = (round(v) for v in scene.lead.box_px)
    assert count(picture[y0 - 10 : y0 + 10, x0 - 10 : x0 + 10], RED) > 10


def test_the_mirror_warns_on_its_side_only() -> None:
    base = examples.following()
    assert base.decision is not None
    right = replace(base.decision, bsd=BsdDecision(BsdLevel.CLEAR, BsdLevel.WARN, None, 1.0))
    picture = drawn(replace(base, decision=right))
    assert count(picture[500:, 1000:], RED) > 200
    assert count(picture[500:, :280], RED) == 0
    occupied = BsdDecision(BsdLevel.OCCUPIED, BsdLevel.CLEAR, None, None)
    left = replace(base.decision, bsd=occupied)
    picture = drawn(replace(base, decision=left))
    assert count(picture[500:, :280], AMBER) > 200
    assert count(picture[500:, 1000:], AMBER) == 0


def test_a_panel_is_made_anew_only_when_its_values_change() -> None:
    painter, base = overlay(), examples.following()
    drawn(base, painter=painter)
    made = painter.panel_builds
    drawn(base, painter=painter)
    assert painter.panel_builds == made
    assert base.scene is not None
    faster = replace(base, scene=replace(base.scene, ego=replace(base.scene.ego, speed_mps=30.0)))
    changed = drawn(faster, painter=painter)
    assert made < painter.panel_builds <= made + 4
    np.testing.assert_array_equal(changed, drawn(faster))


def test_a_side_camera_without_a_new_frame_keeps_its_last_picture() -> None:
    painter, base = overlay(), examples.following()
    whole = drawn(base, painter=painter)
    later = drawn(base, frames={"front": FRAMES["front"]}, painter=painter)
    np.testing.assert_array_equal(whole, later)


def test_an_old_picture_is_dimmed_and_says_so() -> None:
    base = examples.following()
    old = replace(base, status=examples.status(time_s=examples.TIME_S + 2.0))
    assert drawn(old)[300, 900].mean() < 0.7 * drawn(base)[300, 900].mean()


def test_without_side_cameras_there_are_no_mirrors_unless_they_warn() -> None:
    painter = Overlay(
        DisplaySettings(), {"front": examples.CAMERA}, examples.BODY, {"front": Role.FRONT}
    )
    settings = DisplaySettings(elements=ElementSettings(mirrors=False))
    front = {"front": FRAMES["front"]}
    base = examples.following()
    np.testing.assert_array_equal(
        drawn(base, frames=front, painter=painter)[:, :300],
        drawn(base, settings, frames=front)[:, :300],
    )


def test_debug_shows_raw_boxes_and_the_class_map() -> None:
    classes = np.zeros((40, 128), np.uint8)
    classes[20:, 40:80] = 1
    boxes = np.array([[100, 200, 180, 260], [np.nan, 0, 1, 1]], np.float32)
    results = {
        "road": ClassMap(classes, (0.0, 320.0, 1280.0, 720.0)),
        "objects": Detections(boxes, np.array([0.9, 0.5], np.float32), ("car", "car")),
        "signal": None,
    }
    perceived = {"front": Perceived("front", 1, examples.TIME_S, 1280, 720, results)}
    base = examples.following()
    for debug in (DebugSettings(raw_boxes=True), DebugSettings(class_map=True)):
        picture = overlay(DisplaySettings(debug=debug)).draw(
            FRAMES, perceived, base.scene, base.decision, base.command, base.status
        )
        assert (picture != drawn(base)).any()


def test_debug_shows_what_perception_did_not_believe() -> None:
    base = examples.following()
    assert base.scene is not None
    bonnet = RejectedBox("front", "car", (300.0, 600.0, 900.0, 700.0), "own_body")
    refused = replace(base, scene=replace(base.scene, rejected=(bonnet,)))
    shown = drawn(refused, DisplaySettings(debug=DebugSettings(rejected=True)))
    assert (shown != drawn(refused)).any()
    np.testing.assert_array_equal(drawn(refused), drawn(base))


def test_a_notice_lies_in_the_picture_while_it_holds() -> None:
    base = examples.following()
    told = replace(base, status=replace(base.status, notice="drive.yaml:12 refused"))
    changed = (drawn(told) != drawn(base)).any(axis=2)
    rows, columns = np.nonzero(changed)
    assert changed.sum() > 2000
    assert abs((columns.min() + columns.max()) / 2 - changed.shape[1] / 2) < 20  # centred
    assert rows.max() - rows.min() < 120
