"""The examination: always in the same order, never held up, never ended by one check."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from drag_edge import errors
from drag_edge.doctor.command import doctor
from drag_edge.doctor.examine import CHECKS, examine
from drag_edge.doctor.finding import Finding, State
from drag_edge.doctor.needs import Subject
from drag_edge.doctor.table import as_json, lines
from tests.doctor.machines import configured, laptop, orin

FINE = Finding("a", State.OK, "fine")
LACKING = Finding("bus", State.MISSING, "not\nthere", "plug it in", needed=True)
NOTED = Finding("GPU", State.NOTE, "none")


def test_the_order_of_the_table_does_not_change(tmp_path: Path) -> None:
    for make in (laptop, orin):
        machine = make(tmp_path)
        first = [one.what for one in examine(machine, configured(tmp_path))]
        assert [one.what for one in examine(machine, configured(tmp_path))] == first
        assert first[0] == "configuration"
        told = ("Python", "OpenCV", "NVIDIA driver", "TensorRT", "camera front", "bus", "systemd")
        assert [what for what in first if what in told] == list(told)
    assert list(CHECKS) == [
        "configuration", "Jetson", "board", "Python", "OpenCV", "GPU", "TensorRT", "versions",
        "models", "cameras", "bus", "files", "systemd",
    ]  # fmt: skip


def test_a_check_that_hangs_is_left_behind(tmp_path: Path) -> None:
    released = threading.Event()

    def hanging(subject: Subject) -> Iterator[Finding]:
        yield FINE
        released.wait(30)

    def next_one(subject: Subject) -> Iterator[Finding]:
        yield NOTED

    found = examine(laptop(tmp_path), None, {"slow": hanging, "next": next_one}, limit_s=0.05)
    released.set()
    assert [one.what for one in found] == ["a", "slow", "GPU"]
    assert found[1].state is State.BROKEN
    assert "not finished after 0.05 s" in found[1].found


def test_a_check_with_a_mistake_costs_only_itself(tmp_path: Path) -> None:
    def wrong(subject: Subject) -> Iterator[Finding]:
        raise KeyError("x")
        yield FINE

    def next_one(subject: Subject) -> Iterator[Finding]:
        yield NOTED

    found = examine(laptop(tmp_path), configured(tmp_path), {"wrong": wrong, "next": next_one})
    assert "KeyError" in found[0].found
    assert found[0].fatal, "with a configuration, what could not be told is not taken for good"
    assert found[1] is NOTED


def test_a_line_says_state_what_found_and_below_it_what_to_do() -> None:
    assert lines([FINE, LACKING]) == [
        "ok        a    fine",
        "missing ! bus  not there",
        "               → plug it in",
        "1 thing that is needed cannot be used (!): bus",
    ]


def test_the_json_has_the_same_keys_for_ever() -> None:
    document = json.loads(as_json([LACKING, NOTED]))
    assert set(document) == {"drag_edge", "ok", "findings"}
    assert document["ok"] is False
    assert document["findings"] == [
        {"what": "bus", "state": "missing", "found": "not\nthere", "advice": "plug it in",
         "needed": True},
        {"what": "GPU", "state": "note", "found": "none", "advice": None, "needed": False},
    ]  # fmt: skip
    assert json.loads(as_json([NOTED]))["ok"] is True


def test_every_fault_has_something_to_do(tmp_path: Path) -> None:
    more = "models: {road: {file: road.engine, task: segment}, a: {file: a.pt}, b: {file: b.onnx}}"
    for make in (laptop, orin):
        for source in ("csi://3", "/dev/video9", "gst:videotestsrc", "x.mp4", "rtsp://cam:x/"):
            settings = configured(tmp_path, source, "{interface: socketcan, channel: can5}", more)
            for one in examine(make(tmp_path), settings):
                assert one.advice or one.state in (State.OK, State.NOTE), one


@pytest.mark.parametrize(
    ("source", "code"), [("sim://demo", errors.OK), ("/dev/video9", errors.UNAVAILABLE)]
)
def test_the_exit_code_tells_whether_the_configuration_can_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], source: str, code: int
) -> None:
    configured(tmp_path, source)
    assert doctor(tmp_path / "drive.yaml", machine=laptop(tmp_path)) == code
    assert "camera front" in capsys.readouterr().out


def test_without_a_configuration_a_bare_machine_is_fine(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert doctor(None, json=True, machine=laptop(tmp_path)) == errors.OK
    assert json.loads(capsys.readouterr().out)["ok"] is True
