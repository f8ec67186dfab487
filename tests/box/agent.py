"""Words with the box: QEMU's guest agent on one socket, QEMU's own monitor on another."""

from __future__ import annotations

import base64
import json
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class BoxError(Exception):
    """The box does not do as it is told."""


class BoxGoneError(BoxError):
    """Nobody is there to be told anything more."""


@dataclass(frozen=True)
class Answer:
    """Of a command: its exit code and everything it printed."""

    code: int
    text: str


class Agent:
    """QEMU's guest agent: JSON lines over a socket."""

    def __init__(self, path: Path, until_s: float, process: subprocess.Popen[bytes]) -> None:
        self._path = path
        self._process = process
        self._lines = b""
        self._socket = self._connect(until_s)
        while not self._answers():
            if time.monotonic() > until_s:
                raise BoxGoneError("the box did not come up: see console.log")

    def run(self, command: str, timeout_s: float) -> Answer:
        """Start it, and ask until it ended."""
        end_s = time.monotonic() + timeout_s
        words = {
            "path": "/bin/sh",
            "arg": ["-c", f"exec 2>&1\n{command}"],
            "env": [
                "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                "LC_ALL=C",
            ],
            "capture-output": True,
        }
        pid = self._ask("guest-exec", words)["pid"]
        while not (state := self._ask("guest-exec-status", {"pid": pid}))["exited"]:
            if time.monotonic() > end_s:
                raise BoxError(f"not done within {timeout_s:.0f} s: {command}")
            time.sleep(0.1)
        text = base64.b64decode(state.get("out-data", "")).decode(errors="replace")
        return Answer(state.get("exitcode", 128 + state.get("signal", 0)), text)

    def _connect(self, until_s: float) -> socket.socket:
        while True:
            self._still_on()
            found = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                found.connect(str(self._path))
            except OSError:
                found.close()
                if time.monotonic() > until_s:
                    raise BoxGoneError("QEMU did not start: see qemu.log") from None
                time.sleep(0.2)
                continue
            return found

    def _answers(self) -> bool:
        """Whether the agent runs by now; what it says late to earlier questions is passed over."""
        self._still_on()
        token = time.monotonic_ns() // 1000
        self._send("guest-sync", {"id": token})
        try:
            while self._receive(2.0).get("return") != token:
                pass
        except TimeoutError:
            return False
        return True

    def _ask(self, name: str, arguments: dict[str, Any]) -> Any:
        self._send(name, arguments)
        try:
            reply = self._receive(300.0)
        except TimeoutError:
            raise BoxGoneError(f"the guest agent does not answer ({name})") from None
        if "error" in reply:
            raise BoxError(f"guest agent: {reply['error']}")
        return reply["return"]

    def _send(self, name: str, arguments: dict[str, Any]) -> None:
        self._socket.sendall(json.dumps({"execute": name, "arguments": arguments}).encode() + b"\n")

    def _receive(self, timeout_s: float) -> dict[str, Any]:
        self._socket.settimeout(timeout_s)
        while b"\n" not in self._lines:
            received = self._socket.recv(65536)
            if not received:
                raise BoxGoneError("the box went off")
            self._lines += received
        line, self._lines = self._lines.split(b"\n", 1)
        found: dict[str, Any] = json.loads(line)
        return found

    def _still_on(self) -> None:
        if self._process.poll() is not None:
            raise BoxGoneError("QEMU ended: see qemu.log and console.log")


def tell_monitor(path: Path, command: str, timeout_s: float = 120.0) -> None:
    """One line to QEMU's monitor, which answers nothing where all is well; else BoxError."""
    prompt = b"(qemu) "
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.settimeout(timeout_s)
        line.connect(str(path))
        _until(line, prompt)
        line.sendall(command.encode() + b"\n")
        answer = _until(line, prompt).decode(errors="replace").split("\n", 1)[-1]
    said = answer.replace("(qemu)", "").strip()
    if said:
        raise BoxError(f"QEMU, {command}: {said}")


def _until(line: socket.socket, end: bytes) -> bytes:
    received = b""
    while not received.endswith(end):
        received += line.recv(65536) or end
    return received
