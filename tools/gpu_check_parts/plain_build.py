"""An engine by TensorRT's own builder and nothing of ours, for when ours fails."""

from __future__ import annotations

import importlib
import json
import struct
from pathlib import Path
from typing import Any

from drag_edge.inference.onnx_file import read_onnx_metadata


def build_plainly(onnx: Path, target: Path, precision: str, tactics: str) -> None:
    """ONNX → Ultralytics' file form. Raises RuntimeError with the parser's or builder's words."""
    trt: Any = importlib.import_module("tensorrt")
    logger = trt.Logger(trt.Logger.WARNING)
    builder = trt.Builder(logger)
    explicit = getattr(trt.NetworkDefinitionCreationFlag, "EXPLICIT_BATCH", None)
    network = builder.create_network(0 if explicit is None else 1 << int(explicit))
    parser = trt.OnnxParser(network, logger)
    if not parser.parse(onnx.read_bytes()):
        errors = [str(parser.get_error(index)) for index in range(parser.num_errors)]
        raise RuntimeError("; ".join(errors))
    config = builder.create_builder_config()
    if hasattr(trt.BuilderFlag, "TF32"):
        config.clear_flag(trt.BuilderFlag.TF32)
    if precision == "fp16":
        config.set_flag(trt.BuilderFlag.FP16)
    if tactics == "no-cublas":
        names = ("EDGE_MASK_CONVOLUTIONS", "JIT_CONVOLUTIONS")
        sources = (getattr(trt.TacticSource, name, None) for name in names)
        config.set_tactic_sources(sum(1 << int(one) for one in sources if one is not None))
    plan = builder.build_serialized_network(network, config)
    if plan is None:
        raise RuntimeError("TensorRT's builder gave no plan")
    text = json.dumps(read_onnx_metadata(onnx)).encode()
    fresh = target.with_suffix(".new")
    fresh.write_bytes(struct.pack("<i", len(text)) + text + bytes(plan))
    fresh.replace(target)
