"""The shipped demo models see what the small world shows."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
import pytest

from drag_edge.sim.camera import front_camera
from drag_edge.sim.labels import object_labels, road_map, signal_labels, split_labels
from drag_edge.sim.render import render
from drag_edge.sim.render_look import Look
from drag_edge.sim.road import Decoration, Lane, RoadMark, TrafficLight, build_road
from drag_edge.sim.scene_sampler import sample_scene
from drag_edge.sim.world import EgoPose, actor_on_road, world_at

FOLDER = Path(__file__).resolve().parents[2] / "engines" / "demo"
EGO = EgoPose(50.0, 0.0, 0.0)
LOOK = Look(seed=11)
ROI = {
    "road": (0.0, 0.444444, 1.0, 1.0),
    "objects": (0.0, 0.111111, 1.0, 1.0),
    "signal": (0.2, 0.083333, 0.8, 0.616667),
    "split": (0.2, 0.466667, 0.8, 1.0),
}
CLASSES = {
    "road": ["background", "drivable", "lane_line"],
    "objects": ["car", "truck", "pedestrian", "bicycle"],
    "signal": [f"traffic_light_{s}" for s in ("red", "yellow", "green", "off")],
    "split": ["stop_line", "crosswalk", "arrow_straight", "arrow_left", "arrow_right"],
}


@pytest.fixture(scope="module")
def sessions():
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return {
        name: onnxruntime.InferenceSession(
            str(FOLDER / f"{name}.onnx"), options, providers=["CPUExecutionProvider"]
        )
        for name in ROI
    }


def answer(session, picture, roi):
    """The raw output for a crop of a front picture, and the input's (width, height)."""
    tensor = session.get_inputs()[0]
    height, width = tensor.shape[2:]
    x0, y0, x1, y1 = roi
    part = picture[
        round(y0 * picture.shape[0]) : round(y1 * picture.shape[0]),
        round(x0 * picture.shape[1]) : round(x1 * picture.shape[1]),
    ]
    crop = cv2.resize(part, (width, height))
    planes = np.ascontiguousarray(crop[..., ::-1].transpose(2, 0, 1)[None], np.float32) / 255
    return session.run(None, {tensor.name: planes})[0], (width, height)


def boxes_found(session, name, picture, score):
    """(class name, score, box in full-picture pixels) of everything above a score."""
    output, size = answer(session, picture, ROI[name])
    rows = output[0].T
    x0, y0, x1, y1 = ROI[name]
    scale = np.array([(x1 - x0) * 1280, (y1 - y0) * 720]) / size
    origin = np.array([x0 * 1280, y0 * 720])
    found = []
    for row in rows[rows[:, 4:].max(axis=1) >= score]:
        low, high = row[:2] - row[2:4] / 2, row[:2] + row[2:4] / 2
        label = CLASSES[name][int(np.argmax(row[4:]))]
        found.append(
            (label, float(row[4:].max()), (*(low * scale + origin), *(high * scale + origin)))
        )
    return sorted(found, key=lambda item: -item[1])


def overlap(a, b):
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    shared = max(0.0, width) * max(0.0, height)
    return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)


def world_of(*actors, **changes):
    road = build_road([(0.0, 0.0)], 300.0, [Lane(), Lane()], reference_lane=1, **changes)
    return world_at(road, 1.0, tuple(actor_on_road(road, i + 1, *a) for i, a in enumerate(actors)))


def corners(label):
    return (label.x0, label.y0, label.x1, label.y1)


@pytest.mark.parametrize("name", list(ROI))
def test_a_model_says_what_it_is(sessions, name):
    session = sessions[name]
    metadata = session.get_modelmeta().custom_metadata_map
    assert list(ast.literal_eval(metadata["names"]).values()) == CLASSES[name]
    assert metadata["task"] == ("segment" if name == "road" else "detect")
    assert json.loads(metadata["imgsz"]) == session.get_inputs()[0].shape[2:]


