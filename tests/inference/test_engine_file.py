from __future__ import annotations

import contextlib
import json
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drag_edge.inference.engine import ModelError
from drag_edge.inference.engine_file import plan_data, read_engine_file
from drag_edge.inference.sidecar import read_sidecar
from tests.inference import tiny_onnx
from tests.inference.engines import ours, with_header
from tests.inference.fake_tensorrt import plan_bytes

SAME_FOLDER = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
ULTRALYTICS = {"task": "detect", "stride": 32, "names": {"0": "car"}, "imgsz": [640, 640]}


def write(folder: Path, data: bytes) -> Path:
    path = folder / "objects.engine"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("written", "version"),
    [
        ("10.3.0.26", "10.3.0.26"),
        ("8.6.1.6", "8.6.1.6"),
        ("11.4.0.106", "11.4.0.106"),
        ("8.5.3", "8.5"),
        ("8.4.1", "8.4"),
        ("8.2.1", "8.2"),
    ],
)
@pytest.mark.parametrize("header", [None, ULTRALYTICS], ids=["raw", "ultralytics"])
def test_the_version_stands_in_the_plan(
    tmp_path: Path, written: str, version: str, header: dict[str, Any] | None
) -> None:
    plan = plan_bytes(written)
    file = read_engine_file(write(tmp_path, plan if header is None else with_header(header, plan)))
    assert file.version == version
    assert file.kind == ("raw" if header is None else "ultralytics")
    assert file.metadata == (header or {})
    assert file.plan_bytes == len(plan)
    assert plan_data(file) == plan


def test_an_unknown_version_is_not_guessed(tmp_path: Path) -> None:
    unknown_tag = b"ptrt" + struct.pack("<II", 0, 999) + bytes(40)
    unknown_layout = b"ftrt" + struct.pack("<I", 7) + bytes(16) + bytes([10, 3, 0, 26]) + bytes(9)
    no_version = b"ftrt" + bytes(60)
    for plan in (unknown_tag, unknown_layout, no_version):
        assert read_engine_file(write(tmp_path, plan)).version is None


def test_what_is_no_engine_is_named(tmp_path: Path) -> None:
    onnx = tiny_onnx.echo(tmp_path / "m.onnx", (1, 3, 8, 8)).read_bytes()
    for data, said in [
        (b"", "is empty"),
        (onnx, "looks like an ONNX file"),
        (b"\x08\x07\x12\x07pytorch" + onnx, "looks like an ONNX file"),
        (b"PK\x03\x04" + bytes(60), "PyTorch"),
        (b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
        (b"hello", "none of the marks"),
        (plan_bytes("10.3.0")[:20], "truncated"),
        (with_header(ULTRALYTICS, b""), "truncated"),
        (with_header(ULTRALYTICS, plan_bytes("8.5.3")[:20]), "truncated"),
        (with_header(ULTRALYTICS, b"none" * 20), "no TensorRT plan"),
        (struct.pack("<i", 10_000) + b"{}" + plan_bytes("10.3.0"), "none of the marks"),
        (struct.pack("<i", -4) + plan_bytes("10.3.0"), "none of the marks"),
        (struct.pack("<i", 2) + b"[]" + plan_bytes("10.3.0"), "none of the marks"),
    ]:
        with pytest.raises(ModelError, match=said):
            read_engine_file(write(tmp_path, data))
    with pytest.raises(ModelError, match="No such file"):
        read_engine_file(tmp_path / "gone.engine")
    with pytest.raises(ModelError):
        read_engine_file(tmp_path)


def test_a_plan_of_85_says_itself_how_long_it_is(tmp_path: Path) -> None:
    plan = plan_bytes("8.5.3")
    for header in (b"", with_header(ULTRALYTICS, b"")):
        whole = header + plan
        assert read_engine_file(write(tmp_path, whole)).plan_bytes == len(plan)
        for keep in (len(header) + 30, len(whole) - 1):
            with pytest.raises(ModelError, match=f"it has {keep} of {len(whole)} bytes"):
                read_engine_file(write(tmp_path, whole[:keep]))


def test_damage_to_an_engine_of_ours_shows_before_tensorrt_sees_it(tmp_path: Path) -> None:
    path = tmp_path / "objects.engine"
    ours(path)
    whole = path.read_bytes()
    read_engine_file(write(tmp_path, whole))
    for data, said in [(whole[:-1], "truncated"), (whole + b"x", "1 bytes follow its plan")]:
        with pytest.raises(ModelError, match=said):
            read_engine_file(write(tmp_path, data))
    flipped = bytearray(whole)
    flipped[-1] ^= 1
    with pytest.raises(ModelError, match="damaged"):
        plan_data(read_engine_file(write(tmp_path, bytes(flipped))))


@given(st.binary(max_size=300))
@SAME_FOLDER
def test_any_bytes_are_read_or_refused_in_words(tmp_path: Path, data: bytes) -> None:
    read_all(write(tmp_path, data))


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=9,
)


@given(_JSON, _JSON, st.binary(max_size=60), st.sampled_from([b"", b"ftrt", b"ptrt"]))
@SAME_FOLDER
def test_any_header_is_read_or_refused_in_words(
    tmp_path: Path, said: Any, marks: Any, plan: bytes, magic: bytes
) -> None:
    if isinstance(said, dict):
        said["drag_edge"] = marks
    text = json.dumps(said).encode()
    read_all(write(tmp_path, struct.pack("<i", len(text)) + text + magic + plan))


@given(st.integers(0, 10_000), st.integers(1, 255), st.booleans())
@SAME_FOLDER
def test_an_engine_of_ours_with_one_byte_changed(
    tmp_path: Path, place: int, change: int, cut: bool
) -> None:
    path = tmp_path / "objects.engine"
    ours(path)
    data = bytearray(path.read_bytes())
    place %= len(data)
    data[place] ^= change
    read_all(write(tmp_path, bytes(data[:place] if cut else data)))


def read_all(path: Path) -> None:
    read_sidecar(path)  # raises nothing
    with contextlib.suppress(ModelError):
        file = read_engine_file(path)
        assert len(plan_data(file)) == file.plan_bytes
