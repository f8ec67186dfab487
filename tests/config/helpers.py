"""A small valid configuration and what is said about changed ones."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path

from drag_edge.config.load import load
from drag_edge.config.report import ConfigError, Problem

VALID = """\
cameras:
  front:
    source: sim://highway
    mount: {x: 1.9, z: 1.3}
    intrinsics: {width: 1280, height: 720, fx: 1000, fy: 1000, cx: 640, cy: 360}
models:
  road:
    file: road.onnx
    cameras: [front]
"""


def write(folder: Path, text: str = VALID, name: str = "car.yaml") -> Path:
    """A YAML file in `folder`, and the model file that VALID names."""
    (folder / "road.onnx").touch()
    file = folder / name
    file.write_text(textwrap.dedent(text), encoding="utf-8")
    return file


def problems(file: Path, overrides: Sequence[str] = ()) -> tuple[Problem, ...]:
    """What is wrong with a file; empty when it loads."""
    try:
        load(file, overrides)
    except ConfigError as error:
        return error.problems
    return ()


def only(file: Path, overrides: Sequence[str] = ()) -> Problem:
    """The one thing that is wrong with a file."""
    found = problems(file, overrides)
    assert len(found) == 1, [str(problem) for problem in found]
    return found[0]
