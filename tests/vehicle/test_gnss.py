from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drag_edge.clock import VirtualClock
from drag_edge.config.serial_links import GnssSettings
from drag_edge.config.vehicle import CanSettings, VehicleSettings
from drag_edge.events import Event
from drag_edge.vehicle.gnss import STEP_S, GnssReader
from drag_edge.vehicle.link import VehicleLink
from drag_edge.vehicle.nmea import checksum, parse_speed
from tests.vehicle.serials import Plug


def sentence(content: str) -> bytes:
    return f"${content}*{checksum(content.encode()):02X}\r\n".encode()


def rmc(knots: str, status: str = "A", mode: str = "A", talker: str = "GN") -> bytes:
    return sentence(
        f"{talker}RMC,083559.00,{status},4717.11437,N,00833.91522,E,{knots},77.52,091202,,,{mode},V"
    )


# As receivers' manuals and the standard's examples print them.
@pytest.mark.parametrize(
    ("line", "talker", "speed_mps"),
    [
        (
            b"$GPRMC,123519,A,4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W*6A",
            "GP",
            22.4 * 0.514444,
        ),
        (b"$GPVTG,054.7,T,034.4,M,005.5,N,010.2,K*48", "GP", 5.5 * 0.514444),
        (
            b"$GPRMC,225446,A,4916.45,N,12311.12,W,000.5,054.7,191194,020.3,E*68",
            "GP",
            0.5 * 0.514444,
        ),
    ],
)
def test_published_sentences_are_read(line: bytes, talker: str, speed_mps: float) -> None:
    told = parse_speed(line)
    assert told is not None
    assert told.talker == talker
    assert told.speed_mps == pytest.approx(speed_mps, rel=1e-4)


@pytest.mark.parametrize("talker", ["GP", "GL", "GA", "GB", "GQ", "GI", "GN", "BD"])
def test_whatever_satellites(talker: str) -> None:
    told = parse_speed(rmc("50.0", talker=talker).strip())
    assert told is not None
    assert told.speed_mps == pytest.approx(25.7222, abs=1e-4)


@pytest.mark.parametrize(
    ("status", "mode"), [("V", "A"), ("A", "N"), ("A", "E"), ("A", "S"), ("A", "M")]
)
def test_a_speed_that_was_not_measured_is_none(status: str, mode: str) -> None:
    told = parse_speed(rmc("50.0", status, mode).strip())
    assert told is not None
    assert told.speed_mps is None


def test_vtg_without_knots_takes_the_kilometres() -> None:
    told = parse_speed(sentence("GNVTG,,T,,M,,N,36.0,K,D").strip())
    assert told is not None
    assert told.speed_mps == pytest.approx(10.0)


@pytest.mark.parametrize("knots", ["", "-1.0", "1e3", "nan", "999999", "12.3.4", " 5"])
def test_a_speed_that_is_no_speed_is_none(knots: str) -> None:
    told = parse_speed(rmc(knots).strip())
    assert told is not None
    assert told.speed_mps is None


@given(st.integers(0, 70), st.integers(1, 255))
def test_one_wrong_byte_never_gives_another_speed(at: int, by: int) -> None:
    line = bytearray(rmc("50.0").strip())
    line[at % len(line)] ^= by
    told = parse_speed(bytes(line))
    assert told is None or told.speed_mps is None or told.speed_mps == pytest.approx(25.72, abs=0.1)


@given(st.binary(max_size=200))
def test_any_line_is_read_or_refused(line: bytes) -> None:
    parse_speed(line)


class Bench:
    """A reader on a virtual clock with a receiver at the other end of a real port."""

    def __init__(self, path: Path) -> None:
        self.plug = Plug(path)
        self.clock = VirtualClock(50.0)
        self.events: list[Event] = []
        self.gnss = GnssReader(GnssSettings(port=str(path)), 50.0, self.events.append)
        self.clock.every(STEP_S, self.gnss.step, "gnss")

    def run(self, seconds: float, data: bytes = b"") -> None:
        for _ in range(round(seconds / 0.2)):
            if data:
                self.plug.write(data)
                self.plug.arrived()
            self.clock.advance_to(self.clock.now_s() + 0.2)

    def speed(self) -> tuple[float, float] | None:
        return self.gnss.speed(self.clock.now_s())

    def names(self) -> list[str]:
        return [event.name for event in self.events]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    one = Bench(tmp_path / "gnss")
    yield one
    one.gnss.close()
    one.plug.pull()


