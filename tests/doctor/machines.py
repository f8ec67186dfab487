"""Machines as folders: what a laptop and an Orin show to somebody who looks."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from drag_edge.config.load import load
from drag_edge.config.root import Settings
from drag_edge.doctor.examine import examine
from drag_edge.doctor.finding import Finding
from drag_edge.doctor.machine import Answer, Machine, Ran

ORIN = "NVIDIA Jetson AGX Orin Developer Kit"
ORIN_DRIVER = {
    "cuda": [12, 6],
    "devices": [
        {"name": "Orin", "compute": [8, 7], "integrated": True, "memory_bytes": 61 * 2**30},
    ],
}
NO_DRIVER = {"error": "libcuda.so.1: cannot open shared object file", "absent": "libcuda.so.1"}
PIPS_OPENCV = {"version": "4.10.0", "file": "/venv/cv2/__init__.py", "gstreamer": "NO",
               "ffmpeg": "YES", "v4l/v4l2": "YES (linux/videodev2.h)"}  # fmt: skip
JETPACKS_OPENCV = {**PIPS_OPENCV, "version": "4.8.0", "gstreamer": "YES (1.20.3)",
                   "file": "/usr/lib/python3.10/dist-packages/cv2/__init__.py"}  # fmt: skip
ERROR_35 = "[TRT] [W] CUDA initialization failure with error: 35"
NUMPY_TRAP = (
    "A module that was compiled using NumPy 1.x cannot be run in\nNumPy 2.2.6 as it may crash"
)


class PretendMachine(Machine):
    """A folder for `/`, answers for libraries, outputs for programs; nothing of the real one."""

    def __init__(self, root: Path, answers: Mapping[str, Any]) -> None:
        super().__init__(root)
        self.answers: dict[str, Any] = dict(answers)
        self.programs: dict[str, Ran] = {}
        self.variables: dict[str, str] = {}
        self.installed: dict[str, str] = {}
        self.unusable: set[str] = set()
        self.dead_hosts: dict[str, str] = {}
        self.python_version = (3, 10, 12)
        self.executable = "/venv/bin/python"
        self.processor = "x86_64"

    def write(self, path: str, text: str = "") -> None:
        file = self.path(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def _ask(self, topic: str, limit_s: float) -> Answer:
        answer = self.answers[topic]
        return answer if isinstance(answer, Answer) else Answer(answer)

    def run(self, *words: str, limit_s: float = 5.0) -> Ran | None:
        return self.programs.get(words[0].rsplit("/")[-1])

    def may_use(self, path: str) -> bool:
        return path not in self.unusable

    def group_of(self, path: str) -> str:
        return "video" if "video" in path else "dialout"

    def variable(self, name: str) -> str:
        return self.variables.get(name, "")

    def distributions(self) -> Mapping[str, str]:
        return self.installed

    def connect(self, host: str, port: int, limit_s: float = 2.0) -> str:
        return self.dead_hosts.get(host, "")


def laptop(root: Path) -> PretendMachine:
    """No GPU, no cameras, no bus; what pip installs today."""
    packages = {"versions": {"onnxruntime": "1.23.2", "scipy": "1.15.3"}, "errors": {}}
    absent = {"error": "ModuleNotFoundError: No module named"}
    return PretendMachine(
        root,
        {
            "driver": NO_DRIVER,
            "nvrtc": {"error": "no GPU"},
            "numpy": {"version": "2.2.6", "file": "/venv/numpy/__init__.py"},
            "opencv": PIPS_OPENCV,
            "packages": packages,
            "pycuda": {**absent, "absent": "pycuda"},
            "tensorrt": {**absent, "absent": "tensorrt"},
        },
    )


def orin(root: Path) -> PretendMachine:
    """An AGX Orin with JetPack 6.2, everything installed and in order."""
    machine = laptop(root)
    machine.processor = "aarch64"
    machine.answers |= {
        "driver": ORIN_DRIVER,
        "nvrtc": {"cuda": [12, 6], "file": "libnvrtc.so.12"},
        "numpy": {"version": "1.26.4", "file": "/venv/numpy/__init__.py"},
        "opencv": JETPACKS_OPENCV,
        "pycuda": {"version": "2025.1", "cuda": [12, 6], "file": "/venv/pycuda/__init__.py"},
        "tensorrt": {"version": "10.3.0", "file": "/usr/lib/python3.10/dist-packages/tensorrt"},
    }
    machine.programs = {
        "dpkg-query": Ran(0, "6.2+b77", ""),
        "nvpmodel": Ran(0, "NV Power Mode: MAXN\n0\n", ""),
    }
    release = "# R36 (release), REVISION: 4.3, GCID: 38968081, BOARD: generic, EABI: aarch64"
    machine.write("/etc/nv_tegra_release", release + "\n")
    machine.write("/proc/device-tree/model", ORIN + "\0")
    machine.write("/usr/local/cuda/version.json", '{"cuda": {"version": "12.6.11"}}')
    cpu, gpu = "/sys/devices/system/cpu/cpu0/cpufreq", "/sys/class/devfreq/17000000.gpu"
    for key in ("min", "cur", "max"):
        machine.write(f"{cpu}/scaling_{key}_freq", "2201600\n")
        machine.write(f"{gpu}/{key}_freq", "1300500000\n")
    machine.write("/sys/class/thermal/thermal_zone0/type", "cpu-thermal\n")
    machine.write("/sys/class/thermal/thermal_zone0/temp", "51218\n")
    machine.write("/sys/class/thermal/cooling_device0/type", "cpu-throttle-alert\n")
    machine.write("/sys/class/thermal/cooling_device0/cur_state", "0\n")
    machine.write("/tmp/argus_socket")
    machine.write("/dev/video0")
    machine.write("/sys/class/video4linux/video0/name", "vi-output, imx477 10-001a\n")
    machine.write("/sys/class/net/can0/type", "280\n")
    machine.write("/sys/class/net/can0/flags", "0x40081\n")
    machine.write("/run/systemd/system/x")
    return machine


CONFIG = """
cameras:
  front:
    source: SOURCE
    mount: {x: 1.6, z: 1.3}
    intrinsics: {width: 64, height: 48, fx: 50, fy: 50, cx: 32, cy: 24}
vehicle:
  can: CAN
"""


def configured(
    folder: Path, source: str = "sim://demo", can: str = "{interface: virtual}", more: str = ""
) -> Settings:
    """A small configuration in a folder of its own."""
    text = CONFIG.replace("SOURCE", source).replace("CAN", can) + textwrap.dedent(more)
    file = folder / "drive.yaml"
    file.write_text(text)
    return load(file, check_files=False)


def looked_at(machine: Machine, settings: Settings | None = None) -> dict[str, Finding]:
    """The findings by what they are about."""
    return {finding.what: finding for finding in examine(machine, settings)}
