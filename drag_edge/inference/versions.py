"""Which TensorRT is here, whether an engine is for it, and the line that mends it when not."""

from __future__ import annotations

import importlib
import shlex
from collections.abc import Iterable
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from drag_edge.inference.engine import ModelError
from drag_edge.inference.engine_file import EngineFile
from drag_edge.inference.sidecar import Sidecar, onnx_of, read_sidecar

if TYPE_CHECKING:
    from drag_edge.inference.cuda import DeviceInfo

_OLDEST = (8, 5)
_HOW_TO_GET = (
    "on a Jetson it comes with JetPack and the virtual environment must see it "
    "(python3 -m venv --system-site-packages); elsewhere: pip install tensorrt"
)


def import_tensorrt() -> Any:
    """The `tensorrt` module. Raises ModelError that says what is missing and how to get it."""
    try:
        trt = importlib.import_module("tensorrt")
    except ModuleNotFoundError as error:
        if error.name and error.name.split(".")[0].startswith("tensorrt"):
            raise ModelError(f"TensorRT's Python package is not here: {_HOW_TO_GET}") from error
        raise ModelError(f"TensorRT cannot be imported: {error}") from error
    except Exception as error:
        text = " ".join(str(error).split())
        raise ModelError(f"TensorRT is here but cannot be imported: {text}") from error
    version = str(getattr(trt, "__version__", ""))
    if not version or not hasattr(trt, "Runtime"):
        raise ModelError(f"the package `tensorrt` that Python finds is not TensorRT: {_HOW_TO_GET}")
    if version_numbers(version)[:2] < _OLDEST:
        raise ModelError(f"TensorRT {version} is too old: 8.5 or newer is needed")
    return trt


def tensorrt_version() -> str | None:
    """Of the TensorRT that can be imported here, None if none can."""
    try:
        return str(import_tensorrt().__version__)
    except ModelError:
        return None


def version_numbers(version: str) -> tuple[int, ...]:
    """ "10.3.0.post1" → (10, 3, 0)."""
    return tuple(int(part) for part in takewhile(str.isdigit, version.split(".")))


def same_version(one: str, other: str) -> bool:
    """Whether two versions agree as far as both of them are known: "8.5" and "8.5.3.1" do."""
    return all(a == b for a, b in zip(version_numbers(one), version_numbers(other), strict=False))


def check_version(
    file: EngineFile, here: str, sidecar: Sidecar | None, device: DeviceInfo | None
) -> None:
    """Refuse an engine that was built for another TensorRT or GPU.

    here: TensorRT's version. What is unknown is not checked: TensorRT will say (see
    `explain_log`). Raises ModelError: what it wants, what is here, and the line that mends it.
    """
    if file.version is not None and not same_version(file.version, here):
        raise ModelError(
            f"{file.path} was built by TensorRT {file.version}, and TensorRT {here} is here"
            f"{_not_even_between(file.version, here)}; build it again: {mending_line(file)}"
        )
    if sidecar is not None and device is not None and sidecar.sm != device.sm:
        raise ModelError(
            f"{file.path} was built for {sidecar.sm} ({sidecar.device}), and this device is "
            f"{device.sm} ({device.name}); build it again: {mending_line(file)}"
        )


def mending_line(file: EngineFile | Path, *, force: bool = False) -> str:
    """The command that builds this engine again on this device, as exactly as can be known."""
    engine = file if isinstance(file, Path) else file.path
    sidecar = read_sidecar(engine)
    onnx = engine.with_suffix(".onnx")
    if sidecar is not None and (named := onnx_of(engine, sidecar)).is_file():
        onnx = named
    words = ["drag-edge", "model", "build"]
    words.append(str(onnx) if onnx.is_file() else f"{engine.stem.upper()}.onnx")
    if not onnx.is_file() or onnx.with_suffix(".engine") != engine:
        words += ["--output", str(engine)]
    if sidecar is not None:
        words += _same_options(sidecar)
    if force:
        words.append("--force")
    line = shlex.join(words)
    if not onnx.is_file():
        line += f" ({words[3]} being the ONNX file that it was made from)"
    return line


def explain_log(lines: Iterable[str], file: EngineFile, here: str) -> str:
    """What TensorRT's own log says about a plan that it refused, in words that help."""
    text = " ".join(" ".join(line.split()) for line in lines)
    again = f"build it again: {mending_line(file, force=True)}"  # its header looked right
    if "Version tag does not match" in text or "expecting library version" in text:
        return f"{file.path} was built by another TensorRT than {here} ({_cut(text)}); {again}"
    if "incompatible device" in text or "expecting compute" in text:
        return f"{file.path} was built for another GPU ({_cut(text)}); {again}"
    if "Magic tag does not match" in text:
        return f"{file.path} is no plan that TensorRT {here} knows ({_cut(text)}); {again}"
    if not text:
        return f"TensorRT {here} refused {file.path} and did not say why; {again}"
    return f"TensorRT {here} refused {file.path}: {_cut(text)}; {again}"


def _not_even_between(built: str, here: str) -> str:
    """Newer releases can run older plans, but not in a way that we allow."""
    majors = (version_numbers(built)[0], version_numbers(here)[0])
    if majors in ((8, 10), (10, 11)):
        return " (it could run such a plan only by executing code from inside it: not allowed here)"
    return ""


def _same_options(sidecar: Sidecar) -> list[str]:
    words = []
    if sidecar.precision in ("fp32", "int8"):
        words += ["--precision", sidecar.precision]
    if sidecar.calibration is not None:
        words += ["--calibrate", sidecar.calibration]
    for name, shapes in sidecar.profile.items():
        words += ["--shape", f"{name}=" + ":".join("x".join(map(str, one)) for one in shapes)]
    if sidecar.dla is not None:
        words += ["--dla", str(sidecar.dla)]
    return words


def _cut(text: str) -> str:
    return text if len(text) <= 300 else text[:299] + "…"
