"""Everything around the daemon that a fault can take hold of."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from soak_parts.daemon import Daemon, configuration
from soak_parts.prompt_port import PromptPort
from soak_parts.scenery import Scenery
from tests.rtsp.camera import RtspServer

TOOLS = Path(__file__).resolve().parent.parent


class Ear:
    """The other computer on the bus, see ear.py."""

    def __init__(self, port: Path, values: Path, folder: Path) -> None:
        self._folder = folder
        self._process = subprocess.Popen(
            [sys.executable, "-m", "soak_parts.ear", str(port), str(values), str(folder)],
            cwd=TOOLS, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
        )  # fmt: skip
        self._answer()

    def say(self, word: str) -> None:
        """pull, insert, hush or speak; returns when it is done."""
        assert self._process.stdin is not None
        self._process.stdin.write(word + "\n")
        self._answer()

    def heard(self) -> dict[str, Any]:
        """End it; what it heard."""
        self.close()
        return json.loads((self._folder / "heard.json").read_text())  # type: ignore[no-any-return]

    def close(self) -> None:
        assert self._process.stdin is not None
        if self._process.poll() is None:
            self._process.stdin.close()  # its end is a command, too
            self._process.wait(30)

    def _answer(self) -> None:
        assert self._process.stdout is not None
        line = self._process.stdout.readline().strip()
        if line not in ("ready", "done"):
            raise RuntimeError(f"the other computer on the bus ended: {line!r}")


class BareTimer:
    """The yardstick, see bare_timer.py."""

    def __init__(self) -> None:
        self._told: dict[str, float] = {}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "soak_parts.bare_timer"], cwd=TOOLS,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def end(self) -> dict[str, float]:
        """Percentiles of the deviations, seconds."""
        if self._process.poll() is None:
            told, _ = self._process.communicate(timeout=30)
            self._told = json.loads(told or "{}")
        return self._told


class Rig:
    """Two cameras, the other computer, the yardstick and the daemon, once they are started."""

    def __init__(self, folder: Path, demo: Path, scenery: Scenery) -> None:
        self.folder, self.scenery = folder, scenery
        self.servers = {
            name: RtspServer(
                size=scenery.sizes[name], pictures_size=scenery.sizes[name], fps=scenery.fps,
                pictures=scenery.pictures[name], key_interval=round(scenery.fps), bitrate=4000,
            )
            for name in scenery.pictures
        }  # fmt: skip
        self._port = folder / "ttyCAN"
        urls = {name: server.url for name, server in self.servers.items()}
        self.settings, url = configuration(folder, demo, urls, self._port)
        self.daemon = Daemon(self.settings, folder, url)
        self._others = ExitStack()

    def start(self) -> None:
        """The daemon last; what was started is ended by `close`, whatever happens."""
        for server in self.servers.values():
            self._others.enter_context(server)
        self.ear = Ear(self._port, self.scenery.values, self.folder)
        self._others.callback(self.ear.close)
        self.prompt_port = PromptPort()
        self._others.callback(self.prompt_port.close)
        self.timer = BareTimer()
        self._others.callback(self.timer.end)
        self.daemon.start()

    def model(self, name: str) -> Path:
        """The daemon's own copy of a model file."""
        return Path(self.settings.content["models"][name]["file"])

    def close(self) -> None:
        """Idempotent."""
        self.daemon.end()
        self._others.close()
        for pictures in self.scenery.pictures.values():
            pictures.unlink(missing_ok=True)
