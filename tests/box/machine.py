"""The box: Debian under QEMU, every instruction emulated, and words with it through its agent.

Its clock counts instructions, 500 million to the second, and leaps over the time in which it waits:
on a machine that has other work everything takes longer, and no time-out in the box notices.

There is no network card. What goes in is on a second disk, what is typed goes over a serial port of
the guest agent's, and the bus comes out on a third way: candump writes into a file out here.
"""

from __future__ import annotations

import base64
import json
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class BoxError(Exception):
    """The box does not do as it is told."""


@dataclass(frozen=True)
class Answer:
    """Of a command: its exit code and everything it printed."""

    code: int
    text: str


class Machine:
    """A vehicle computer. image: the folder that make_image prints. folder: for this run's files.

    payload: a disk (ext4) with what is to be installed.
    """

    def __init__(self, image: Path, payload: Path, folder: Path) -> None:
        self._image = image
        self._payload = payload
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._agent: Agent | None = None
        self.disk = folder / "disk.ext4"
        self.bus = folder / "bus.log"
        self.console = folder / "console.log"
        self.boots = 0

    def make_disk(self) -> None:
        """A new one, as the image has it."""
        subprocess.run(
            ["cp", "--sparse=always", "--reflink=auto", self._image / "disk.ext4", self.disk],
            check=True,
        )

    def boot(self, timeout_s: float) -> float:
        """Power on; returns the seconds until the agent answered."""
        start_s = time.monotonic()
        self.boots += 1
        agent = self._folder / f"agent-{self.boots}"
        with (self._folder / "qemu.log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command(agent), stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        self._agent = Agent(agent, start_s + timeout_s, self._process)
        return time.monotonic() - start_s

    def run(self, command: str, timeout_s: float = 300.0) -> Answer:
        """A shell's command line, as root."""
        if self._agent is None:
            raise BoxError("the box is not running")
        return self._agent.run(command, timeout_s)

    def must(self, command: str, timeout_s: float = 300.0) -> str:
        """The same; what it printed. Raises BoxError where it fails."""
        answer = self.run(command, timeout_s)
        if answer.code != 0:
            raise BoxError(f"{command}: exit code {answer.code}: {answer.text.strip()}")
        return answer.text

    def write(self, path: str, content: str) -> None:
        """A file in the box, as an editor writes it: in place."""
        encoded = base64.b64encode(content.encode()).decode()
        self.must(f"echo {encoded} | base64 -d >{path}")

    def wait(self, what: str, seen: Callable[[], bool], timeout_s: float) -> float:
        """Until it is seen; returns the seconds. Raises BoxError when it does not come."""
        start_s = time.monotonic()
        while not seen():
            if time.monotonic() - start_s > timeout_s:
                raise BoxError(f"not within {timeout_s:.0f} s: {what}")
            time.sleep(0.5)
        return time.monotonic() - start_s

    def cut_power(self) -> None:
        """Now, whatever it does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._process = self._agent = None

    def power_off(self, timeout_s: float = 300.0) -> float:
        """In an orderly way; returns the seconds that it took."""
        start_s = time.monotonic()
        assert self._process is not None
        self.run("systemctl --no-block poweroff")
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise BoxError(f"the box did not power off within {timeout_s:.0f} s") from None
        self._process = self._agent = None
        return time.monotonic() - start_s

    def _command(self, agent: Path) -> list[str]:
        qemu = shutil.which("qemu-system-x86_64")
        if qemu is None:
            raise BoxError("qemu-system-x86_64 is not installed")
        disk = "format=raw,if=virtio,cache=writeback"
        return [
            qemu, "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none",
            "-nic", "none",
            "-machine", "q35", "-accel", "tcg", "-cpu", "max", "-smp", "1",
            "-icount", "shift=1,sleep=off",
            "-m", "2048",
            "-kernel", str(self._image / "vmlinuz"), "-initrd", str(self._image / "initrd"),
            "-append", "root=/dev/vda rw console=ttyS0 mitigations=off quiet systemd.log_color=no",
            "-drive", f"file={self.disk},{disk}",
            "-drive", f"file={self._payload},{disk},readonly=on",
            "-chardev", f"file,id=console,path={self.console},append=on",
            "-serial", "chardev:console",
            "-device", "virtio-rng-pci", "-device", "virtio-serial-pci",
            "-chardev", f"socket,id=agent,path={agent},server=on,wait=off",
            "-device", "virtserialport,chardev=agent,name=org.qemu.guest_agent.0",
            "-chardev", f"file,id=bus,path={self.bus},append=on",
            "-device", "virtserialport,chardev=bus,name=can",
        ]  # fmt: skip


class Agent:
    """QEMU's guest agent: JSON lines over a socket."""

    def __init__(self, path: Path, until_s: float, process: subprocess.Popen[bytes]) -> None:
        self._path = path
        self._process = process
        self._lines = b""
        self._socket = self._connect(until_s)
        while not self._answers():
            if time.monotonic() > until_s:
                raise BoxError("the box did not come up: see console.log")

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
                    raise BoxError("QEMU did not start: see qemu.log") from None
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
            raise BoxError(f"the guest agent does not answer ({name})") from None
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
                raise BoxError("the box went off")
            self._lines += received
        line, self._lines = self._lines.split(b"\n", 1)
        found: dict[str, Any] = json.loads(line)
        return found

    def _still_on(self) -> None:
        if self._process.poll() is not None:
            raise BoxError("QEMU ended: see qemu.log and console.log")
