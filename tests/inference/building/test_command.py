from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from drag_edge import cli, errors
from drag_edge.errors import InvalidConfigError
from drag_edge.inference.building import builder
from drag_edge.inference.building.options import BuildOptions
from tests.inference.engines import CERTIFICATE


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[BuildOptions]:
    """What the builder was asked for; it says one line and writes a stand-in."""
    options: list[BuildOptions] = []

    def build(wanted: BuildOptions, on_progress: Any) -> Any:
        options.append(wanted)
        on_progress("building since 10 s")
        wanted.engine.write_bytes(bytes(5_000_000))
        return CERTIFICATE

    monkeypatch.setattr(builder, "build_engine", build)
    return options


def test_every_option_reaches_the_builder(asked: list[BuildOptions], tmp_path: Path) -> None:
    line = (
        f"m.onnx --output {tmp_path}/o.engine --precision int8 --calibrate drive "
        "--calibration-frames 9 --shape a=1x3 --shape b=1:2:3 --workspace-mb 64 "
        "--timing-cache t --dla 1 --verbose --force --tactics no-cublas "
        "--avoid-tactics sm90 --avoid-tactics 0x1 --known-tactics-only --most-tactics 3 "
        "--hang-s 7 --no-retry-hangs"
    )
    assert cli.main(["model", "build", *line.split()]) == errors.OK
    assert asked == [
        BuildOptions(
            onnx=Path("m.onnx"),
            output=tmp_path / "o.engine",
            precision="int8",
            calibrate=Path("drive"),
            calibration_frames=9,
            profiles={"a": ((1, 3), (1, 3), (1, 3)), "b": ((1,), (2,), (3,))},
            workspace_mb=64,
            timing_cache=Path("t"),
            dla=1,
            tactics="no-cublas",
            avoid_tactics=("sm90", "0x1"),
            known_tactics_only=True,
            most_tactics=3,
            hang_s=7.0,
            retry_hangs=False,
            verbose=True,
            force=True,
        )
    ]


def test_the_result_goes_to_stdout_and_progress_to_stderr(
    asked: list[BuildOptions], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["model", "build", str(tmp_path / "objects.onnx")]) == errors.OK
    assert asked[0] == BuildOptions(tmp_path / "objects.onnx")
    out, err = capfd.readouterr()
    assert out.startswith(f"{tmp_path}/objects.engine  5.0 MB  fp16  TensorRT 10.3.0  Orin (sm_87)")
    assert err == "building since 10 s\n"


@pytest.mark.parametrize(
    "line",
    [
        "",
        "m.onnx --precision fp8",
        "m.onnx --shape a",
        "m.onnx --dla -1",
        "m.onnx --workspace-mb 0",
    ],
)
def test_what_cannot_be_asked_is_64(line: str, asked: list[BuildOptions]) -> None:
    assert cli.main(["model", "build", *line.split()]) == errors.USAGE
    assert not asked


def test_an_error_is_told_with_its_code(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def build(options: BuildOptions, on_progress: Any) -> None:
        raise InvalidConfigError("m.onnx: not a usable model")

    monkeypatch.setattr(builder, "build_engine", build)
    assert cli.main(["model", "build", "m.onnx"]) == errors.CONFIG
    assert capfd.readouterr().err == "m.onnx: not a usable model\n"
