"""Builds one engine, from the ONNX file to the files on disk."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from drag_edge.inference.building.options import BuildOptions
from drag_edge.inference.sidecar import Sidecar

if TYPE_CHECKING:
    from drag_edge.inference.cuda import Gpu

OnProgress = Callable[[str], None]


def build_engine(
    options: BuildOptions, on_progress: OnProgress = lambda line: None, gpu: Gpu | None = None
) -> Sidecar:
    """Build, write engine and sidecar, and return what the sidecar says.

    gpu: an open one, which stays open; None: opened and closed here. on_progress: gets lines for a
    person. Raises DragEdgeError with its exit code: InputMissingError, UnavailableError (no
    TensorRT, no GPU), CannotCreateError, InvalidConfigError (not a usable model).
    """
    raise NotImplementedError
