from __future__ import annotations

import os
import socket
import time
from pathlib import Path

import pytest

from drag_edge.service.notify import Notifier
from drag_edge.service.watchdog import Watchdog, granted_s
from tests.service.ears import Ears, ears_at


def test_systemd_hears_each_state_as_one_datagram(tmp_path: Path) -> None:
    with ears_at(tmp_path) as ears:
        notifier = Notifier({"NOTIFY_SOCKET": ears.address})
        notifier.patience(120.0)
        notifier.ready("2 cameras, 4 models")
        notifier.status("31 fps\nREADY=0")
        notifier.alive()
        notifier.stopping()
        assert ears.listen(0.05) == [
            b"EXTEND_TIMEOUT_USEC=120000000",
            b"READY=1\nSTATUS=2 cameras, 4 models",
            b"STATUS=31 fps READY=0",  # a text can never be taken for another assignment
            b"WATCHDOG=1",
            b"STOPPING=1\nSTATUS=stopping",
        ]


def test_reloading_names_a_monotonic_time_that_lies_between_before_and_after(
    tmp_path: Path,
) -> None:
    with ears_at(tmp_path) as ears:
        before_us = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        Notifier({"NOTIFY_SOCKET": ears.address}).reloading()
        after_us = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        first, second = ears.listen(0.05)[0].decode().split("\n")
    assert first == "RELOADING=1"
    assert before_us <= int(second.removeprefix("MONOTONIC_USEC=")) <= after_us


def test_an_abstract_address_is_understood() -> None:
    ears = Ears(f"\0drag-edge-test-{os.getpid()}")
    Notifier({"NOTIFY_SOCKET": "@" + ears.address[1:]}).alive()
    assert ears.listen(0.05) == [b"WATCHDOG=1"]
    ears.close()


def test_without_systemd_nobody_is_told_and_nothing_fails() -> None:
    notifier = Notifier({})
    assert not notifier.listening
    notifier.ready("here")


def test_a_systemd_that_is_gone_or_does_not_read_never_holds_or_breaks_us(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    Notifier({"NOTIFY_SOCKET": str(tmp_path / "gone")}).ready("here")
    with ears_at(tmp_path) as ears:
        notifier = Notifier({"NOTIFY_SOCKET": ears.address})
        started_s = time.monotonic()
        for _ in range(3000):  # more than a socket's queue holds
            notifier.alive()
        assert time.monotonic() - started_s < 1.0
    assert len(caplog.records) == 2  # each told once


class Wall:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def watched(address: str, timeout_us: int, wall: Wall) -> Watchdog:
    environment = {"NOTIFY_SOCKET": address, "WATCHDOG_USEC": str(timeout_us)}
    return Watchdog(Notifier(environment), environment, wall)


def test_the_watchdog_hears_progress_three_times_in_its_time_and_no_oftener(
    tmp_path: Path,
) -> None:
    wall = Wall()
    with ears_at(tmp_path) as ears:
        watchdog = watched(ears.address, 3000000, wall)
        for _ in range(300):  # 9 s at 33 rounds a second
            watchdog.progress()
            wall.now_s += 0.03
        assert 8 <= len(ears.listen(0.05)) <= 9
        wall.now_s += 60.0  # the loop stalls: nobody else speaks for it
        assert ears.listen(0.05) == []
        watchdog.progress()
        assert ears.listen(0.05) == [b"WATCHDOG=1"]


def test_a_long_round_is_asked_for_before_and_the_next_one_brings_the_usual_time_back(
    tmp_path: Path,
) -> None:
    wall = Wall()
    with ears_at(tmp_path) as ears:
        watchdog = watched(ears.address, 30000000, wall)
        watchdog.progress()
        ears.listen(0.05)
        watchdog.patience(120.0)
        # In this order, and apart: systemd counts the usual time from a sign of life.
        assert ears.listen(0.05) == [b"WATCHDOG=1", b"EXTEND_TIMEOUT_USEC=120000000"]
        wall.now_s += 0.1
        watchdog.progress()
        assert ears.listen(0.05) == [b"WATCHDOG=1"]
        watchdog.progress()
        assert ears.listen(0.05) == []


def test_a_long_round_is_asked_for_where_only_the_start_is_timed(tmp_path: Path) -> None:
    with ears_at(tmp_path) as ears:
        Watchdog(Notifier({"NOTIFY_SOCKET": ears.address}), {}).patience(120.0)
        assert ears.listen(0.05) == [b"EXTEND_TIMEOUT_USEC=120000000"]


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "30000000"}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),  # of our parent
        ({"WATCHDOG_USEC": "soon"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
    ],
)
def test_the_time_that_systemd_grants(environment: dict[str, str], expected: float | None) -> None:
    assert granted_s(environment) == expected


def test_the_socket_is_not_inherited(tmp_path: Path) -> None:
    with ears_at(tmp_path) as ears:
        notifier = Notifier({"NOTIFY_SOCKET": ears.address})
        assert isinstance(notifier._socket, socket.socket)
        assert not os.get_inheritable(notifier._socket.fileno())
