"""Another computer's view of our frames over a real serial port, with nothing of ours in it:
its tables are those of docs/can.md, its decoder is cantools, its E2E check autosar-e2e."""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cantools
import pytest

from drag_edge.clock import VirtualClock
from drag_edge.config.vehicle import VehicleSettings
from drag_edge.events import Event
from drag_edge.vehicle.link import VehicleLink
from tests.vehicle.builders import command, decision, scene
from tests.vehicle.serials import Plug

e2e_p02_check = pytest.importorskip("e2e.p02").e2e_p02_check

_LINE = re.compile(rb"t([0-9A-F]{3})8([0-9A-F]{16})")
_DATA_IDS = re.compile(r"^\| ([A-Z_]+) \|[^|]*?((?:[0-9A-F]{2} ){15}[0-9A-F]{2})", re.M | re.I)


@dataclass(frozen=True)
class Heard:
    """One frame, when it came."""

    time_s: float
    name: str
    counter: int
    signals: dict[str, Any]


class OtherEcu:
    """Listens at an slcan adapter's far end and believes nothing that does not check."""

    def __init__(self, plug: Plug, repository: Path) -> None:
        self._plug = plug
        dbc = repository / "drag_edge" / "vehicle" / "drag_edge.dbc"
        self.messages = {m.frame_id: m for m in cantools.database.load_file(dbc).messages}
        table = _DATA_IDS.findall((repository / "docs" / "can.md").read_text())
        self._data_ids = {name: bytes.fromhex(digits) for name, digits in table}
        assert set(self._data_ids) == {message.name for message in self.messages.values()}
        self._unfinished = b""
        self.listening = True
        self.heard: list[Heard] = []
        self.wrong: list[bytes] = []

    def step(self, now_s: float) -> None:
        if not self.listening:
            self._unfinished = b""
            return
        *lines, self._unfinished = (self._unfinished + self._plug.read()).split(b"\r")
        for line in lines:
            self._take(line, now_s)

    def _take(self, line: bytes, now_s: float) -> None:
        match = _LINE.fullmatch(line)
        if match is None:
            self.wrong += [line] if line[:1] not in (b"C", b"S", b"O", b"") else []
            return
        message = self.messages[int(match[1], 16)]
        data = bytes.fromhex(match[2].decode())
        if not e2e_p02_check(data, self._data_ids[message.name]):
            self.wrong.append(line)
            return
        signals = message.decode(data, decode_choices=True)
        self.heard.append(Heard(now_s, message.name, data[1] & 0x0F, signals))

    def of(self, name: str, since_s: float = 0.0, until_s: float = 1e9) -> list[Heard]:
        return [h for h in self.heard if h.name == name and since_s <= h.time_s < until_s]


class Bench:
    """Our link at a port that an adapter is in."""

    def __init__(self, folder: Path, repository: Path) -> None:
        self.plug = Plug(folder / "ttyACM0")
        self.plug.insert()
        self.clock = VirtualClock()
        self.events: list[Event] = []
        can = {"interface": "slcan", "channel": str(self.plug.path), "serial_open_wait_s": 0}
        settings = VehicleSettings.model_validate({"can": can})
        self.link = VehicleLink(settings, self.clock, self.events.append)
        self.ecu = OtherEcu(self.plug, repository)
        self.clock.every(0.001, self.ecu.step, "ecu")

    def drive(self, seconds: float) -> None:
        """With a loop of 20 Hz."""
        for _ in range(round(seconds / 0.05)):
            now_s = self.clock.now_s()
            self.link.publish(
                scene(now_s), decision(now_s), command(now_s, accel_mps2=-0.5, curvature_1pm=0.001)
            )
            self.clock.advance_to(now_s + 0.05)

    def stand(self, seconds: float) -> None:
        """With a loop that hangs."""
        self.clock.advance_to(self.clock.now_s() + seconds)


@pytest.fixture
def bench(tmp_path: Path, repository: Path) -> Iterator[Bench]:
    one = Bench(tmp_path, repository)
    yield one
    one.link.close()
    one.plug.pull()


def test_every_message_comes_in_time_whole_and_in_sequence(bench: Bench) -> None:
    bench.drive(3.0)
    assert not bench.ecu.wrong
    by_name = defaultdict(list)
    for one in bench.ecu.heard:
        by_name[one.name].append(one)
    for message in bench.ecu.messages.values():
        cycle_s = message.cycle_time / 1000.0
        heard = by_name[message.name]
        assert len(heard) >= int(3.0 / cycle_s) - 1, message.name
        gaps_s = [b.time_s - a.time_s for a, b in itertools.pairwise(heard)]
        assert max(gaps_s) <= cycle_s + 0.006, message.name
        steps = {(b.counter - a.counter) % 16 for a, b in itertools.pairwise(heard)}
        assert steps == {1}, message.name


def test_demands_arrive_in_their_units(bench: Bench) -> None:
    bench.drive(1.0)
    acc, lka = bench.ecu.of("ACC")[-1].signals, bench.ecu.of("LKA")[-1].signals
    assert str(acc["AccAccelRequest"]) == "YES"
    assert acc["AccAccelDemand"] == pytest.approx(-0.5, abs=0.01)
    assert lka["LkaCurvatureDemand"] == pytest.approx(0.001, abs=1e-5)


def test_a_loop_that_hangs_takes_its_demands_with_it_within_its_commands_life(
    bench: Bench,
) -> None:
    bench.drive(1.0)
    last_s = bench.clock.now_s() - 0.05
    bench.stand(1.0)
    demands = [h for h in bench.ecu.of("ACC") if str(h.signals["AccAccelRequest"]) == "YES"]
    assert demands[-1].time_s <= last_s + 0.3 + 0.02  # the command's life and one cycle
    late = bench.ecu.of("ACC", since_s=last_s + 0.35)
    assert late
    assert {str(h.signals["AccAccelDemand"]) for h in late} == {"NOT_AVAILABLE"}
    assert str(bench.ecu.of("STATUS")[-1].signals["StatusMode"]) == "FALLBACK"


def test_an_adapter_pulled_out_is_silence_and_then_whole_frames_again(bench: Bench) -> None:
    bench.drive(1.0)
    bench.ecu.listening = False
    bench.plug.pull()
    bench.drive(2.0)
    bench.plug.insert()
    bench.ecu.listening = True
    back_s = bench.clock.now_s()
    bench.drive(2.0)
    assert [event.name for event in bench.events] == ["bus_off", "bus_recovered"]
    status = bench.ecu.of("STATUS", since_s=back_s)
    assert status[0].time_s - back_s <= 1.2
    assert not bench.ecu.wrong
    steps = {(b.counter - a.counter) % 16 for a, b in itertools.pairwise(status)}
    assert steps == {1}


def test_the_end_is_one_neutral_set_and_then_silence(bench: Bench) -> None:
    bench.drive(1.0)
    bench.stand(0.02)
    end_s = bench.clock.now_s()
    bench.link.close()
    bench.stand(1.0)
    last = {name: bench.ecu.of(name)[-1] for name in ("ACC", "AEB", "LKA", "STATUS")}
    assert all(one.time_s <= end_s + 0.01 for one in last.values())
    assert str(last["ACC"].signals["AccAccelRequest"]) == "NO"
    assert str(last["AEB"].signals["AebBrakeRequest"]) == "NO"
    assert str(last["LKA"].signals["LkaSteerRequest"]) == "NO"
    assert str(last["STATUS"].signals["StatusMode"]) == "STANDBY"
