"""The box: Debian under QEMU, every instruction emulated, and words with it through its agent.

Its clock counts instructions, 500 million to the second, and leaps over the time in which it waits:
on a machine that has other work everything takes longer, and no time-out in the box notices.

There is no network card. What goes in is on a second disk, what is typed goes over a serial port of
the guest agent's, and the bus comes out on a third way: candump writes into a file out here.
"""

from __future__ import annotations

import base64
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from tests.box.agent import Agent, Answer, BoxError, tell_monitor

# What `save` keeps under.
_SAVED = "saved"


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
        self.disk = folder / "disk.qcow2"
        self.bus = folder / "bus.log"
        self.console = folder / "console.log"
        self._agent_path = folder / "agent"
        self._monitor_path = folder / "monitor"

    def make_disk(self) -> None:
        """A new one, as the image has it; it keeps what differs.

        What QEMU has not flushed is lost with the power, as a disk loses its cache. The image is
        read once before: the box's clock leaps over the time that a disk takes.
        """
        subprocess.run(["cat", self._image / "disk.ext4"], stdout=subprocess.DEVNULL, check=True)
        base = ["-F", "raw", "-b", str(self._image.resolve() / "disk.ext4")]
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", *base, self.disk], check=True)

    def boot(self, timeout_s: float, *, saved: bool = False) -> float:
        """Power on, or go on from what was saved; returns the seconds until the agent answered."""
        start_s = time.monotonic()
        for old in (self._agent_path, self._monitor_path):
            old.unlink(missing_ok=True)
        words = ["-loadvm", _SAVED] if saved else []
        with (self._folder / "qemu.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*self._command(), *words], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        self._agent = Agent(self._agent_path, start_s + timeout_s, self._process)
        return time.monotonic() - start_s

    def save(self) -> None:
        """Memory and disk as they are now, inside the disk's file."""
        tell_monitor(self._monitor_path, f"savevm {_SAVED}")

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

    def _command(self) -> list[str]:
        qemu = shutil.which("qemu-system-x86_64")
        if qemu is None:
            raise BoxError("qemu-system-x86_64 is not installed")
        disk = "if=virtio,cache=writeback"
        return [
            qemu, "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none",
            "-nic", "none",
            "-machine", "q35", "-accel", "tcg", "-cpu", "max", "-smp", "1",
            "-icount", "shift=1,sleep=off",
            "-m", "2048",
            "-kernel", str(self._image / "vmlinuz"), "-initrd", str(self._image / "initrd"),
            "-append", "root=/dev/vda rw console=ttyS0 mitigations=off quiet systemd.log_color=no",
            "-drive", f"file={self.disk},format=qcow2,{disk}",
            "-drive", f"file={self._payload},format=raw,{disk},readonly=on",
            "-chardev", f"file,id=console,path={self.console},append=on",
            "-serial", "chardev:console",
            "-device", "virtio-rng-pci", "-device", "virtio-serial-pci",
            "-monitor", f"unix:{self._monitor_path},server=on,wait=off",
            "-chardev", f"socket,id=agent,path={self._agent_path},server=on,wait=off",
            "-device", "virtserialport,chardev=agent,name=org.qemu.guest_agent.0",
            "-chardev", f"file,id=bus,path={self.bus},append=on",
            "-device", "virtserialport,chardev=bus,name=can",
        ]  # fmt: skip
