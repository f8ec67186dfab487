from __future__ import annotations

from drag_edge.inference.labels import map_labels


def test_names_map_by_themselves_and_the_rest_is_named() -> None:
    labels = map_labels({0: "person", 1: "toaster", 2: "Traffic Light"}, {})
    assert labels.word_of == {0: "pedestrian", 2: "traffic_light"}
    assert labels.unmapped == ("toaster",)
    assert labels.unused == ()


def test_the_table_wins_by_id_and_by_name() -> None:
    names = {0: "pedestrian", 1: "Toaster", 2: "car", 3: "lamp"}
    labels = map_labels(names, {0: "bicycle", "toaster": "truck", "lamp": None})
    assert labels.word_of == {0: "bicycle", 1: "truck", 2: "car"}
    assert labels.unmapped == ()


def test_entries_that_the_model_does_not_have_are_named() -> None:
    assert map_labels({0: "car"}, {5: "car", "lorrry": "truck"}).unused == ("5", "lorrry")
