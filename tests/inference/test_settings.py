from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from drag_edge.config.models import ModelSettings


def test_a_file_is_enough() -> None:
    settings = ModelSettings(file=Path("model.onnx"))
    assert (settings.confidence, settings.iou, settings.max_detections) == (0.25, 0.7, 300)
    assert settings.task is None
    assert settings.cameras is None


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"hz": 5, "every": 2}, "hz or every, not both"),
        ({"roi": (0.5, 0, 0.5, 1)}, "left < right and top < bottom"),
        ({"roi": (0, 0, 1.2, 1)}, "less than or equal to 1"),
        ({"classes": {0: "kar"}}, "'kar' is none of our words"),
        ({"heads": {"out": {1: "car"}}}, "'car' is none of the surfaces"),
        ({"std": (1, 0, 1)}, "three numbers above 0"),
        ({"runtime": "cuda"}, "auto"),
        ({"hz": 0}, "greater than 0"),
        ({"cameras": ()}, "at least 1"),
        ({"colour": "rgb"}, "Extra inputs"),
    ],
)
def test_impossible_values_are_refused_in_words(fields: dict, says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        ModelSettings(file=Path("model.onnx"), **fields)
