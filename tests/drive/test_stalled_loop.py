"""A loop that hangs leaves no old command on the bus: a real stream, real threads, a real clock."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import can
import cv2
import numpy as np
import pytest

from drag_edge.assemble import assembled
from drag_edge.config.load import load
from drag_edge.daemon import Daemon
from drag_edge.inference.results import Perceived
from drag_edge.vehicle.dbc import decode, drag_edge_dbc

CONFIG = """\
cameras:
  front:
    source: URL
    mount: {x: 1.6, z: 1.3}
    intrinsics: {width: 64, height: 48, fx: 50, fy: 50, cx: 32, cy: 24}
vehicle:
  can: {interface: virtual, channel: stalled}
"""
DEADLINE_S = 0.5  # the age at which a command dies, and a cycle of the slowest message


class MotionJpeg(BaseHTTPRequestHandler):
    """A camera that sends 20 pictures a second until the listener goes."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.end_headers()
        count = 0
        with contextlib.suppress(ConnectionError):
            while True:
                picture = np.full((48, 64, 3), count % 200, np.uint8)
                jpeg = cv2.imencode(".jpg", picture)[1].tobytes()
                head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}"
                self.wfile.write(head.encode() + b"\r\n\r\n" + jpeg + b"\r\n")
                count += 1
                time.sleep(0.05)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def stream() -> Iterator[str]:
    """A network camera: to OpenCV and the daemon a live stream like any other."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), MotionJpeg)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/stream.mjpg"
    server.shutdown()


def frames_during(bus: can.BusABC, seconds: float) -> list[can.Message]:
    end_s = time.monotonic() + seconds
    frames = []
    while (left_s := end_s - time.monotonic()) > 0:
        message = bus.recv(left_s)
        if message is not None:
            frames.append(message)
    return frames


def hang(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """From now on inference does not return until the event is set."""
    released = threading.Event()
    infer = daemon.parts.pool.infer

    def stuck(frame: object) -> Perceived:
        released.wait(20.0)
        return infer(frame)  # type: ignore[arg-type]

    monkeypatch.setattr(daemon.parts.pool, "infer", stuck)
    return released


def test_a_hanging_loop_leaves_only_fallback_frames_within_the_deadline(
    stream: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "live.yaml"
    config.write_text(CONFIG.replace("URL", stream))
    ears = can.Bus(interface="virtual", channel="stalled")
    stop = threading.Event()
    with assembled(load(config), headless=True) as (daemon, _):
        loop = threading.Thread(target=daemon.run, args=(stop,), daemon=True)
        loop.start()
        alive = [decode(m.arbitration_id, bytes(m.data)) for m in frames_during(ears, 1.5)]
        released = hang(daemon, monkeypatch)
        frames_during(ears, DEADLINE_S)
        dead = frames_during(ears, 1.0)
        released.set()
        stop.set()
        loop.join(timeout=10.0)
        assert not loop.is_alive()
    ears.shutdown()

    told = [decode(m.arbitration_id, bytes(m.data)) for m in dead]
    modes = {signals["StatusMode"] for signals in told if "StatusMode" in signals}
    assert modes == {"FALLBACK"}
    assert "FALLBACK" not in {s["StatusMode"] for s in alive[-40:] if "StatusMode" in s}
    for request in ("AccAccelRequest", "LkaSteerRequest", "AebBrakeRequest"):
        assert {signals[request] for signals in told if request in signals} == {"NO"}
    assert {s["StatusFaultLate"] for s in told if "StatusFaultLate" in s} == {"YES"}
    for message in drag_edge_dbc().messages:
        count = sum(m.arbitration_id == message.frame_id for m in dead)
        assert count >= 0.7 / (message.cycle_time / 1000), message.name
