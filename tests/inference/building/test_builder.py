from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from drag_edge.errors import (
    CannotCreateError,
    DragEdgeError,
    InputMissingError,
    InvalidConfigError,
    UnavailableError,
    UsageError,
)
from drag_edge.inference.building import builder
from drag_edge.inference.building.builder import build_engine, build_here
from drag_edge.inference.building.options import BuildOptions
from drag_edge.inference.building.tactics import KnownTactics, keep_tactics
from drag_edge.inference.building.timing_cache import tactics_file
from drag_edge.inference.cuda import Gpu
from drag_edge.inference.engine_file import plan_data, read_engine_file
from drag_edge.inference.metadata import parse_metadata
from drag_edge.inference.preprocess import InputRecipe, Preprocessor
from drag_edge.inference.sidecar import Sidecar, file_sha256, read_sidecar, sidecar_path
from tests.inference import tiny_onnx
from tests.inference.fake_gpu import FakeGpu
from tests.inference.fake_tensorrt import fake_tensorrt, plan_bytes
from tests.inference.tensorrt_names import VERSIONS

METADATA = {
    "task": "detect",
    "names": "{0: 'car', 1: 'truck'}",
    "imgsz": "[32, 64]",
    "stride": "32",
    "version": "8.4.190",
    "description": "9.5",
}


