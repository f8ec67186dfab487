"""Whether an engine that is already there may be replaced without being asked to."""

from __future__ import annotations

from pathlib import Path

from drag_edge.inference.choose import Here
from drag_edge.inference.engine import ModelError
from drag_edge.inference.engine_file import read_engine_file
from drag_edge.inference.sidecar import read_sidecar
from drag_edge.inference.versions import same_version


def refusal(engine: Path, onnx: Path, onnx_sha256: str, here: Here) -> str:
    """Why `engine` is kept unless --force is given; "" when it may be replaced.

    Only an engine that is of no use here is replaced: one of another TensorRT or device, one that
    our own builder made from another ONNX, and one of unknown origin that is older than the ONNX.
    """
    if not engine.exists():
        return ""
    try:
        file = read_engine_file(engine)
    except ModelError as error:
        return f"{error}; --force overwrites it"
    if file.version is not None and not same_version(file.version, here.tensorrt or ""):
        return ""
    sidecar = read_sidecar(engine)
    if sidecar is None:
        if engine.stat().st_mtime < onnx.stat().st_mtime:
            return ""
        return (
            f"{engine} is newer than {onnx.name} and does not say what it was built from; "
            "--force overwrites it"
        )
    if (sidecar.sm, sidecar.device) != (here.sm, here.device):
        return ""
    if sidecar.onnx_sha256 != onnx_sha256:
        return ""
    return (
        f"{engine} was built from this very {onnx.name} for this device already "
        f"({sidecar.precision}, {sidecar.built}); --force builds it again"
    )
