"""Everything that reads what others wrote, and malformed input for it.

A target's check may refuse its input, in the way that is meant for it; any other exception, and any
input that takes longer than LIMIT_S, is a failure.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

import can
from hypothesis import strategies as st

from drag_edge.config.cameras import Codec
from drag_edge.config.load import load
from drag_edge.config.redact import redact
from drag_edge.config.report import ConfigError
from drag_edge.errors import InvalidConfigError
from drag_edge.frames.address import Kind, parse_address
from drag_edge.frames.pipelines import rtsp_pipeline
from drag_edge.frames.why import why_no_video
from drag_edge.vehicle.data_ids import DATA_IDS
from drag_edge.vehicle.e2e import E2EReceiver, E2ESettings
from drag_edge.vehicle.mcu_frame import (
    FrameSplitter,
    FrameType,
    McuCommand,
    McuState,
    McuStatus,
    command_payload,
    frame_bytes,
    read_command,
    read_status,
    status_payload,
)
from drag_edge.vehicle.nmea import FASTEST_MPS, checksum, parse_speed
from drag_edge.vehicle.slcan import parse_frame
from tests.vehicle.cars import DBC, MAPPING, Source

LIMIT_S = 2.0

Target = tuple[st.SearchStrategy[Any], Callable[[Any], None]]


@contextmanager
def in_time() -> Iterator[None]:
    """Fails when what is inside takes too long."""
    start_s = time.monotonic()
    yield
    assert time.monotonic() - start_s < LIMIT_S, "it hangs"


# configuration

ROOT = Path(__file__).resolve().parent.parent.parent
CONFIGS = [
    (ROOT / "configs" / name).read_text(encoding="utf-8") for name in ("demo.yaml", "vehicle.yaml")
]
ODD = [
    "", "null", "~", "true", "-1", "0", "1e400", "-.inf", ".nan", "9" * 400, "0123", "12:30",
    "1.3 m", "1 parsec", "[]", "{}", "[1, 2]", "{a: 1}", "''", '"\\0"', '"\\uD800"', "é", "*x",
    "&x 1", "&a [*a, *a]", "!!int a", "!!python/object:os.system x", "'", "[" * 200, "]", "}",
    ": ", "- ", "\t", "%", "@", "`", "|", ">", "#", "../..", "/", "/proc/self/mem", "~nobody/x",
    "\\", "<<: 1", "? ", "---", "...", "rtsp://a:b@[::1", "rtsp://:@/", "gst:", "csi://", "sim://",
]  # fmt: skip


@st.composite
def broken_configs(draw: st.DrawFn) -> bytes:
    text = draw(st.sampled_from(CONFIGS))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, min(len(text), start + 20)))
        text = text[:start] + draw(st.sampled_from(ODD) | st.text(max_size=6)) + text[end:]
    data = text.encode("utf-8", "surrogatepass")
    return draw(st.just(data) | st.binary(max_size=300))


def config_loader(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "mutant.yaml"
        file.write_bytes(data)
        try:
            load(file, check_files=False)
            return
        except ConfigError as caught:
            error = caught
        assert error.problems
        assert str(error).encode("utf-8")


# the bus

FRAMES = st.lists(
    st.tuples(
        st.sampled_from([256, 257, 0x18FF0500, 0, 0x7FF]) | st.integers(0, 0x1FFFFFFF),
        st.binary(max_size=64),
        st.booleans(),
        st.booleans(),
    ),
    max_size=30,
)


class _Car:
    """Our reader of a vehicle's signals, made once: loading the DBC takes longer than reading."""

    def __init__(self) -> None:
        from drag_edge.config.vehicle import EgoSettings
        from drag_edge.vehicle.ego import EgoReader

        self._folder = tempfile.TemporaryDirectory()
        dbc = Path(self._folder.name) / "car.dbc"
        dbc.write_text(DBC)
        self.source = Source()
        settings = EgoSettings.model_validate({"dbc": dbc, **MAPPING})
        self.reader = EgoReader(self.source, settings, 0.0, lambda event: None)
        self.now_s = 0.0


_cars: list[_Car] = []


def can_receiver(frames: list[tuple[int, bytes, bool, bool]]) -> None:
    if not _cars:
        _cars.append(_Car())
    car = _cars[0]
    for identifier, data, extended, remote in frames:
        message = can.Message(
            arbitration_id=identifier,
            is_extended_id=extended or identifier > 0x7FF,
            is_remote_frame=remote,
            is_fd=len(data) > 8,
            data=b"" if remote else data,
            dlc=min(len(data), 8) if remote else None,
            check=False,
        )
        car.source.waiting.append(message)
        car.now_s += 0.01
        car.reader.step(car.now_s)
        state = car.reader.state(car.now_s)
        assert state.speed_mps is None or 0 <= state.speed_mps < 200


