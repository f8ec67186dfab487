"""Looking at the real machine: programs and libraries that crash, hang, or are not there."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from drag_edge.doctor.child import PACKAGES, main
from drag_edge.doctor.gpu import device, driver_cuda
from drag_edge.doctor.machine import Machine, Ran, answer_of
from drag_edge.inference.cuda import DeviceInfo


@pytest.fixture
def machine() -> Machine:
    return Machine()


def test_a_program_that_is_not_installed_is_none(machine: Machine) -> None:
    assert machine.run("no-such-program-anywhere") is None


def test_a_program_speaks_english_and_ends(machine: Machine) -> None:
    ran = machine.run("sh", "-c", "echo $LC_ALL; echo oh >&2; exit 3")
    assert ran == Ran(3, "C\n", "oh\n")


def test_a_program_that_hangs_is_ended_with_all_that_it_started(machine: Machine) -> None:
    started_s = time.monotonic()
    ran = machine.run("sh", "-c", "sleep 60 & sleep 60", limit_s=0.2)
    assert ran is not None
    assert ran.code is None
    assert time.monotonic() - started_s < 5


@pytest.mark.parametrize(
    ("ran", "told"),
    [
        (None, "could not be started"),
        (Ran(None, "", ""), "longer than 60 s"),
        (Ran(-6, "", "abort"), "SIGABRT"),
        (Ran(-11, "half a line", ""), "SIGSEGV"),
        (Ran(1, "", "Traceback"), "exit code 1"),
    ],
)
def test_a_child_without_an_answer_is_an_error_in_words(ran: Ran | None, told: str) -> None:
    answer = answer_of(ran, 60.0)
    assert told in answer.error
    assert answer.get("version") is None


def test_what_libraries_print_does_not_disturb_the_answer() -> None:
    ran = Ran(0, 'hello\n\ndrag-edge doctor: {"version": "1"}\nbye\n', "[W] warning\n")
    answer = answer_of(ran, 60.0)
    assert answer.get("version") == "1"
    assert answer.error == ""
    assert answer.said == "hello\n\n[W] warning"


def test_a_child_sees_the_packages_of_this_process(machine: Machine) -> None:
    facts = machine.ask("packages").facts
    assert facts is not None
    assert set(facts["versions"]) == set(PACKAGES)
    assert facts["errors"] == {}
    assert machine.ask("packages") is machine.ask("packages"), "asked once"


def test_a_library_that_kills_its_process_is_survived(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tensorrt.py").write_text("import os; os.abort()")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    assert "SIGABRT" in machine.ask("tensorrt").error


def test_a_library_that_hangs_is_survived(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tensorrt.py").write_text("import time; time.sleep(60)")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    assert "longer than 1 s" in Machine().ask("tensorrt", limit_s=1.0).error


def test_a_missing_library_is_told_by_its_name(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pycuda.py").write_text("raise ModuleNotFoundError('no', name='pycuda')")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    assert machine.ask("pycuda").get("absent") == "pycuda"


def test_the_child_always_answers(capsys: pytest.CaptureFixture[str]) -> None:
    for topic in ("driver", "opencv", "numpy"):
        main(topic)
        line = capsys.readouterr().out.strip().splitlines()[-1]
        assert isinstance(json.loads(line.partition(": ")[2]), dict)


def test_a_port_that_answers_and_one_that_refuses(machine: Machine) -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        assert machine.connect("127.0.0.1", port) == ""
    assert "refused" in machine.connect("127.0.0.1", port)


def test_files_that_cannot_be_read_are_none(machine: Machine, tmp_path: Path) -> None:
    looking = Machine(tmp_path)
    (tmp_path / "bytes").write_bytes(b"Orin\xff\0\n")
    assert looking.text("/bytes") == "Orin\ufffd"
    assert looking.text("/none") is None
    assert looking.names("/none") == []
    assert not looking.exists("/none")
    assert machine.free_bytes(Path("/no/such/folder")) is None
    assert machine.may_use("/dev/null") == os.access("/dev/null", os.R_OK | os.W_OK)


def with_driver(folder: Path, monkeypatch: pytest.MonkeyPatch, *options: str) -> Machine:
    """This machine with a libcuda.so.1 of ours; what loads libraries reads the variable."""
    source = Path(__file__).with_name("pretend_cuda.c")
    words = ["cc", "-shared", "-fPIC", *options, "-o", str(folder / "libcuda.so.1"), str(source)]
    subprocess.run(words, check=True)
    monkeypatch.setenv("LD_LIBRARY_PATH", str(folder))
    return Machine()


@pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")
def test_the_driver_is_asked_as_its_interface_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = with_driver(tmp_path, monkeypatch)
    assert driver_cuda(machine) == (12, 6)
    assert device(machine) == DeviceInfo("Orin", (8, 7), 61 * 2**30, True, (12, 6))


@pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")
def test_a_driver_that_does_not_start_still_tells_its_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = with_driver(tmp_path, monkeypatch, "-DINIT=999")
    assert machine.ask("driver").error == "cuInit: CUDA_ERROR_UNKNOWN (999)"
    assert driver_cuda(machine) == (12, 6)
    assert device(machine) is None


@pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")
def test_a_driver_without_a_gpu_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = with_driver(tmp_path, monkeypatch, "-DCOUNT=0")
    assert machine.ask("driver").get("code") == 100
    assert device(machine) is None