def test_the_card_and_the_metrics_name_every_model():
    metrics = json.loads((FOLDER / "metrics.json").read_text())
    assert sorted(metrics) == sorted(ROI)
    assert not any(row["partial"] for row in metrics.values())
    card = (FOLDER / "README.md").read_text()
    assert all(f"{name}.onnx" in card for name in ROI)


def test_the_road_is_where_the_geometry_says(sessions):
    right = np.zeros(3)
    either = np.zeros(3)
    for seed in range(9_000_000, 9_000_008):
        scene = sample_scene(seed, "road")
        picture = render(scene.world, scene.ego, scene.camera, scene.look)
        output, size = answer(sessions["road"], picture, ROI["road"])
        found = np.argmax(output[0], axis=0)
        truth = road_map(scene.world, scene.ego, scene.camera, scene.look, ROI["road"], size)
        for number in range(3):
            right[number] += np.sum((found == number) & (truth == number))
            either[number] += np.sum((found == number) | (truth == number))
    iou = right / either
    assert iou[1] > 0.85
    assert iou[2] > 0.5


@pytest.mark.parametrize("gap_m", [8.0, 20.0, 45.0])
@pytest.mark.parametrize("kind", ["car", "truck"])
def test_a_lead_is_boxed(sessions, kind, gap_m):
    world = world_of((kind, 53.65 + gap_m + 4.0, 0.0))
    (truth,) = object_labels(world, EGO, front_camera(), LOOK)
    found = boxes_found(
        sessions["objects"], "objects", render(world, EGO, front_camera(), LOOK), 0.4
    )
    assert found[0][0] == kind
    assert overlap(found[0][2], corners(truth)) > 0.7


@pytest.mark.parametrize(("kind", "name"), [("pedestrian", "pedestrian"), ("cyclist", "bicycle")])
def test_people_are_boxed(sessions, kind, name):
    world = world_of((kind, 72.0, -0.5))
    (truth,) = object_labels(world, EGO, front_camera(), LOOK)
    found = boxes_found(
        sessions["objects"], "objects", render(world, EGO, front_camera(), LOOK), 0.3
    )
    assert found[0][0] == name
    assert overlap(found[0][2], corners(truth)) > 0.5


def test_plates_shadows_and_the_bonnet_are_nobody(sessions):
    flat = [
        Decoration("steel_plate", 70.0, 0.0, 3.7, 2.4, 1),
        Decoration("shadow", 85.0, 1.0, 6.0, 5.0, 2),
        Decoration("asphalt_patch", 62.0, 0.5, 3.0, 2.0, 3),
    ]
    look = Look(seed=12, bonnet=(40.0, 40.0, 45.0), bonnet_height=0.12)
    picture = render(world_of(decorations=flat), EGO, front_camera(), look)
    assert boxes_found(sessions["objects"], "objects", picture, 0.4) == []


@pytest.mark.parametrize("state", ["red", "yellow", "green"])
def test_a_light_has_its_state(sessions, state):
    light = TrafficLight(80.0, -3.0, -4.0, 3.3, ((9.0, state),))
    world = world_of(traffic_lights=[light])
    (truth,) = signal_labels(world, EGO, front_camera())
    found = boxes_found(sessions["signal"], "signal", render(world, EGO, front_camera(), LOOK), 0.4)
    assert found[0][0] == f"traffic_light_{state}"
    assert overlap(found[0][2], corners(truth)) > 0.4


@pytest.mark.parametrize(
    "mark", ["stop_line", "crosswalk", "arrow_straight", "arrow_left", "arrow_right"]
)
def test_a_mark_is_found(sessions, mark):
    world = world_of(marks=[RoadMark(mark, 61.0, 1)])
    (truth,) = split_labels(world, EGO, front_camera(), LOOK)
    found = boxes_found(sessions["split"], "split", render(world, EGO, front_camera(), LOOK), 0.3)
    assert found[0][0] == mark
    seen = (max(256.0, truth.x0), truth.y0, min(1024.0, truth.x1), truth.y1)
    assert overlap(found[0][2], seen) > 0.4
