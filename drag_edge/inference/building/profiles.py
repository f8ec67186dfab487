"""Which sizes an engine is built for, where its ONNX leaves an input's size open."""

from __future__ import annotations

from collections.abc import Mapping

from drag_edge.errors import UsageError
from drag_edge.inference.building.options import Profile, Shape

_AXES_OF_A_PICTURE = 4
_MOST_SIZE = 1 << 24


def parse_shape(text: str) -> tuple[str, Profile]:
    """`images=1x3x256x512`, or `images=MIN:OPT:MAX`. Raises ValueError.

    A name may hold `=` and `:`, as those of some exporters do: the sizes stand after the last `=`.
    """
    name, _, said = text.rpartition("=")
    parts = said.split(":")
    if not name or len(parts) not in (1, 3):
        raise ValueError("NAME=1x3x256x512 or NAME=MIN:OPT:MAX was expected")
    shapes = [_shape(part) for part in parts]
    low, best, high = shapes if len(shapes) == 3 else shapes * 3
    if not len(low) == len(best) == len(high):
        raise ValueError("MIN, OPT and MAX differ in their number of axes")
    if any(not a <= b <= c for a, b, c in zip(low, best, high, strict=True)):
        raise ValueError("MIN ≤ OPT ≤ MAX was expected in every axis")
    return name, (low, best, high)


def decide_profiles(
    inputs: Mapping[str, Shape],
    asked: Mapping[str, Profile],
    input_size: tuple[int, int] | None,
) -> dict[str, Profile]:
    """A profile for each input that has an open axis.

    inputs: name → shape, -1 for open. input_size: width, height of the file's metadata. Raises
    UsageError when a size is open and nobody says it, or an asked one does not fit.
    """
    for name in asked:
        if name not in inputs:
            raise UsageError(f"--shape: no input {name!r}; its inputs: {', '.join(inputs)}")
    profiles = {}
    for name, shape in inputs.items():
        if name in asked:
            _require_fit(name, shape, asked[name])
        if -1 in shape:
            profiles[name] = asked[name] if name in asked else _by_metadata(name, shape, input_size)
    return profiles


def _require_fit(name: str, shape: Shape, profile: Profile) -> None:
    if any(
        len(said) != len(shape)
        or any(fixed not in (-1, size) for fixed, size in zip(shape, said, strict=True))
        for said in profile
    ):
        raise UsageError(f"--shape: input {name} is {_text(shape)} in the ONNX file")


def _by_metadata(name: str, shape: Shape, input_size: tuple[int, int] | None) -> Profile:
    sizes = list(shape)
    if sizes[0] == -1:
        sizes[0] = 1
    if len(sizes) == _AXES_OF_A_PICTURE and input_size is not None:
        width, height = input_size
        sizes[2:] = [
            said if axis == -1 else axis
            for axis, said in zip(sizes[2:], (height, width), strict=True)
        ]
    if -1 in sizes:
        raise UsageError(
            f"input {name} leaves its size open ({_text(shape)}) and the file's metadata has no "
            f"imgsz: say it, e.g. --shape {name}=1x3x256x512"
        )
    fixed = tuple(sizes)
    return fixed, fixed, fixed


def _shape(text: str) -> Shape:
    sizes = tuple(int(part) for part in text.split("x"))
    if not all(0 < size <= _MOST_SIZE for size in sizes):
        raise ValueError("sizes above 0 were expected")
    return sizes


def _text(shape: Shape) -> str:
    return "×".join("?" if size == -1 else str(size) for size in shape)
