"""A real RTSP camera in a child process, and what its pictures tell."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.rtsp.pattern import BITS

PYTHON = "/usr/bin/python3"
SERVE = Path(__file__).with_name("serve.py")
PACKAGES = (
    "python3-gi python3-gst-1.0 gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-base "
    "gstreamer1.0-plugins-good gstreamer1.0-plugins-ugly gstreamer1.0-rtsp"
)
_PROBE = (
    "import gi; gi.require_version('GstRtspServer','1.0'); gi.require_version('GstApp','1.0');"
    "from gi.repository import Gst, GstApp, GstRtspServer; Gst.init(None);"
    "import sys; needed = ('appsrc', 'videoscale', 'x264enc', 'rtph264pay');"
    "sys.exit(not all(map(Gst.ElementFactory.find, needed)))"
)


def missing() -> str:
    """Why there can be no RTSP server here; empty when there can."""
    if shutil.which(PYTHON) is None:
        return f"no {PYTHON}"
    try:
        done = subprocess.run([PYTHON, "-c", _PROBE], capture_output=True, timeout=60, check=False)
    except subprocess.TimeoutExpired:
        return f"{PYTHON} did not answer"
    return "" if done.returncode == 0 else f"install it: apt-get install {PACKAGES}"


def free_port() -> int:
    """A TCP port that nobody uses now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


class RtspServer:
    """Serves rtsp://127.0.0.1:port/camera; it may be killed, frozen and started again."""

    def __init__(self, port: int | None = None, **options: object) -> None:
        self.port = port or free_port()
        self.options = options
        self._process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        user = self.options.get("user")
        login = f"{user}:{self.options['password']}@" if user else ""
        return f"rtsp://{login}127.0.0.1:{self.port}/camera"

    def start(self, **options: object) -> float:
        """Start (again), with other options; the monotonic moment at which it answered."""
        self.kill()
        self.options |= options
        told = [f"--{key.replace('_', '-')}={value}" for key, value in self.options.items()]
        self._process = subprocess.Popen(
            [PYTHON, str(SERVE), f"--port={self.port}", *told], stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line.startswith("ready"):
            raise RuntimeError(f"the RTSP server did not start: {line!r}")
        return time.monotonic()

    def kill(self) -> None:
        """As a power cut would."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            assert process.stdout is not None
            process.stdout.close()

    def freeze(self) -> None:
        """It keeps its connections and answers nothing any more."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGCONT)

    def __enter__(self) -> RtspServer:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()


class MuteServer:
    """Accepts every connection and never answers."""

    def __init__(self, port: int = 0) -> None:
        self._server = socket.create_server(("127.0.0.1", port))
        self.port = int(self._server.getsockname()[1])
        self.url = f"rtsp://127.0.0.1:{self.port}/camera"
        self.accepted: list[socket.socket] = []
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # it was closed
            while True:
                self.accepted.append(self._server.accept()[0])

    def __enter__(self) -> MuteServer:
        return self

    def __exit__(self, *_: Any) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._thread.join(5)
        for connection in self.accepted:
            connection.close()


def burnt_time_s(image: NDArray[np.uint8]) -> float | None:
    """The monotonic time at which a picture of the test's server was made; None when unreadable."""
    height, width = image.shape[:2]
    columns = ((np.arange(BITS) + 0.5) * (width // BITS)).astype(int)
    marks = image[height // 16, columns].astype(int).mean(axis=1)
    if np.any((marks > 90) & (marks < 160)):
        return None
    return sum(1 << bit for bit in range(BITS) if marks[bit] > 128) / 1000.0
