"""ONNX file → TensorRT network; what TensorRT cannot read is named node by node."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from drag_edge.errors import InvalidConfigError
from drag_edge.inference.onnx_graph import OnnxGraph

_MOST_ERRORS = 20


def parse_onnx(
    trt: Any,
    builder: Any,
    logger: Any,
    onnx: Path,
    graph: OnnxGraph,
    creation_flags: tuple[str, ...],
) -> Any:
    """The network. creation_flags: names of NetworkDefinitionCreationFlag.

    Raises InvalidConfigError with a line for each node that TensorRT cannot read.
    """
    members = [getattr(trt.NetworkDefinitionCreationFlag, name) for name in creation_flags]
    network = builder.create_network(sum(1 << int(member) for member in members))
    parser = trt.OnnxParser(network, logger)
    # By its name: weights in files beside it are found only so.
    if parser.parse_from_file(str(onnx)):
        return network
    count = int(parser.num_errors)
    lines = [_line(parser.get_error(index), graph) for index in range(min(count, _MOST_ERRORS))]
    if count > _MOST_ERRORS:
        lines.append(f"and {count - _MOST_ERRORS} more")
    if not lines:
        lines = logger.lines.take_errors() or ["it did not say why; --verbose shows its whole log"]
    raise InvalidConfigError(
        f"{onnx}: TensorRT {trt.__version__} cannot read it:\n  " + "\n  ".join(lines)
    )


def _line(error: Any, graph: OnnxGraph) -> str:
    """One parser error. Newer releases say the node's name; its number serves where they do not."""
    number = int(error.node())
    name = error.node_name() if hasattr(error, "node_name") else ""
    operator = error.node_operator() if hasattr(error, "node_operator") else ""
    if 0 <= number < len(graph.nodes):
        name, operator = name or graph.nodes[number].name, operator or graph.nodes[number].op
    what = " ".join(str(error.desc()).split())
    if number < 0 and not name:
        return what
    return f"node {number} {name or 'without a name'} ({operator or 'operator unknown'}): {what}"