def test_speed_has_its_own_time_and_gets_old(bench: Bench) -> None:
    bench.plug.insert()
    bench.run(1.0, rmc("40.0"))
    told = bench.speed()
    assert told is not None
    assert told[0] == pytest.approx(20.5778, abs=1e-3)
    assert 0.15 <= bench.clock.now_s() - told[1] <= 0.4
    bench.run(1.0)
    assert bench.speed() is not None
    bench.run(1.0)
    assert bench.speed() is None
    assert bench.names() == ["gnss_lost"]


def test_no_fix_is_told_from_silence(bench: Bench) -> None:
    bench.plug.insert()
    bench.run(3.0, rmc("", "V", "N"))
    assert [(event.name, event.detail) for event in bench.events] == [("gnss_lost", "no fix")]
    bench.run(0.4, rmc("10.0"))
    bench.run(2.0, b"$GNGSV,1,1,00*65\r\n")
    assert bench.names() == ["gnss_lost", "gnss_recovered", "gnss_lost"]
    assert "baud rate" in bench.events[-1].detail


def test_one_that_is_plugged_in_later_or_again_is_read(bench: Bench) -> None:
    bench.run(2.0)
    assert bench.names() == ["gnss_lost"]
    assert "No such file" in bench.events[0].detail
    bench.plug.insert()
    bench.run(2.0, rmc("10.0"))
    bench.plug.pull()
    bench.run(2.0)
    bench.plug.insert()
    bench.run(2.0, rmc("10.0"))
    assert bench.names() == ["gnss_lost", "gnss_recovered"] * 2
    assert bench.speed() is not None


def test_a_wrong_baud_rate_is_noise_that_ends_nowhere(bench: Bench) -> None:
    bench.plug.insert()
    bench.run(3.0, bytes(range(128, 256)) * 8)
    assert bench.names() == ["gnss_lost"]
    bench.run(0.6, b"\r\n" + rmc("10.0"))
    assert bench.speed() is not None


def test_the_loop_sees_it_beside_the_vehicles_own_speed(tmp_path: Path) -> None:
    plug = Plug(tmp_path / "gnss")
    plug.insert()
    clock = VirtualClock()
    settings = VehicleSettings(
        can=CanSettings(channel="gnss-test"), gnss=GnssSettings(port=str(plug.path))
    )
    link = VehicleLink(settings, clock, lambda event: None)
    clock.advance_to(0.5)
    plug.write(rmc("20.0"))
    plug.arrived()
    clock.advance_to(1.0)
    ego = link.ego(1.0)
    assert ego.speed_mps is None
    assert ego.gnss_speed_mps == pytest.approx(10.289, abs=1e-3)
    assert ego.gnss_time_s is not None
    link.close()
    plug.pull()


def test_two_sentences_of_one_fix_are_one_fix(bench: Bench) -> None:
    bench.plug.insert()
    vtg = sentence("GPVTG,0.0,T,,M,39.0,N,72.2,K,A")
    bench.run(0.4)
    bench.run(0.2, rmc("40.0"))
    fix = bench.speed()
    assert fix is not None
    bench.run(0.2, vtg)
    assert bench.speed() == fix
    bench.run(0.2, rmc("41.0"))
    newer = bench.speed()
    assert newer is not None
    assert newer[1] > fix[1] + 0.3
    for _ in range(12):  # RMC stops: after its time-out VTG is all that there is
        bench.run(0.2, vtg)
    late = bench.speed()
    assert late is not None
    assert late[0] == pytest.approx(39.0 * 0.514444, abs=1e-3)
    assert bench.gnss.sentences == 15
