"""What a person may ask of the builder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Precision = Literal["fp32", "fp16", "int8"]
Tactics = Literal["default", "no-cublas", "edge-mask-only"]
Shape = tuple[int, ...]
Profile = tuple[Shape, Shape, Shape]  # min, opt, max


@dataclass(frozen=True, slots=True)
class BuildOptions:
    """One engine to build.

    output: None: the ONNX's name with .engine. precision: None: fp16 where the device is fast at
    it, else fp32. calibrate: folder of pictures or a video, for int8. profiles: by input; inputs
    of open size that are not named take the size of the file's metadata. workspace_mb: most
    scratch memory the builder may give a layer, None: TensorRT's own. timing_cache: None: one for
    all models in the user's cache folder. dla: core; what it cannot run falls back to the GPU.
    tactics: no-cublas leaves cuBLAS and cuDNN out, edge-mask-only also what is compiled while
    building. avoid_tactics: kernels that TensorRT may not try, "0x…" or a regular expression for
    their names. known_tactics_only: try no kernel that no build on this device has tried before,
    where a layer has others. most_tactics: try at most so many for a layer, which builds a slower
    engine sooner; None: all. hang_s: a kernel that is tried for so long hangs for ever; None:
    nobody watches, the build runs in this very process. retry_hangs: then build again without that
    kernel. force: overwrite what would be kept.
    """

    onnx: Path
    output: Path | None = None
    precision: Precision | None = None
    calibrate: Path | None = None
    calibration_frames: int = 500
    profiles: Mapping[str, Profile] = field(default_factory=dict)
    workspace_mb: int | None = None
    timing_cache: Path | None = None
    dla: int | None = None
    tactics: Tactics = "default"
    avoid_tactics: tuple[str, ...] = ()
    known_tactics_only: bool = False
    most_tactics: int | None = None
    hang_s: float | None = 60.0
    retry_hangs: bool = True
    verbose: bool = False
    force: bool = False

    @property
    def engine(self) -> Path:
        """Where the engine goes."""
        return self.output or self.onnx.with_suffix(".engine")
