"""The virtual environment: made whole or made anew, and seen to work."""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
from pathlib import Path

from installing import layout
from installing.machine import InstallError, Machine

# What the service imports; OpenCV is what most often lacks a library of the system.
_NEEDED = (
    "cv2", "numpy", "onnxruntime", "prometheus_client", "serial", "can", "yaml", "pydantic",
    "drag_edge",
)  # fmt: skip
_IMPORT = """
import importlib, os, sys
os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # ONNX Runtime would leave files in root's home
for name in sys.argv[1:]:
    try:
        importlib.import_module(name)
    except Exception as error:
        sys.exit(f"{name} cannot be imported: {error}")
"""
_LIBRARIES = """\
what is installed cannot be imported, for the reason above. OpenCV needs libraries of the system:
  sudo apt-get install libgl1 libglib2.0-0
from Ubuntu 24.04 and Debian 13 on the second is called libglib2.0-0t64"""


def python_in(venv: Path) -> tuple[str, str]:
    """The environment's own interpreter. Isolated: root's packages in ~/.local are not the
    service's."""
    return f"{venv}/bin/python", "-I"


def make_environment(machine: Machine, python: str, venv: Path) -> None:
    """One for this interpreter; what was left half made, or is another version's, is made anew."""
    if _is_whole(machine, python, venv):
        return
    machine.remove(layout.VENV)
    if not machine.dry_run:
        machine.make_folders(venv.parent)
    _check_version(machine, python)
    try:
        machine.command(
            python, "-m", "venv", "--system-site-packages", str(venv),
            why=f"make a virtual environment in {layout.VENV}",
        )  # fmt: skip
    except InstallError as error:
        if venv.exists() and not machine.dry_run:
            shutil.rmtree(venv)
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        raise InstallError(
            f"{error}\nno virtual environment can be made. On Debian or Ubuntu: "
            f"sudo apt-get install python3-venv (or python{version}-venv)"
        ) from error


def check_imports(machine: Machine, venv: Path) -> None:
    """Raises InstallError where a part cannot be imported, and says what is usually missing."""
    if not machine.is_this:
        machine.note("not this computer: whether it has the libraries of OpenCV is not seen")
        return
    try:
        machine.command(
            *python_in(venv), "-c", _IMPORT, *_NEEDED, why="see that all of it can be imported"
        )
    except InstallError as error:
        raise InstallError(_LIBRARIES) from error


def name_where_it_will_be(machine: Machine, venv: Path) -> None:
    """Below another root: what names the environment's path names the one that it will have."""
    if machine.is_this or machine.dry_run:
        return
    programs = [path for path in (venv / "bin").iterdir() if not path.is_symlink()]
    for path in (*programs, venv / "pyvenv.cfg"):
        content = path.read_bytes()
        named = content.replace(str(venv).encode(), layout.VENV.encode())
        if named != content and b"\0" not in content:
            path.write_bytes(named)


def version_of(python: str) -> str:
    """ "3.10" of an interpreter, "" of one that does not run."""
    if python == sys.executable:
        return ".".join(platform.python_version_tuple()[:2])
    asked = "import sys; print('%d.%d' % sys.version_info[:2])"
    try:
        said = subprocess.run((python, "-I", "-c", asked), capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return said.stdout.decode().strip()


def _is_whole(machine: Machine, python: str, venv: Path) -> bool:
    if not (venv / "bin/python").exists() or _made_with(venv) != version_of(python):
        return False
    return machine.ask(*python_in(venv), "-m", "pip", "--version")


def _made_with(venv: Path) -> str | None:
    """The version of Python that pyvenv.cfg names, as "3.10"."""
    try:
        lines = (venv / "pyvenv.cfg").read_text().splitlines()
    except OSError:
        return None
    values = {
        key.strip(): value.strip() for key, _, value in (line.partition("=") for line in lines)
    }
    return ".".join(values.get("version", "").split(".")[:2])


def _check_version(machine: Machine, python: str) -> None:
    if not machine.ask(python, "-c", "import sys; sys.exit(sys.version_info < (3, 10))"):
        raise InstallError(
            f"{python} is no Python 3.10 or newer; name one with --python (outside home folders)"
        )
