"""Engine files for tests: headers of every kind, with nothing behind them that could run."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from drag_edge.inference.building.files import write_engine
from drag_edge.inference.sidecar import Sidecar, file_sha256
from tests.inference.fake_tensorrt import plan_bytes

CERTIFICATE = Sidecar(
    tensorrt="10.3.0",
    cuda="12.6",
    sm="sm_87",
    device="Orin",
    onnx="objects.onnx",
    onnx_sha256="0" * 64,
    precision="fp16",
    inputs={"images": (1, 3, 32, 64)},
    outputs={"output0": (1, 6, 42)},
    build_time_s=12.5,
    built="2026-01-02T03:04:05+00:00",
)


def with_header(metadata: Mapping[str, Any], plan: bytes) -> bytes:
    """As Ultralytics writes an engine."""
    text = json.dumps(metadata).encode()
    return struct.pack("<i", len(text)) + text + plan


def ours(engine: Path, onnx: Path | None = None, plan: bytes = b"", **said: Any) -> Sidecar:
    """An engine with its sidecar, built from `onnx` beside it."""
    certificate = replace(CERTIFICATE, **said)
    if onnx is not None:
        certificate = replace(certificate, onnx=onnx.name, onnx_sha256=file_sha256(onnx))
    plan = plan or plan_bytes(certificate.tensorrt)
    write_engine(engine, {"task": "detect", "names": "{0: 'car'}"}, plan, certificate)
    return certificate