class Workshop:
    """A network, a TensorRT and a GPU to build with."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, version: str) -> None:
        self.gpu = FakeGpu()
        self.trt = fake_tensorrt(version)
        self.said: list[str] = []
        self.onnx = tiny_onnx.answers(
            folder / "objects.onnx",
            {"output0": np.zeros((1, 6, 42), np.float32)},
            metadata=METADATA,
        )
        self.engine = folder / "objects.engine"
        monkeypatch.setattr(builder, "import_tensorrt", lambda: self.trt)
        monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))

    def build(self, **options: Any) -> Sidecar:
        self.trt._calls.clear()
        return build_engine(BuildOptions(self.onnx, **options), self.said.append, self.gpu)

    def called(self, what: str) -> list[Any]:
        return [call[1] for call in self.trt._calls if call[0] == what]


@pytest.fixture(params=VERSIONS)
def each(request: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    return Workshop(tmp_path, monkeypatch, request.param)


@pytest.fixture
def old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    return Workshop(tmp_path, monkeypatch, "8.5.3")


@pytest.fixture
def new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    return Workshop(tmp_path, monkeypatch, "10.3.0")


def test_every_tensorrt_builds_an_engine_that_tells_its_origin(each: Workshop) -> None:
    sidecar = each.build()
    assert read_sidecar(each.engine) == sidecar
    assert (sidecar.onnx, sidecar.onnx_sha256) == ("objects.onnx", file_sha256(each.onnx))
    assert (sidecar.device, sidecar.sm, sidecar.cuda) == ("Orin", "sm_87", "12.6")
    assert sidecar.inputs == {"images": (1, 3, 32, 64)}
    assert sidecar.tensorrt == each.trt.__version__
    file = read_engine_file(each.engine)
    assert plan_data(file) == plan_bytes(each.trt.__version__)
    said = parse_metadata(file.metadata)
    assert said.names == {0: "car", 1: "truck"}
    assert (said.task, said.input_size) == ("detect", (64, 32))


def test_the_header_is_what_ultralytics_writes(new: Workshop) -> None:
    new.build()
    data = new.engine.read_bytes()
    length = int.from_bytes(data[:4], "little")
    said = json.loads(data[4 : 4 + length])
    assert said["names"] == {"0": "car", "1": "truck"}
    assert (said["stride"], said["imgsz"]) == (32, [32, 64])
    assert (said["version"], said["description"]) == ("8.4.190", "9.5")  # texts stay texts


def test_fp16_is_the_default_where_flags_say_the_precision(new: Workshop) -> None:
    assert new.build().precision == "fp16"
    assert new.called("set_flag") == ["FP16"]
    assert not new.called("clear_flag")


def test_fp32_means_all_bits_of_it(each: Workshop) -> None:
    assert each.build(precision="fp32").precision == "fp32"
    assert not each.called("set_flag")
    assert each.called("clear_flag") == ["TF32"]


def test_tensorrt_11_takes_the_precision_from_the_onnx(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newest = Workshop(tmp_path, monkeypatch, "11.4.0")
    assert newest.build().precision == "fp32"
    assert "modelopt.onnx.autocast" in newest.said[0]
    assert newest.called("network") == [0]
    with pytest.raises(InvalidConfigError, match="takes the precision from the ONNX"):
        newest.build(precision="fp16", force=True)


def test_options_reach_the_config(new: Workshop) -> None:
    new.trt._dla_cores = 2
    new.build(workspace_mb=64, tactics="no-cublas", dla=1)
    assert ("limit", "WORKSPACE", 64 << 20) in new.trt._calls
    assert new.called("tactics") == [{"EDGE_MASK_CONVOLUTIONS", "JIT_CONVOLUTIONS"}]
    assert new.called("set DLA_core") == [1]
    assert read_engine_file(new.engine).metadata["dla"] == 1
    assert new.called("set default_device_type") == [new.trt.DeviceType.DLA]
    assert new.called("set_flag") == ["FP16", "GPU_FALLBACK"]


def test_an_open_size_is_taken_from_the_metadata_or_said(new: Workshop) -> None:
    open_axes = ("batch", 3, "height", "width")
    answers = {"output0": np.zeros((1, 6, 42), np.float32)}
    tiny_onnx.answers(new.onnx, answers, input_shape=open_axes, metadata=METADATA)
    size = (1, 3, 32, 64)
    assert new.build().profile == {"images": (size, size, size)}
    small, large = (1, 3, 32, 32), (1, 3, 64, 128)
    asked = {"images": (small, size, large)}
    assert new.build(profiles=asked, force=True).profile == asked
    assert new.called("profile") == [asked]
    larger = (1, 3, 64, 128)
    new.build(profiles={"images": (size, larger, larger)}, force=True)
    assert parse_metadata(read_engine_file(new.engine).metadata).input_size == (128, 64)
    tiny_onnx.answers(new.onnx, answers, input_shape=open_axes)
    with pytest.raises(UsageError, match="--shape images="):
        new.build()


def test_int8_is_calibrated_on_pictures_as_the_network_will_see_them(
    old: Workshop, tmp_path: Path
) -> None:
    folder = tmp_path / "drive"
    folder.mkdir()
    rng = np.random.default_rng(3)
    images = [rng.integers(0, 99, (40, 60, 3), np.uint8) for _ in range(5)]
    for index, image in enumerate(images):
        cv2.imwrite(str(folder / f"{index}.png"), image)
    sidecar = old.build(precision="int8", calibrate=folder, calibration_frames=3)
    assert sidecar.precision == "int8"
    assert sidecar.calibration == str(folder)
    assert old.called("set_flag") == ["INT8", "FP16"]
    buffer = np.zeros((1, 3, 32, 64), np.float32)
    preprocessor = Preprocessor(InputRecipe("letterbox"), buffer)
    assert len(old.gpu.copies) == 3
    for image, copied in zip((images[0], images[1], images[3]), old.gpu.copies, strict=True):
        preprocessor.fill(image)
        np.testing.assert_array_equal(buffer, copied)
    assert old.gpu.live == 0

    old.build(precision="int8", calibrate=folder, calibration_frames=3, force=True)
    assert old.called("cached") == [b"ranges"]
    old.build(precision="int8", force=True)  # the ranges of last time
    assert old.called("cached") == [b"ranges"]
    old.build(precision="int8", calibrate=folder, calibration_frames=4, force=True)
    assert not old.called("cached")


def test_int8_without_pictures_says_what_to_do(old: Workshop) -> None:
    with pytest.raises(UsageError, match="--calibrate"):
        old.build(precision="int8")
    with pytest.raises(UsageError, match="add --precision int8"):
        old.build(calibrate=old.onnx.parent)


def test_pictures_that_cannot_be_read_end_the_build(old: Workshop, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputMissingError, match="holds no picture"):
        old.build(precision="int8", calibrate=tmp_path / "empty")
    assert not old.engine.exists()
    assert not old.engine.with_suffix(".calibration").exists()
    assert old.gpu.live == 0


def test_parser_errors_are_listed_with_the_names_of_their_nodes(each: Workshop) -> None:
    each.trt._parser_errors = [
        (1, "own name", "Mul", "no\nimporter"),
        (999, "deep", "If", "x"),
        (-1, "", "", "general"),
    ]
    with pytest.raises(InvalidConfigError) as refused:
        each.build()
    text = str(refused.value)
    says_names = each.trt.__version__.startswith("1")
    first = "own name" if says_names else "without a name"
    assert f"node 1 {first} (Mul): no importer" in text
    assert ("node 999 deep (If): x" if says_names else "node 999 without a name") in text
    assert "\n  general" in text


def test_a_refusal_of_the_builder_is_told_in_its_words(new: Workshop) -> None:
    new.trt._refuses_to_build = [("WARNING", "slow"), ("ERROR", "Could not find any kernel")]
    with pytest.raises(
        InvalidConfigError, match=r"builds no engine:\n  Could not find any kernel$"
    ):
        new.build()
    assert not new.engine.exists()


def test_timings_are_kept_for_the_next_build(new: Workshop, tmp_path: Path) -> None:
    new.build()
    new.build(force=True)
    assert new.called("timing cache") == [b"+"]
    assert len(list((tmp_path / "cache").rglob("*.cache"))) == 1
    own = tmp_path / "mine" / "timing"
    own.parent.mkdir()
    own.write_bytes(b"of another device")
    new.build(force=True, timing_cache=own)
    assert new.called("timing cache") == [b""]
    assert own.read_bytes() == b"+"
    assert any("begun anew" in line for line in new.said)


def test_a_fitting_engine_is_kept_and_a_useless_one_replaced(new: Workshop) -> None:
    new.build()
    with pytest.raises(CannotCreateError, match=r"built from this very objects.onnx.*--force"):
        new.build(precision="fp32")
    new.build(precision="fp32", force=True)
    new.gpu.device = FakeGpu(
        device=new.gpu.device.__class__("Thor", (11, 0), 1, True, (13, 0))
    ).device
    new.build()  # of no use on this device
    answers = {"output0": np.ones((1, 6, 42), np.float32)}
    tiny_onnx.answers(new.onnx, answers, metadata=METADATA)
    new.build()  # of another ONNX


def test_what_something_else_made_is_replaced_only_if_older_than_the_onnx(new: Workshop) -> None:
    new.engine.write_bytes(plan_bytes("10.3.0"))
    os.utime(new.onnx, (1, 1))
    with pytest.raises(CannotCreateError, match=r"newer than objects\.onnx"):
        new.build()
    os.utime(new.engine, (0, 0))
    new.build()
    new.engine.write_bytes(plan_bytes("8.6.1"))  # cannot run here anyhow
    new.build()
    new.engine.write_text("notes of mine")
    with pytest.raises(CannotCreateError, match="no TensorRT engine"):
        new.build()
    assert new.engine.read_text() == "notes of mine"


def test_a_build_that_fails_leaves_the_old_pair_whole(
    new: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    sidecar = new.build()
    before = new.engine.read_bytes()

    def crash(source: Any, target: Any) -> None:
        if Path(target).suffix == ".engine":
            raise OSError(28, "No space left on device")
        rename(source, target)

    rename = os.replace
    monkeypatch.setattr(os, "replace", crash)
    with pytest.raises(CannotCreateError, match="No space left"):
        new.build(force=True, precision="fp32")
    assert new.engine.read_bytes() == before
    assert read_sidecar(new.engine) is None  # the new sidecar is not this engine's
    assert sidecar_path(new.engine).exists()
    assert not [file for file in new.engine.parent.iterdir() if file.name.startswith(".")]
    assert sidecar.precision == "fp16"


def test_what_is_missing_has_its_exit_code(
    new: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def build(onnx: Path, **options: Any) -> None:
        build_engine(BuildOptions(onnx, **options), new.said.append, new.gpu)

    with pytest.raises(InputMissingError):
        build(tmp_path / "gone.onnx")
    with pytest.raises(InputMissingError):
        build(new.onnx, precision="int8", calibrate=tmp_path / "gone")
    with pytest.raises(CannotCreateError):
        build(new.onnx, output=tmp_path / "no" / "such" / "folder.engine")
    with pytest.raises(CannotCreateError, match="is a folder"):
        build(new.onnx, output=tmp_path)
    (tmp_path / "text.onnx").write_text("hello")
    with pytest.raises(InvalidConfigError):
        build(tmp_path / "text.onnx")
    monkeypatch.undo()
    monkeypatch.setitem(__import__("sys").modules, "tensorrt", None)
    with pytest.raises(UnavailableError, match="TensorRT"):
        build(new.onnx)


def test_the_onnx_itself_is_never_overwritten(new: Workshop, tmp_path: Path) -> None:
    odd = new.onnx.rename(tmp_path / "network.engine")
    for output in (None, tmp_path / "." / "network.engine"):
        with pytest.raises(UsageError, match="--output"):
            build_engine(BuildOptions(odd, output=output, force=True), new.said.append, new.gpu)


@pytest.mark.parametrize("fault", ["none", "parser", "builder", "calibration", "interrupt"])
def test_nothing_of_tensorrts_outlives_the_gpu(
    new: Workshop, fault: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Also with an exception in flight, whose traceback would keep it alive."""
    alive: set[int] = set()
    left: list[int] = []

    class Watched(FakeGpu):
        def close(self) -> None:
            left.append(len(alive))
            super().close()

    def watch(kind: str) -> None:
        base = getattr(new.trt, kind)

        class Spy(base):  # type: ignore[misc]
            def __init__(self, *arguments: Any) -> None:
                super().__init__(*arguments)
                alive.add(id(self))

            def __del__(self) -> None:
                alive.discard(id(self))

        setattr(new.trt, kind, Spy)

    for kind in ("Builder", "INetworkDefinition", "OnnxParser", "IBuilderConfig", "ITimingCache"):
        watch(kind)
    monkeypatch.setattr(Gpu, "open", lambda ordinal=0: Watched())
    options: dict[str, Any] = {}
    if fault == "parser":
        new.trt._parser_errors = [(0, "first", "Cast", "no")]
    elif fault == "builder":
        new.trt._refuses_to_build = [("ERROR", "no")]
    elif fault == "calibration":
        (tmp_path / "empty").mkdir()
        options = {"precision": "int8", "calibrate": tmp_path / "empty"}
    elif fault == "interrupt":

        def interrupt(*_: Any) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(new.trt.Builder, "build_serialized_network", interrupt)
    wanted = BuildOptions(new.onnx, **options)
    if fault == "none":
        build_here(wanted, new.said.append)
    else:
        with pytest.raises((DragEdgeError, KeyboardInterrupt)):
            build_here(wanted, new.said.append)
    assert left == [0]


