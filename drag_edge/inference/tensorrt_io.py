"""An engine's tensors: which there are, and the shapes that a dynamic one will run with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from drag_edge.inference.engine import ModelError, TensorSpec

# By the enumeration's own names: what a release does not have is not asked for.
_DTYPES: Mapping[str, type[np.generic]] = MappingProxyType(
    {
        "FLOAT": np.float32,
        "HALF": np.float16,
        "UINT8": np.uint8,
        "INT8": np.int8,
        "INT32": np.int32,
        "INT64": np.int64,
        "BOOL": np.bool_,
    }
)
_PROFILE = 0  # the one that a new execution context has
Shape = tuple[int, ...]


def tensor_names(trt: Any, engine: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Inputs and outputs, in the engine's order. Raises ModelError for one that is not ours."""
    if getattr(engine, "has_implicit_batch_dimension", False):
        raise ModelError("the engine has an implicit batch dimension: build it from ONNX")
    names = [engine.get_tensor_name(index) for index in range(engine.num_io_tensors)]
    for name in names:
        if engine.get_tensor_location(name) != trt.TensorLocation.DEVICE:
            raise ModelError(f"tensor {name!r} is read on the host (a shape): not supported")
        layout = engine.get_tensor_format(name)
        if layout != trt.TensorFormat.LINEAR:
            raise ModelError(f"tensor {name!r} has the layout {layout.name}, not plain rows")
    inputs = [name for name in names if engine.get_tensor_mode(name) == trt.TensorIOMode.INPUT]
    return tuple(inputs), tuple(name for name in names if name not in inputs)


def fix_inputs(
    engine: Any, context: Any, names: Iterable[str], input_size: tuple[int, int] | None
) -> tuple[TensorSpec, ...]:
    """Give every input its shape for good.

    input_size: width and height that the file's metadata ask for; without them a dynamic input
    gets what its optimisation profile is best at. Raises ModelError if that cannot be.
    """
    specs = []
    for name in names:
        shape = _dims(engine.get_tensor_shape(name))
        if min(shape, default=1) < 0:
            shape = _within_profile(engine, name, shape, input_size)
            if not context.set_input_shape(name, shape):
                raise ModelError(f"input {name!r} does not take the shape {_text(shape)}")
        specs.append(TensorSpec(name, shape, _dtype(engine, name)))
    missing = context.infer_shapes()
    if missing:
        raise ModelError(f"inputs without a shape: {', '.join(missing)}")
    return tuple(specs)


def read_outputs(engine: Any, context: Any, names: Iterable[str]) -> tuple[TensorSpec, ...]:
    """The outputs, after the inputs' shapes stand. Raises ModelError for open sizes."""
    specs = []
    for name in names:
        shape = _dims(context.get_tensor_shape(name))
        if min(shape, default=1) < 0:
            raise ModelError(
                f"output {name!r} has a size that depends on the picture ({_text(shape)}): "
                "export the network without its own NMS, or with a fixed number of boxes"
            )
        specs.append(TensorSpec(name, shape, _dtype(engine, name)))
    return tuple(specs)


def _within_profile(
    engine: Any, name: str, shape: Shape, input_size: tuple[int, int] | None
) -> Shape:
    low, best, high = map(_dims, engine.get_tensor_profile_shape(name, _PROFILE))
    wanted = list(best)
    if shape[0] < 0 and low[0] <= 1:
        wanted[0] = 1  # one picture at a time
    if input_size is not None and len(shape) == 4:
        width, height = input_size
        wanted[2:] = [
            dim if dim > 0 else size for dim, size in zip(shape[2:], (height, width), strict=True)
        ]
    if not all(a <= w <= b for a, w, b in zip(low, wanted, high, strict=True)):
        raise ModelError(
            f"input {name!r} was built for {_text(low)} to {_text(high)}, and its metadata ask for "
            f"{_text(tuple(wanted))}"
        )
    return tuple(wanted)


def _dtype(engine: Any, name: str) -> np.dtype[Any]:
    # Not trt.nptype: in 8.5 it names numpy.bool, which numpy 1.24 and later do not have.
    kind = engine.get_tensor_dtype(name).name
    if kind not in _DTYPES:
        raise ModelError(f"tensor {name!r} has the type {kind}, which we cannot exchange")
    return np.dtype(_DTYPES[kind])


def _dims(dims: Any) -> Shape:
    return tuple(int(dim) for dim in dims)


def _text(shape: Shape) -> str:
    return "×".join(map(str, shape))