def slcan_lines(line: bytes) -> None:
    frame = parse_frame(line)
    assert frame is None or len(frame.data) <= 8


def e2e_receiver(frames: list[bytes]) -> None:
    judge = E2EReceiver(DATA_IDS["ACC"], E2ESettings(timeout_s=0.1), 0.0)
    for i, data in enumerate(frames):
        judge.receive(data, i * 0.02)
        judge.poll(i * 0.02)


# serial links


@st.composite
def nearly_nmea(draw: st.DrawFn) -> bytes:
    fields = draw(st.lists(st.text("AVNEKT0123456789.-+e,", max_size=8), max_size=14))
    content = draw(st.sampled_from(["GNRMC", "GPVTG", "GNGGA", "PUBX"])) + "," + ",".join(fields)
    good = f"${content}*{checksum(content.encode()):02X}\r".encode()
    at = draw(st.integers(0, len(good)))
    return good[:at] + draw(st.binary(max_size=3)) + good[at:] if draw(st.booleans()) else good


def nmea_parser(line: bytes) -> None:
    told = parse_speed(line)
    assert told is None or told.speed_mps is None or 0 <= told.speed_mps <= FASTEST_MPS


_COMMAND = frame_bytes(FrameType.COMMAND, 5, command_payload(McuCommand(2, 0, True, -1.0)))
_STATUS = frame_bytes(
    FrameType.STATUS, 6, status_payload(McuStatus(5, McuState.ACTIVE, 0, 0, 0.01))
)


@st.composite
def nearly_mcu(draw: st.DrawFn) -> list[bytes]:
    pieces = draw(
        st.lists(st.sampled_from([_COMMAND, _STATUS]) | st.binary(max_size=300), max_size=8)
    )
    stream = bytearray(b"".join(pieces))
    for _ in range(draw(st.integers(0, 3)) if stream else 0):
        stream[draw(st.integers(0, len(stream) - 1))] = draw(st.integers(0, 255))
    cut = draw(st.integers(1, 50))
    return [bytes(stream[i : i + cut]) for i in range(0, len(stream), cut)]


def mcu_parser(pieces: list[bytes]) -> None:
    splitter = FrameSplitter()
    for piece in pieces:
        for frame in splitter.take(piece):
            assert len(frame.payload) <= 255
            read_command(frame.payload)
            read_status(frame.payload)


# addresses of cameras

SECRET = "SECRET"


@st.composite
def addresses(draw: st.DrawFn) -> str:
    scheme = draw(st.sampled_from(["rtsp", "rtsps", "http", "udp", "csi", "sim", "file", "x", ""]))
    user = draw(st.sampled_from(["", f"driver:{SECRET}@", f"a:{SECRET}/x@y@", f":{SECRET}@"]))
    host = draw(
        st.sampled_from(["127.0.0.1:1", "127.0.0.1:99999", "[::1]:1", "[::1", "127.0.0.1:port", ""])
        | st.text("abc.:[]@%/?#!\\\"' \0é", max_size=8).map(lambda text: f"127.0.0.1:1/{text}")
    )
    path = draw(st.text(max_size=12))
    url = f"{scheme}://{user}{host}/{path}" if scheme else path
    return draw(st.sampled_from([url, f"gst: rtspsrc location={url} ! appsink", "~" + path]))


def camera_addresses(source: str) -> None:
    try:
        address = parse_address(source, Path("/nowhere"))
    except InvalidConfigError:
        return
    shown = str(address)
    assert redact(shown) == shown
    if address.kind in (Kind.STREAM, Kind.GSTREAMER):
        assert SECRET not in shown
    if address.kind is Kind.STREAM:
        pipeline = rtsp_pipeline(address.target, Codec.H265, 1.0)
        assert pipeline.endswith("appsink drop=true max-buffers=1 sync=false")
        assert SECRET not in why_no_video(address.target, limit_s=0.2)


TARGETS: Mapping[str, Target] = MappingProxyType(
    {
        "config": (broken_configs(), config_loader),
        "can": (FRAMES, can_receiver),
        "slcan": (st.binary(max_size=60), slcan_lines),
        "e2e": (st.lists(st.binary(max_size=10), max_size=20), e2e_receiver),
        "nmea": (nearly_nmea() | st.binary(max_size=200), nmea_parser),
        "mcu": (nearly_mcu(), mcu_parser),
        "addresses": (addresses(), camera_addresses),
    }
)
