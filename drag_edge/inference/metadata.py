"""What a network's file says about itself: Ultralytics' keys and a few of our own.

ONNX properties are strings (Ultralytics writes `str(value)`); a TensorRT engine's header is JSON.
Both are read here. A value that cannot be read is left out and said in `notes`, never guessed.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ModelMetadata:
    """Everything is optional: a bare ONNX says nothing.

    task: as the file spells it. names: class id → name. input_size: width, height in pixels.
    end2end: the output needs no suppression. keypoints: count and values per keypoint (2 or 3).
    resize, color_order, scale, mean, std, roi, format: as in config/models.py.
    notes: keys that could not be read, one line each.
    """

    task: str | None = None
    names: Mapping[int, str] | None = None
    input_size: tuple[int, int] | None = None
    end2end: bool | None = None
    keypoints: tuple[int, int] | None = None
    resize: str | None = None
    color_order: str | None = None
    scale: float | None = None
    mean: tuple[float, float, float] | None = None
    std: tuple[float, float, float] | None = None
    roi: tuple[float, float, float, float] | None = None
    format: str | None = None
    notes: tuple[str, ...] = field(default=())


def parse_metadata(properties: Mapping[str, Any]) -> ModelMetadata:
    """Read a file's properties; never raises."""
    reader = _Reader(properties)
    return ModelMetadata(
        task=reader.read("task", _word),
        names=reader.read("names", _names),
        input_size=reader.read("imgsz", _input_size),
        end2end=reader.read("end2end", _flag),
        keypoints=reader.read("kpt_shape", _keypoints),
        resize=reader.read("resize", _word),
        color_order=reader.read("color_order", _word),
        scale=reader.read("scale", _number),
        mean=reader.read("mean", _three),
        std=reader.read("std", _three),
        roi=reader.read("roi", _four),
        format=reader.read("format", _word),
        notes=tuple(reader.notes),
    )


class _Reader:
    def __init__(self, properties: Mapping[str, Any]) -> None:
        self._properties = properties
        self.notes: list[str] = []

    def read(self, key: str, convert: Callable[[Any], T]) -> T | None:
        text = self._properties.get(key)
        if text is None or text == "":
            return None
        try:
            return convert(_literal(text))
        except (ValueError, TypeError, KeyError, OverflowError) as error:
            self.notes.append(f"metadata {key!r} is not understood ({error}): {str(text)[:80]}")
            return None


def _literal(value: Any) -> Any:
    """A Python literal if the text is one, else the text itself."""
    if not isinstance(value, str):
        return value
    try:
        return ast.literal_eval(value)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return value


def _word(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("a word was expected")
    return value.strip().lower()


def _names(value: Any) -> Mapping[int, str]:
    if isinstance(value, (list, tuple)):
        value = dict(enumerate(value))
    if not isinstance(value, dict) or not value:
        raise ValueError("a list of names or id: name was expected")
    return {int(key): str(name) for key, name in value.items()}


def _input_size(value: Any) -> tuple[int, int]:
    """Ultralytics writes one side, or height and width."""
    height, width = (value, value) if isinstance(value, (int, float)) else value
    if int(width) < 1 or int(height) < 1:
        raise ValueError("sizes above 0 were expected")
    return int(width), int(height)


def _flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if str(value).lower() in ("true", "false"):
        return str(value).lower() == "true"
    raise ValueError("True or False was expected")


def _keypoints(value: Any) -> tuple[int, int]:
    count, values = (int(number) for number in value)
    if count < 1 or values not in (2, 3):
        raise ValueError("count and 2 or 3 were expected")
    return count, values


def _number(value: Any) -> float:
    number = float(value)
    if not 0 < number < float("inf"):
        raise ValueError("a number above 0 was expected")
    return number


def _three(value: Any) -> tuple[float, float, float]:
    first, second, third = (float(number) for number in value)
    return first, second, third


def _four(value: Any) -> tuple[float, float, float, float]:
    left, top, right, bottom = (float(number) for number in value)
    if not (0 <= left < right <= 1 and 0 <= top < bottom <= 1):
        raise ValueError("left, top, right, bottom as fractions were expected")
    return left, top, right, bottom
