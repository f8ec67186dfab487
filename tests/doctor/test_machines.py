"""Whole machines: a bare laptop, an Orin in order, and Orins with one thing wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from drag_edge.doctor.finding import State
from drag_edge.doctor.jetpack import COMBINATIONS, Jetson
from drag_edge.doctor.machine import Answer, Ran
from tests.doctor.machines import (
    ERROR_35,
    NO_DRIVER,
    NUMPY_TRAP,
    ORIN,
    ORIN_DRIVER,
    PIPS_OPENCV,
    configured,
    laptop,
    looked_at,
    orin,
)

ENGINE = "models: {road: {file: road.engine, task: segment}}"


def test_a_bare_laptop_is_a_normal_answer(tmp_path: Path) -> None:
    findings = looked_at(laptop(tmp_path), configured(tmp_path))
    assert not any(finding.fatal for finding in findings.values())
    assert {one.state for one in findings.values()} == {State.OK, State.NOTE}
    assert findings["NVIDIA driver"].state is State.NOTE
    assert "no Jetson" in findings["board"].found


def test_a_laptop_that_shall_run_an_engine_lacks_what_it_needs(tmp_path: Path) -> None:
    findings = looked_at(laptop(tmp_path), configured(tmp_path, more=ENGINE))
    for what in ("NVIDIA driver", "TensorRT", "PyCUDA", "model road"):
        assert findings[what].state is State.MISSING, what
        assert findings[what].fatal, what
        assert findings[what].advice, what
    assert "model road needs it" in findings["NVIDIA driver"].found


def test_an_orin_in_order_is_ok_in_every_line(tmp_path: Path) -> None:
    findings = looked_at(
        orin(tmp_path), configured(tmp_path, "csi://0", "{interface: socketcan, channel: can0}")
    )
    wrong = {what: one for what, one in findings.items() if one.state is not State.OK}
    assert set(wrong) == {"service"}
    assert findings["board"].found == ORIN
    assert findings["JetPack"].found == "JetPack 6.2, Jetson Linux 36.4.3"
    assert "TensorRT 10.3.0" in findings["versions"].found
    assert "sm_87" in findings["GPU"].found
    assert findings["clocks"].found == "CPU 2202 of 2202 MHz, GPU 1300 of 1300 MHz, held there"


@pytest.mark.parametrize("topic", ["opencv", "tensorrt"])
def test_numpy_2_beside_what_was_built_for_numpy_1_is_told_in_words(
    tmp_path: Path, topic: str
) -> None:
    machine = orin(tmp_path)
    machine.answers["numpy"] = {"version": "2.2.6"}
    trapped = {"error": "ImportError: numpy.core.multiarray failed to import"}
    machine.answers[topic] = Answer(trapped, NUMPY_TRAP)
    findings = looked_at(machine, configured(tmp_path, more=ENGINE))
    assert findings["numpy"].state is State.BROKEN
    assert "was built for numpy 1" in findings["numpy"].found
    assert findings["numpy"].advice == "pip install 'numpy>=1.26,<2'"
    assert findings["numpy"].fatal
    assert findings["OpenCV" if topic == "opencv" else "TensorRT"].fatal


def test_numpy_2_that_only_tensorrt_minds_is_not_fatal_without_engines(tmp_path: Path) -> None:
    machine = orin(tmp_path)
    machine.answers["numpy"] = {"version": "2.2.6"}
    machine.answers["tensorrt"] = Answer({"error": "ImportError: _ARRAY_API not found"})
    findings = looked_at(machine, configured(tmp_path))
    assert findings["numpy"].state is State.BROKEN
    assert not any(finding.fatal for finding in findings.values())


def test_a_driver_older_than_tensorrts_cuda_is_error_35_in_words(tmp_path: Path) -> None:
    machine = laptop(tmp_path)
    machine.answers["driver"] = {**ORIN_DRIVER, "cuda": [11, 4]}
    failing = {"version": "10.3.0", "file": "t", "runtime_error": "TypeError: nullptr"}
    machine.answers["tensorrt"] = Answer(failing, ERROR_35)
    findings = looked_at(machine, configured(tmp_path, more=ENGINE))
    found = findings["versions"]
    assert found.fatal
    assert found.state is State.BROKEN
    assert "the driver is older than the CUDA" in found.found
    assert "error: 35" in found.found
    assert "driver CUDA 11.4" in found.found
    assert "update the NVIDIA driver" in found.advice


def test_error_35_without_any_driver_is_no_mismatch(tmp_path: Path) -> None:
    machine = laptop(tmp_path)
    failing = {"version": "8.5.3.1", "file": "t", "runtime_error": "TypeError: nullptr"}
    machine.answers["tensorrt"] = Answer(failing, ERROR_35)
    findings = looked_at(machine, configured(tmp_path))
    assert findings["TensorRT"].state is State.NOTE
    assert "versions" not in findings


def test_another_failure_of_tensorrt_quotes_its_last_word(tmp_path: Path) -> None:
    machine = orin(tmp_path)
    failing = {"version": "10.3.0", "file": "t", "runtime_error": "TypeError: nullptr"}
    machine.answers["tensorrt"] = Answer(failing, "[TRT] [E] something else")
    found = looked_at(machine, configured(tmp_path))["TensorRT"]
    assert found.state is State.BROKEN
    assert "[TRT] [E] something else" in found.found


def test_a_driver_that_does_not_start_is_told_in_words(tmp_path: Path) -> None:
    machine = orin(tmp_path)
    broken = {"cuda": [12, 6], "code": 999, "error": "cuInit: CUDA_ERROR_UNKNOWN (999)"}
    machine.answers["driver"] = broken
    found = looked_at(machine)["NVIDIA driver"]
    assert found.state is State.BROKEN
    assert "device files are not readable" in found.found
    assert "video,render" in found.advice


@pytest.mark.parametrize(
    "error", ["libcuda.so.1: cannot open", "undefined symbol: cuArrayCreate_v2"]
)
def test_pycuda_without_a_driver_only_waits_for_it(tmp_path: Path, error: str) -> None:
    machine = laptop(tmp_path)
    machine.answers["pycuda"] = {"error": f"ImportError: {error}"}
    machine.answers["driver"] = NO_DRIVER
    found = looked_at(machine, configured(tmp_path, more=ENGINE))["PyCUDA"]
    assert found.state is State.NOTE


def test_pycuda_built_for_a_newer_cuda_does_not_fit(tmp_path: Path) -> None:
    machine = orin(tmp_path)
    machine.answers["pycuda"] = {"version": "2026.1", "cuda": [13, 0]}
    findings = looked_at(machine, configured(tmp_path, more=ENGINE))
    assert findings["versions"].state is State.BROKEN
    assert "PyCUDA for CUDA 13.0" in findings["versions"].found


def test_pips_tensorrt_over_jetpacks_is_noted(tmp_path: Path) -> None:
    machine = orin(tmp_path)
    machine.answers["tensorrt"] = {"version": "10.13.3.9", "file": "/venv/tensorrt"}
    found = looked_at(machine)["versions"]
    assert found.state is State.NOTE
    assert "JetPack 6.2 brings TensorRT 10.3" in found.found
    assert "pip uninstall tensorrt" in found.advice


def test_a_driver_of_an_older_release_is_noted(tmp_path: Path) -> None:
    machine = orin(tmp_path)
    machine.answers["driver"] = {**ORIN_DRIVER, "cuda": [12, 2]}
    found = looked_at(machine)["versions"]
    assert found.state is State.NOTE
    assert "JetPack 6.2 brings CUDA 12.6" in found.found


def test_pips_opencv_over_jetpacks_costs_the_csi_camera(tmp_path: Path) -> None:
    machine = orin(tmp_path)
    machine.answers["opencv"] = PIPS_OPENCV
    machine.installed = {"opencv-python": "4.10.0.84"}
    findings = looked_at(machine, configured(tmp_path, "csi://0"))
    assert findings["OpenCV"].state is State.NOTE
    assert findings["OpenCV's GStreamer"].fatal
    assert "pip uninstall opencv-python" in findings["OpenCV's GStreamer"].advice
    assert not looked_at(machine, configured(tmp_path, "/dev/video0"))["OpenCV's GStreamer"].fatal


def test_a_jetson_without_opencv_is_sent_to_jetpacks(tmp_path: Path) -> None:
    machine = orin(tmp_path)
    machine.answers["opencv"] = {"error": "ModuleNotFoundError: No module", "absent": "cv2"}
    found = looked_at(machine)["OpenCV"]
    assert found.fatal
    assert "libopencv-python" in found.advice
    assert "--system-site-packages" in found.advice


def test_a_library_that_aborts_takes_only_its_line(tmp_path: Path) -> None:
    machine = orin(tmp_path)
    machine.answers["tensorrt"] = Answer(None, "", "its process was ended by SIGABRT")
    findings = looked_at(machine, configured(tmp_path, more=ENGINE))
    assert findings["TensorRT"].fatal
    assert "SIGABRT" in findings["TensorRT"].found
    assert findings["OpenCV"].state is State.OK


def test_power_clocks_and_heat_say_what_slows_it_down(tmp_path: Path) -> None:
    machine = orin(tmp_path)
    machine.programs["nvpmodel"] = Ran(0, "NV Power Mode: MODE_30W\n2\n", "")
    modes = "< POWER_MODEL ID=0 NAME=15W >\n< POWER_MODEL ID=2 NAME=MAXN_SUPER >\n"
    machine.write("/etc/nvpmodel.conf", modes)
    machine.write("/sys/class/devfreq/17000000.gpu/min_freq", "306000000\n")
    machine.write("/sys/class/devfreq/17000000.gpu/cur_freq", "306000000\n")
    machine.write("/sys/class/thermal/thermal_zone0/temp", "99500\n")
    machine.write("/sys/class/thermal/cooling_device0/cur_state", "1\n")
    findings = looked_at(machine)
    assert "nvpmodel -m 2" in findings["power mode"].advice
    assert "jetson_clocks" in findings["clocks"].advice
    assert "GPU 306 of 1300 MHz" in findings["clocks"].found
    assert findings["temperature"].state is State.BROKEN
    assert "cpu-throttle-alert" in findings["temperature"].found


def test_jetpack_5_is_below_the_floor(tmp_path: Path) -> None:
    machine = orin(tmp_path)
    machine.programs["dpkg-query"] = Ran(0, "5.1.2-b104", "")
    found = looked_at(machine)["JetPack"]
    assert found.state is State.BROKEN
    assert "JetPack 6 or 7" in found.advice


def test_the_release_file_alone_tells_the_jetpack(tmp_path: Path) -> None:
    machine = orin(tmp_path)
    del machine.programs["dpkg-query"]
    assert looked_at(machine)["JetPack"].found.startswith("JetPack 6.2,")


@pytest.mark.parametrize(
    ("jetpack", "tensorrt"),
    [("5.1.3", (8, 5)), ("6.0", (8, 6)), ("6.1", (10, 3)), ("6.2.1", (10, 3)), ("7.2", (10, 16)),
     ("7.2.2", (11, 4)), ("7.2.3", (11, 4))],
)  # fmt: skip
def test_each_jetpack_has_its_combination(jetpack: str, tensorrt: tuple[int, int]) -> None:
    combination = Jetson("Orin", "", jetpack).combination
    assert combination is not None
    assert combination.tensorrt == tensorrt


@pytest.mark.parametrize("jetpack", ["", "4.6", "7.0", "8.0", "nonsense"])
def test_a_release_that_the_table_does_not_know_is_not_guessed(jetpack: str) -> None:
    assert Jetson("Orin", "", jetpack).combination is None


def test_the_table_is_sorted_newest_first() -> None:
    versions = [tuple(map(int, one.jetpack.split("."))) for one in COMBINATIONS]
    assert versions == sorted(versions, reverse=True)
