from __future__ import annotations

import shlex
import sys
import types
from pathlib import Path
from typing import Any

import pytest

from drag_edge import cli
from drag_edge.inference import versions
from drag_edge.inference.engine import ModelError
from drag_edge.inference.engine_file import read_engine_file
from drag_edge.inference.sidecar import read_sidecar
from drag_edge.inference.versions import (
    check_version,
    explain_log,
    import_tensorrt,
    mending_line,
    same_version,
    tensorrt_version,
    version_numbers,
)
from tests.inference import tiny_onnx
from tests.inference.engines import ours
from tests.inference.fake_gpu import ORIN
from tests.inference.fake_tensorrt import plan_bytes


@pytest.fixture
def engine(tmp_path: Path) -> Path:
    path = tmp_path / "objects.engine"
    path.write_bytes(plan_bytes("8.6.1"))
    return path


def typed(line: str) -> Any:
    """The line as the command line understands it."""
    words = shlex.split(line)
    assert words[:3] == ["drag-edge", "model", "build"]
    return cli._parser().parse_args(words[1:])


def test_versions_agree_as_far_as_they_are_known() -> None:
    assert version_numbers("10.3.0.post1") == (10, 3, 0)
    assert same_version("8.5", "8.5.3.1")
    assert same_version("10.3.0.26", "10.3.0")
    assert not same_version("10.3.0.26", "10.3.0.30")
    assert not same_version("8.5", "8.6.1")
    assert not same_version("10.3.0", "10.30.0")


def test_another_tensorrt_is_refused_with_both_versions_and_what_to_type(engine: Path) -> None:
    onnx = tiny_onnx.echo(engine.with_suffix(".onnx"), (1, 3, 8, 8))
    with pytest.raises(ModelError) as refused:
        check_version(read_engine_file(engine), "10.3.0", None, ORIN)
    text = str(refused.value)
    assert "TensorRT 8.6.1.1" in text
    assert "TensorRT 10.3.0 is here" in text
    assert "executing code from inside it: not allowed" in text
    assert text.endswith(f"drag-edge model build {onnx}")
    check_version(read_engine_file(engine), "8.6.1", None, ORIN)


def test_a_plan_that_does_not_tell_its_version_is_left_to_tensorrt(engine: Path) -> None:
    engine.write_bytes(b"ftrt" + bytes(60))
    check_version(read_engine_file(engine), "10.3.0", None, None)


def test_another_gpu_is_refused_by_the_sidecar(engine: Path) -> None:
    ours(engine, sm="sm_72", device="Xavier")
    file, sidecar = read_engine_file(engine), read_sidecar(engine)
    with pytest.raises(ModelError, match=r"for sm_72 \(Xavier\), and this device is sm_87 \(Orin"):
        check_version(file, "10.3.0", sidecar, ORIN)
    check_version(file, "10.3.0", sidecar, None)


def test_the_mending_line_is_what_the_engine_was_built_with(engine: Path, tmp_path: Path) -> None:
    onnx = tiny_onnx.echo(tmp_path / "it's objects.onnx", (1, 3, 8, 8))
    shape = (1, 3, 32, 64)
    ours(
        engine,
        onnx,
        precision="int8",
        calibration="/drives/a b",
        profile={"images": (shape, shape, (1, 3, 64, 64))},
        dla=1,
    )
    options = typed(mending_line(engine, force=True))
    assert (options.onnx, options.output) == (onnx, engine)
    assert (options.precision, options.calibrate) == ("int8", Path("/drives/a b"))
    assert options.shape == [("images", (shape, shape, (1, 3, 64, 64)))]
    assert (options.dla, options.force) == (1, True)
    ours(engine, onnx)
    assert typed(mending_line(engine)).precision is None


def test_an_onnx_that_is_gone_is_named_so(engine: Path) -> None:
    line, _, remark = mending_line(engine).partition(" (")
    assert typed(line).onnx == Path("OBJECTS.onnx")
    assert "OBJECTS.onnx being the ONNX file that it was made from" in remark


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            "Serialization assertion stdVersionRead == serializationVersion failed.Version tag "
            "does not match. Note: Current Version: 213, Serialized Engine Version: 232",
            "by another TensorRT than 8.4.1",
        ),
        (
            "The engine plan file is not compatible with this version of TensorRT, expecting "
            "library version 10.3.0.26 got 10.0.1.6, please rebuild.",
            "by another TensorRT than",
        ),
        (
            "The engine plan file is generated on an incompatible device, expecting compute 8.6 "
            "got compute 7.5, please rebuild.",
            "for another GPU",
        ),
        ("Magic tag does not match", "no plan that TensorRT 8.4.1 knows"),
        ("Cuda failure: 2", "refused"),
    ],
)
def test_tensorrts_own_words_become_ours(engine: Path, line: str, said: str) -> None:
    text = explain_log([line], read_engine_file(engine), "8.4.1")
    assert said in text
    assert line[:60] in text
    assert "drag-edge model build" in text
    assert "\n" not in text


def test_silence_of_tensorrts_is_said(engine: Path) -> None:
    assert "did not say why" in explain_log([], read_engine_file(engine), "8.4.1")


def test_what_is_wrong_with_tensorrts_package_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def find(**what: Any) -> None:
        module = types.ModuleType("tensorrt")
        vars(module).update(what)
        monkeypatch.setitem(sys.modules, "tensorrt", module)

    find(__version__="10.3.0", Runtime=object)
    assert tensorrt_version() == "10.3.0"
    find(__version__="8.4.1", Runtime=object)
    with pytest.raises(ModelError, match=r"8\.5 or newer"):
        import_tensorrt()
    find()
    with pytest.raises(ModelError, match="is not TensorRT"):
        import_tensorrt()
    assert tensorrt_version() is None
    monkeypatch.setitem(sys.modules, "tensorrt", None)
    with pytest.raises(ModelError, match="system-site-packages"):
        import_tensorrt()
    for error in (ImportError("libnvinfer.so.8: cannot open"), OSError("libcublas.so.11")):

        def fail(name: str, error: Exception = error) -> None:
            raise error

        monkeypatch.setattr(versions.importlib, "import_module", fail)
        with pytest.raises(ModelError, match=r"cannot be imported: lib"):
            import_tensorrt()
