"""The virtual environment and what pip puts into it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from installing import environment, layout
from installing.install import Wishes, install
from installing.machine import InstallError
from installing.package import SYSTEM_PYTHON, Package, reachable
from tests.install.computer import BOTH, CHECKOUT, Computer, installs_of, package


def test_an_environment_that_pip_does_not_run_in_is_made_anew(root: Path, wheels: Path) -> None:
    computer = Computer(root)
    computer.fails = "pip --disable"
    with pytest.raises(InstallError):
        install(computer.machine, package(wheels), Wishes())
    left = root / "opt/drag-edge/venv/left"
    left.touch()
    whole = Computer(root)
    whole.fails = "pip --disable"
    with pytest.raises(InstallError):
        install(whole.machine, package(wheels), Wishes())
    assert left.exists()
    broken = Computer(root)
    broken.fails = "pip --version"
    install(broken.machine, package(wheels), Wishes())
    assert not left.exists()
    assert any("-m venv" in " ".join(command) for command in broken.commands)


def test_another_version_of_python_makes_the_environment_anew(
    root: Path, wheels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(Computer(root).machine, package(wheels), Wishes())
    monkeypatch.setattr("platform.python_version", lambda: "3.99.1")
    monkeypatch.setattr("platform.python_version_tuple", lambda: ("3", "99", "1"))
    upgraded = Computer(root)
    install(upgraded.machine, package(wheels), Wishes())
    assert f"remove {layout.VENV}" in upgraded.said
    assert installs_of(upgraded)
    again = Computer(root)
    install(again.machine, package(wheels), Wishes())
    assert again.commands == []


def test_roots_own_packages_are_not_seen(root: Path, wheels: Path) -> None:
    computer = Computer(root)
    install(computer.machine, package(wheels), Wishes())
    assert all(command[1] == "-I" for command in installs_of(computer))


def test_what_cannot_be_imported_is_told_with_the_packages_that_it_lacks(
    root: Path, wheels: Path, users: set[str]
) -> None:
    computer = Computer(root)
    computer.fails = "cv2"
    with pytest.raises(InstallError, match="apt-get install libgl1 libglib2"):
        install(computer.machine, package(wheels), Wishes())
    again = Computer(root)
    install(again.machine, package(wheels), Wishes())
    assert installs_of(again)  # it did not count as installed
    assert users == BOTH


def test_the_import_itself_names_what_fails_and_leaves_nothing_in_a_home(tmp_path: Path) -> None:
    def asked(*names: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-I", "-c", environment._IMPORT, *names]
        home = {**os.environ, "HOME": str(tmp_path)}
        return subprocess.run(command, capture_output=True, text=True, check=False, env=home)

    assert asked("json", "drag_edge").returncode == 0
    assert asked(*environment._NEEDED).returncode == 0
    assert list(tmp_path.iterdir()) == []
    lacking = asked("json", "no_such_module")
    assert lacking.returncode == 1
    assert lacking.stderr.startswith("no_such_module cannot be imported: No module")


def test_without_the_wheels_the_line_that_makes_them_is_told(
    root: Path, wheels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    computer = Computer(root)
    computer.fails = "install --upgrade"
    with pytest.raises(InstallError, match=r"pip wheel --wheel-dir FOLDER '\.'"):
        install(computer.machine, package(wheels), Wishes())
    monkeypatch.setattr("installing.package.on_jetson", lambda: True)
    jetson = Package(CHECKOUT, wheels, ("jetson",), sys.executable)
    line = r"FOLDER --constraint tools/constraints-jetpack\.txt '\.\[jetson\]'"
    with pytest.raises(InstallError, match=line):
        install(computer.machine, jetson, Wishes())


def test_another_wheel_is_installed_and_the_environment_stays(root: Path, wheels: Path) -> None:
    install(Computer(root).machine, package(wheels), Wishes())
    (wheels / "drag_edge-0.1.0-py3-none-any.whl").write_bytes(b"two")
    again = Computer(root)
    install(again.machine, package(wheels), Wishes())
    assert not [command for command in again.commands if "venv" in command]
    lines = [" ".join(command) for command in again.commands if "install" in command]
    assert len(lines) == 2
    assert all("--no-index" in line for line in lines)
    assert any("--force-reinstall" in line for line in lines)


def test_after_an_update_that_failed_the_package_before_is_installed_anew(
    root: Path, wheels: Path
) -> None:
    install(Computer(root).machine, package(wheels), Wishes())
    wheel = wheels / "drag_edge-0.1.0-py3-none-any.whl"
    wheel.write_bytes(b"two")
    computer = Computer(root)
    computer.fails = "--force-reinstall"
    with pytest.raises(InstallError):
        install(computer.machine, package(wheels), Wishes())
    wheel.write_bytes(b"one")
    back = Computer(root)
    install(back.machine, package(wheels), Wishes())
    assert any("--force-reinstall" in command for command in back.commands)


def test_an_interpreter_that_the_service_cannot_reach_is_not_taken(tmp_path: Path) -> None:
    assert not reachable("/home/somebody/.pyenv/versions/3.12/bin/python3")
    roots = Path("~root/bin/python3").expanduser()
    assert not reachable(str(roots))
    assert reachable(SYSTEM_PYTHON)
    link = tmp_path / "python3"
    link.symlink_to(roots)
    assert not reachable(str(link))
