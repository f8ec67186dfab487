"""Networks that others trained, on real roads: do we feed and read them right?"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from drag_edge.clock import VirtualClock
from drag_edge.config.models import ModelSettings
from drag_edge.config.vocabulary import DRIVABLE_ID, LANE_LINE_ID
from drag_edge.events import Event
from drag_edge.frames.frame import Frame
from drag_edge.inference.pool import ModelPool
from drag_edge.inference.results import ClassMap, Detections

COCO_ROAD_USERS = {0: "pedestrian", 1: "bicycle", 2: "car", 3: "motorcycle", 5: "bus", 7: "truck"}
ROADS = {
    "twinlitenet_320x320": {"drivable_area": {1: "drivable"}, "lanes": {1: "lane_line"}},
    "twinlitenet_360x640": {"424": {1: "drivable"}, "439": {1: "lane_line"}},
}


def frames(video: Path, every: int) -> list[Frame]:
    capture = cv2.VideoCapture(str(video))
    found = []
    for index in range(10_000):
        read, image = capture.read()
        if not read:
            break
        if index % every == 0:
            found.append(Frame("front", index, index / 25, image))
    capture.release()
    return found


@pytest.mark.parametrize("network", list(ROADS))
def test_twinlitenet_sees_the_road_ahead_and_both_own_lines(
    network: str, shared_data: Path
) -> None:
    settings = ModelSettings(
        file=shared_data / "models" / f"{network}.onnx", heads=ROADS[network], threads=1
    )
    events: list[Event] = []
    pool = ModelPool({"road": settings}, VirtualClock(), events.append)
    for frame in frames(shared_data / "video" / "solidWhiteRight.mp4", 44):
        road = pool.infer(frame).results["road"]
        assert isinstance(road, ClassMap), events
        assert road.region_px == (0, 0, 960, 540)
        height, width = road.classes.shape
        # Across the own lane some 10 m ahead, and nothing above the horizon.
        row = road.classes[int(0.7 * height)]
        middle = row[int(0.45 * width) : int(0.6 * width)]
        assert (middle == DRIVABLE_ID).mean() > 0.6
        lines = np.flatnonzero(row == LANE_LINE_ID)
        assert (lines < 0.5 * width).any()
        assert (lines > 0.5 * width).any()
        assert not road.classes[: int(0.4 * height)].any()


def test_yolox_sees_the_cars_that_kitti_labels(shared_data: Path) -> None:
    settings = ModelSettings(
        file=shared_data / "models" / "yolox_nano_coco_416.onnx",
        classes=COCO_ROAD_USERS,
        threads=1,
    )
    pool = ModelPool({"objects": settings}, VirtualClock(), print)
    found = expected = 0
    for label_file in sorted((shared_data / "kitti_obj" / "label_2").glob("*.txt")):
        image = cv2.imread(str(label_file.parents[1] / "image_2" / f"{label_file.stem}.png"))
        seen = pool.infer(Frame("front", 0, 0.0, image)).results["objects"]
        assert isinstance(seen, Detections)
        for box in large_clear_cars(label_file):
            expected += 1
            found += any(overlap(box, other) >= 0.5 for other in seen.boxes_px)
    assert expected >= 5
    assert found / expected >= 0.8


def large_clear_cars(label_file: Path) -> list[np.ndarray]:
    """KITTI rows: type, truncated, occluded, alpha, x0 y0 x1 y1 …"""
    rows = (line.split() for line in label_file.read_text(encoding="utf-8").splitlines())
    boxes = [
        np.array(row[4:8], float)
        for row in rows
        if row[0] in ("Car", "Van", "Truck") and float(row[1]) < 0.15 and int(row[2]) == 0
    ]
    return [box for box in boxes if box[3] - box[1] >= 40]


def overlap(a: np.ndarray, b: np.ndarray) -> float:
    low, high = np.maximum(a[:2], b[:2]), np.minimum(a[2:], b[2:])
    both = float(np.prod(np.clip(high - low, 0, None)))
    return both / float(np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2]) - both)


def test_a_network_of_another_kind_is_refused_in_words(shared_data: Path) -> None:
    events: list[Event] = []
    settings = ModelSettings(
        file=shared_data / "models" / "fastestdet_coco_352.onnx", task="detect", threads=1
    )
    pool = ModelPool({"objects": settings}, VirtualClock(), events.append)
    frame = Frame("front", 0, 0.0, np.zeros((270, 480, 3), np.uint8))
    assert pool.infer(frame).results["objects"] is None
    assert "do not fit task detect" in events[0].detail
