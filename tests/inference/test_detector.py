from __future__ import annotations

import numpy as np
import pytest

from drag_edge.inference.boxes import BoxLayout
from drag_edge.inference.detector import Detector, DetectorRecipe, instance_masks
from drag_edge.inference.letterbox import place

CELLS = 8 * 4 + 4 * 2 + 2
PLACED = place(640, 320, 64, 32, "letterbox")  # a tenth


def recipe(**changes: object) -> DetectorRecipe:
    fields = {
        "format": "yolov8",
        "layout": BoxLayout(3, 64, 32),
        "boxes_output": "boxes",
        "labels": {0: "car", 1: "truck", 2: "car"},
        "confidence": 0.25,
        "iou": 0.5,
        "max_detections": 300,
    }
    return DetectorRecipe(**(fields | changes))  # type: ignore[arg-type]


def output(*rows: tuple[float, ...]) -> dict[str, np.ndarray]:
    """Rows of centre x, y, width, height, then class scores and extras, at the first anchors."""
    array = np.zeros((1, len(rows[0]), CELLS), np.float32)
    array[0, :, : len(rows)] = np.array(rows, np.float32).T
    return {"boxes": array}


def test_boxes_come_best_first_clipped_to_the_frame_in_our_words() -> None:
    found = Detector(recipe()).decode(
        output((10, 10, 4, 4, 0.3, 0.1, 0), (60, 30, 20, 20, 0, 0.8, 0.2)), PLACED
    )
    assert found.labels == ("truck", "car")
    assert found.scores.tolist() == pytest.approx([0.8, 0.3])
    np.testing.assert_allclose(found.boxes_px, [[500, 200, 640, 320], [80, 80, 120, 120]])
    assert found.boxes_px.dtype == found.scores.dtype == np.float32
    assert found.masks is None
    assert found.keypoints_px is None


def test_two_classes_of_one_word_compete_and_two_words_only_when_agnostic() -> None:
    van_and_car = output((20, 10, 10, 10, 0.6, 0, 0), (20, 10, 10, 10, 0, 0, 0.7))
    assert Detector(recipe()).decode(van_and_car, PLACED).scores.tolist() == pytest.approx([0.7])
    car_and_truck = output((20, 10, 10, 10, 0.6, 0, 0), (20, 10, 10, 10, 0, 0.7, 0))
    assert len(Detector(recipe()).decode(car_and_truck, PLACED).scores) == 2
    agnostic = Detector(recipe(agnostic=True)).decode(car_and_truck, PLACED)
    assert agnostic.labels == ("truck",)


def test_a_class_that_means_nothing_here_is_left_out() -> None:
    only_trucks = Detector(recipe(labels={1: "truck"}))
    found = only_trucks.decode(output((10, 10, 4, 4, 0.9, 0, 0), (40, 10, 4, 4, 0, 0.5, 0)), PLACED)
    assert found.labels == ("truck",)
    assert found.scores.tolist() == pytest.approx([0.5])


def test_nothing_seen_is_empty_arrays_of_the_right_shape() -> None:
    found = Detector(recipe()).decode(output((10, 10, 4, 4, 0.1, 0.1, 0.1)), PLACED)
    assert found.boxes_px.shape == (0, 4)
    assert found.scores.shape == (0,)
    assert found.labels == ()
    assert found.vocabulary == ("car", "truck")


def test_an_end_to_end_output_is_sorted_and_cut_but_not_suppressed() -> None:
    rows = np.zeros((1, 10, 6), np.float32)
    rows[0, :3] = [(0, 0, 8, 8, 0.5, 0), (0, 0, 8, 8, 0.9, 0), (8, 8, 16, 16, 0.7, 1)]
    end2end = Detector(recipe(format="end2end", max_detections=2))
    found = end2end.decode({"boxes": rows}, PLACED)
    assert found.scores.tolist() == pytest.approx([0.9, 0.7])
    assert found.labels == ("car", "truck")


def test_a_class_id_beyond_the_names_is_dropped() -> None:
    rows = np.array([[(0, 0, 8, 8, 0.5, 7), (0, 0, 8, 8, 0.4, -1)]], np.float32)
    found = Detector(recipe(format="end2end")).decode({"boxes": rows}, PLACED)
    assert found.labels == ()


def test_keypoints_come_in_frame_pixels() -> None:
    pose = recipe(layout=BoxLayout(1, 64, 32), labels={0: "pedestrian"}, keypoints=(2, 3))
    found = Detector(pose).decode(output((10, 10, 4, 4, 0.9, 9, 8, 0.5, 11, 12, 0.7)), PLACED)
    assert found.keypoints_px is not None
    np.testing.assert_allclose(found.keypoints_px, [[[90, 80, 0.5], [110, 120, 0.7]]], rtol=1e-5)


def test_keypoints_without_visibility_count_as_seen() -> None:
    pose = recipe(layout=BoxLayout(1, 64, 32), labels={0: "pedestrian"}, keypoints=(1, 2))
    found = Detector(pose).decode(output((10, 10, 4, 4, 0.9, 9, 8)), PLACED)
    assert found.keypoints_px is not None
    np.testing.assert_allclose(found.keypoints_px, [[[90, 80, 1]]], rtol=1e-5)


def test_masks_are_positive_combinations_inside_their_boxes() -> None:
    protos = np.zeros((2, 8, 16), np.float32)
    protos[0] = 1.0
    protos[1] = -1.0
    coefficients = np.array([[1, 0], [0, 1]], np.float32)
    boxes = np.array([[8, 4, 24, 12], [8, 4, 24, 12]], np.float32)
    masks = instance_masks(coefficients, protos, boxes, (64, 32))
    assert masks.shape == (2, 32, 64)
    assert masks[0].sum() == 16 * 8
    assert masks[0, 4:12, 8:24].all()
    assert not masks[1].any()


def test_a_detector_with_prototypes_gives_masks() -> None:
    protos = np.ones((1, 2, 8, 16), np.float32)
    instances = recipe(layout=BoxLayout(1, 64, 32), labels={0: "car"}, protos_output="protos")
    outputs = output((16, 8, 16, 8, 0.9, 1, 1)) | {"protos": protos}
    found = Detector(instances).decode(outputs, PLACED)
    assert found.masks is not None
    assert found.masks[0].sum() == 16 * 8
