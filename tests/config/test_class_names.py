from __future__ import annotations

import pytest

from drag_edge.config.class_names import _ALIASES, vocabulary_label
from drag_edge.config.vocabulary import LABELS


@pytest.mark.parametrize("label", LABELS)
def test_our_own_labels_map_to_themselves(label: str) -> None:
    assert vocabulary_label(label) == label


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("person", "pedestrian"),  # COCO
        ("traffic light", "traffic_light"),
        ("stop sign", "stop_sign"),
        ("cow", "animal"),
        ("pedestrian", "pedestrian"),  # BDD100K
        ("rider", "bicycle"),
        ("motor", "motorcycle"),
        ("traffic sign", "traffic_sign"),
        ("area/drivable", "drivable"),
        ("Cyclist", "bicycle"),  # KITTI
        ("Van", "car"),
        (" Traffic-Light ", "traffic_light"),
    ],
)
def test_public_data_sets_names_map_by_themselves(name: str, label: str) -> None:
    assert vocabulary_label(name) == label


@pytest.mark.parametrize("name", ["bird", "toaster", "", "   ", "potted plant", "DontCare"])
def test_a_name_that_is_not_of_the_road_maps_to_nothing(name: str) -> None:
    assert vocabulary_label(name) is None


def test_every_alias_is_written_normalised_and_names_one_label() -> None:
    seen: dict[str, str] = {}
    for label, aliases in _ALIASES.items():
        assert label in LABELS
        for alias in aliases:
            assert vocabulary_label(alias) == label
            assert seen.setdefault(alias, label) == label