@pytest.mark.parametrize("wish", ["0xaa86ccea3b6a5612", "sm90_.*warpgroup", "hung before"])
def test_tactics_that_are_to_be_avoided_are_not_offered(each: Workshop, wish: str) -> None:
    number, name = "0xaa86ccea3b6a5612", "sm90_xmma_fprop_implicit_gemm_warpgroupsize1x1x1_g1"
    each.build()
    (table,) = {tactics_file(each.trt.__version__, "Orin", None)}
    assert table is not None
    if wish == "hung before":
        keep_tactics(table, KnownTactics(hung={number: "/model.0/conv/Conv"}))
        wishes: tuple[str, ...] = ()
    else:
        keep_tactics(table, KnownTactics(names={number: name, "0x11": "sm80_xmma"}))
        wishes = (wish,)
    if each.trt.__version__ == "11.4.0":
        with pytest.raises(UsageError, match="lets nobody leave tactics out"):
            each.build(force=True, avoid_tactics=wishes)
        return
    each.build(force=True, avoid_tactics=wishes)
    assert each.called("tried") == [[0]]
    assert "REJECT_EMPTY_ALGORITHMS" in each.called("set_flag")


def test_only_edge_mask_convolutions(each: Workshop) -> None:
    each.build(tactics="edge-mask-only")
    assert each.called("tactics") == [{"EDGE_MASK_CONVOLUTIONS"}]
