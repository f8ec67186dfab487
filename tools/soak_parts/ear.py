"""Another computer on the bus: the far end of a serial CAN adapter, in a process of its own.

It hears every frame and when it came, believes only what its own E2E check accepts, and says what
the vehicle says. Commands on standard input: pull, insert (the adapter), hush, speak (the vehicle),
end. What it heard is then in the folder: times.npz (seconds, monotonic, by message) and heard.json.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import select
import sys
import time
from array import array
from contextlib import suppress
from pathlib import Path
from typing import Any

import can
import cantools
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from drag_edge.sim.ego.vehicle_bus import VehicleSender
from drag_edge.vehicle.data_ids import DATA_IDS
from drag_edge.vehicle.dbc import DBC_PATH
from tests.vehicle.serials import Plug

try:
    from e2e.p02 import e2e_p02_check as is_whole  # another implementation than ours

    CHECK = "autosar-e2e"
except ImportError:
    from drag_edge.vehicle.e2e import crc_is_right as is_whole

    CHECK = "drag_edge's own"

STEP_S = 0.01
_LINE = re.compile(rb"t([0-9A-F]{3})8([0-9A-F]{16})")
_ADAPTERS_OWN = (b"C", b"S", b"O", b"")


class Ear:
    """What was heard, by message."""

    def __init__(self) -> None:
        dbc = cantools.database.load_file(DBC_PATH)
        self._messages = {message.frame_id: message for message in dbc.messages}
        self.times = {message.name: array("d") for message in dbc.messages}
        self.last: dict[str, str] = {}
        self.wrong: list[str] = []
        self.lost = dict.fromkeys(self.times, 0)
        self._counters: dict[str, int] = {}
        self._unfinished = b""

    def hear(self, data: bytes, now_s: float) -> None:
        """Bytes that came from the port just now."""
        *lines, self._unfinished = (self._unfinished + data).split(b"\r")
        for line in lines:
            self._take(line, now_s)

    def deaf(self) -> None:
        """The adapter is out: what comes next begins anew."""
        self._unfinished = b""
        self._counters.clear()

    def _take(self, line: bytes, now_s: float) -> None:
        match = _LINE.fullmatch(line)
        message = None if match is None else self._messages.get(int(match[1], 16))
        if match is None or message is None:
            if line[:1] not in _ADAPTERS_OWN:
                self.wrong.append(line.decode("ascii", "replace"))
            return
        data, name = bytes.fromhex(match[2].decode()), message.name
        if not is_whole(data, DATA_IDS[name]):
            self.wrong.append(line.decode())
            return
        counter = data[1] & 0x0F
        expected = (self._counters.get(name, counter - 1) + 1) % 16
        self.lost[name] += (counter - expected) % 16
        self._counters[name] = counter
        self.times[name].append(now_s)
        self.last[name] = data.hex()

    def write(self, folder: Path) -> None:
        """Leave what was heard in the folder."""
        np.savez(folder / "times.npz", **{n: np.asarray(t) for n, t in self.times.items()})
        said = {"check": CHECK, "wrong": self.wrong, "lost": self.lost, "last": self.last}
        (folder / "heard.json").write_text(json.dumps(said, indent=1))


class Vehicle:
    """Says the recorded signals over and over, in time."""

    def __init__(self, values: list[dict[str, float]], plug: Plug) -> None:
        self._values, self._plug = values, plug
        self._sender = VehicleSender(self)  # type: ignore[arg-type]
        self._start_s = time.monotonic()
        self.next_s = self._start_s
        self.quiet = False

    def send(self, message: can.Message) -> None:
        """What the sender calls a bus."""
        if not self.quiet:
            data = message.data.hex().upper()
            self._plug.write(f"t{message.arbitration_id:03X}{message.dlc}{data}\r".encode())

    def step(self, now_s: float) -> None:
        """Say what is due."""
        since_s = now_s - self._start_s
        self._sender.step(since_s, self._values[int(since_s / STEP_S) % len(self._values)])
        self.next_s = self._start_s + (int(since_s / STEP_S) + 1) * STEP_S


def be_another_computer() -> None:
    """What hears shares the cores with what it hears: it must not be late for their sake."""
    with suppress(OSError):  # not root: the times hold this process's own lateness, too
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(2))


def listen(port: Path, values: list[dict[str, float]], folder: Path) -> None:
    be_another_computer()
    plug, ear = Plug(port), Ear()
    plug.insert()
    vehicle = Vehicle(values, plug)
    print("ready", flush=True)
    plugged, commands = True, b""
    while True:
        sources: list[Any] = [0] + ([plug] if plugged else [])
        wait_s = max(0.0, vehicle.next_s - time.monotonic())
        ready = select.select(sources, [], [], wait_s)[0]
        now_s = time.monotonic()
        if plugged and plug in ready:
            heard = plug.read()
            ear.hear(heard, now_s)
            if not heard:  # nobody has the port open: its end is always "ready"
                time.sleep(0.002)
        if now_s >= vehicle.next_s and plugged:
            vehicle.step(now_s)
        elif not plugged:
            vehicle.next_s = now_s + STEP_S
        if 0 not in ready:
            continue
        commands += os.read(0, 4096) or b"end\n"
        *words, commands = commands.split(b"\n")
        for word in words:
            if word == b"end":
                ear.write(folder)
                plug.pull()
                return
            plugged = obey(word, plug, ear, vehicle, plugged)
            print("done", flush=True)


def obey(word: bytes, plug: Plug, ear: Ear, vehicle: Vehicle, plugged: bool) -> bool:
    """Whether the adapter is in afterwards."""
    if word == b"pull":
        plug.pull()
        ear.deaf()
        return False
    if word == b"insert":
        plug.insert()
        return True
    vehicle.quiet = word == b"hush"
    return plugged


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=Path)
    parser.add_argument("values", type=Path)
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    listen(arguments.port, json.loads(arguments.values.read_text()), arguments.folder)
