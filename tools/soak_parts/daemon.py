"""The daemon under test: a real `drag-edge run`, its settings file, its signs seen from outside."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from soak_parts.log import Log
from tests.rtsp.camera import free_port

_SAMPLE = re.compile(r"([a-z_]+)(?:\{(.*)\})? (\S+)")
Metrics = dict[str, float]


@dataclass(frozen=True, slots=True)
class Sign:
    """What the process was at one moment. waited_s: for how long its loop had wanted a core and
    got none. metrics: name{labels} → value; empty when unanswered.
    """

    time_s: float
    resident_kib: int
    descriptors: int
    threads: int
    waited_s: float
    metrics: Metrics


class Settings:
    """The YAML that the daemon reads; `edit` writes it anew, as a person's editor would."""

    def __init__(self, path: Path, content: dict[str, Any]) -> None:
        self.path = path
        self.content = content
        self.write(yaml.safe_dump(content, sort_keys=False))

    def write(self, text: str) -> None:
        """Any text, whole at once."""
        fresh = self.path.with_suffix(".new")
        fresh.write_text(text)
        fresh.replace(self.path)

    def set(self, key: str, value: object) -> None:
        """Change one value ("adas.acc.jerk_mps3") and write it."""
        *way, last = key.split(".")
        section = self.content
        for name in way:
            section = section.setdefault(name, {})
        section[last] = value
        self.write(yaml.safe_dump(self.content, sort_keys=False))


class Daemon:
    """Started by `start`, asked every second by a thread."""

    def __init__(self, settings: Settings, folder: Path, url: str) -> None:
        self.settings, self.log, self.signs = settings, Log(), list[Sign]()
        self._folder, self._url = folder, url
        self._process: subprocess.Popen[str] | None = None
        self._stop = threading.Event()
        self._asking = threading.Thread(target=self._ask, name="signs", daemon=True)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Returns when it answers; RuntimeError when it ends instead."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "drag_edge", "run", str(self.settings.path), "--headless"],
            stdin=subprocess.DEVNULL, stdout=(self._folder / "summary.txt").open("w"),
            stderr=subprocess.PIPE, text=True, errors="replace",
            cwd=Path(__file__).resolve().parents[2],
        )  # fmt: skip
        assert self._process.stderr is not None
        self.log.follow(self._process.stderr, self._folder / "daemon.log")
        for _ in range(600):
            if not self.alive:
                raise RuntimeError(f"the daemon ended at once: see {self._folder / 'daemon.log'}")
            if self._metrics().get("drag_edge_rounds_total", 0) > 0:
                self._asking.start()
                return
            time.sleep(0.1)
        raise RuntimeError("the daemon has not come round once within a minute")

    def reload(self) -> None:
        """As `systemctl reload`."""
        os.kill(self.pid, signal.SIGHUP)

    def end(self) -> tuple[int | None, float]:
        """SIGTERM; the exit code (None: it had to be killed) and how long it took, seconds. One
        that is slow to end leaves all its stacks in the log."""
        self._stop.set()
        if self._process is None:
            return None, 0.0
        began_s = time.monotonic()
        self._process.terminate()
        code: int | None = None
        for patience_s, then in ((3.0, signal.SIGQUIT), (17.0, signal.SIGKILL)):
            try:
                code = self._process.wait(patience_s)
                break
            except subprocess.TimeoutExpired:
                self._process.send_signal(then)
        else:
            self._process.wait()
        return code, time.monotonic() - began_s

    def _ask(self) -> None:
        while not self._stop.wait(1.0):
            sign = self._sign()
            if sign is not None:
                self.signs.append(sign)

    def _sign(self) -> Sign | None:
        """None when it is gone, which the conductor sees for itself."""
        try:
            return self._look()
        except OSError:
            return None

    def _look(self) -> Sign:
        metrics = self._metrics()
        proc = Path(f"/proc/{self.pid}")
        status = dict(
            line.split(":", 1) for line in (proc / "status").read_text().splitlines() if ":" in line
        )
        waited_s = int((proc / "schedstat").read_text().split()[1]) / 1e9
        return Sign(
            time.monotonic(), int(status["VmRSS"].split()[0]), len(os.listdir(proc / "fd")),
            int(status["Threads"]), waited_s, metrics,
        )  # fmt: skip

    def _metrics(self) -> Metrics:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(self._url + "/metrics", timeout=3) as answer:
                return read_metrics(answer.read().decode())
        except OSError:
            return {}


def read_metrics(page: str) -> Metrics:
    """Prometheus' text as name{labels} → value."""
    found = (_SAMPLE.fullmatch(line) for line in page.splitlines() if not line.startswith("#"))
    return {f"{m[1]}{{{m[2] or ''}}}" if m[2] else m[1]: float(m[3]) for m in found if m}


def configuration(
    folder: Path, demo: Path, urls: dict[str, str], port: Path
) -> tuple[Settings, str]:
    """The demo's settings with live cameras, a serial CAN adapter and models of its own; the health
    page's address."""
    content = yaml.safe_load(demo.read_text())
    home = demo.resolve().parent
    content["cameras"] = {
        name: {**content["cameras"][name], "source": url, "open_timeout_s": 3, "read_timeout_s": 2,
               "decode": "software"}
        for name, url in urls.items()
    }  # fmt: skip
    for name, model in content["models"].items():
        copy = folder / f"{name}.onnx"
        shutil.copyfile(home / model["file"], copy)
        model["file"] = str(copy)
        model["cameras"] = [camera for camera in model["cameras"] if camera in urls]
    ego = content["vehicle"]["ego"]
    ego["dbc"] = str((home / ego["dbc"]).resolve())
    content["vehicle"]["can"] = {
        "interface": "slcan", "channel": str(port), "log": str(folder / "can.log"),
    }  # fmt: skip
    content["display"] = {"window": False}
    content["run"] = {"summary": str(folder / "summary.json")}
    http = free_port()
    # again_s: faults may follow each other sooner than a repeated event is told by default.
    content["service"] = {"http": {"port": http}, "log": {"level": "info", "again_s": 1.0}}
    return Settings(folder / "drag-edge.yaml", content), f"http://127.0.0.1:{http}"
