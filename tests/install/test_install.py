"""tools/install into a folder that stands for a computer."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from drag_edge.config.load import load
from installing import layout, options, service
from installing.command import main
from installing.install import Wishes, install, uninstall
from installing.machine import InstallError
from installing.package import Package
from tests.install.computer import CHECKOUT, EVERYTHING, Computer, new_default, package


def test_everything_is_where_the_unit_looks_for_it(root: Path, wheels: Path) -> None:
    computer = Computer(root)
    install(computer.machine, package(wheels), EVERYTHING)
    files = computer.files()
    unit = files[layout.UNIT.lstrip("/")].decode()
    for line in unit.splitlines():
        if line.startswith("ExecStart="):
            program, verb, settings = line.removeprefix("ExecStart=").split()
    assert verb == "run"
    assert program.lstrip("/") in files
    assert settings.lstrip("/") in files
    assert files["usr/local/bin/drag-edge"].decode() == program
    network = files["etc/systemd/network/80-drag-edge-can0.network"].decode()
    assert "Name=can0\n" in network
    assert "BitRate=500000\n" in network
    assert "etc/systemd/system/drag-edge.service.d/desktop.conf" in files
    assert "etc/udev/rules.d/70-drag-edge.rules" in files
    assert not [name for name in files if "__pycache__" in name]
    assert not [name for name in files if name.endswith(".new")]


def test_the_settings_that_it_brings_are_right_where_it_puts_them(root: Path, wheels: Path) -> None:
    install(Computer(root).machine, package(wheels), Wishes())
    text = (root / "etc/drag-edge/drag-edge.yaml").read_text()
    assert "../" not in text
    here = root / "here.yaml"
    here.write_text(text.replace(layout.SHARE, str(root / layout.SHARE.lstrip("/"))))
    settings = load(here)
    assert not settings.adas.actuation
    assert settings.service.http.listen == "127.0.0.1"
    assert oct((root / "etc/drag-edge/drag-edge.yaml").stat().st_mode)[-3:] == "640"


def test_again_it_changes_nothing_and_says_so(root: Path, wheels: Path) -> None:
    install(Computer(root).machine, package(wheels), EVERYTHING)
    again = Computer(root)
    before = again.files()
    install(again.machine, package(wheels), EVERYTHING)
    assert again.machine.changes == 0
    assert again.commands == []
    assert "everything was installed already" in again.said
    assert again.files() == before


def test_where_there_is_nothing_to_install_nothing_changes(root: Path, tmp_path: Path) -> None:
    """As beside the copy that is installed: its share/ has a folder drag_edge too."""
    copy = tmp_path / "share"
    (copy / "drag_edge/sim").mkdir(parents=True)
    computer = Computer(root)
    with pytest.raises(InstallError, match="is no checkout"):
        install(computer.machine, Package(copy, None, (), sys.executable), Wishes())
    assert computer.files() == {}
    assert computer.commands == []


def test_files_of_others_beside_ours_stay_and_ours_that_are_gone_go(
    root: Path, wheels: Path, tmp_path: Path
) -> None:
    newer = new_default(tmp_path)
    share = root / layout.SHARE.lstrip("/")
    (newer.checkout / "configs/of-this-version.yaml").write_text("x")
    install(Computer(root).machine, newer, Wishes())
    ours = share / "configs/of-this-version.yaml"
    assert ours.exists()
    engine = share / "engines/demo/road.engine"
    engine.write_bytes(b"built here")
    (share / "configs/mine.yaml").write_text("mine")
    (share / "configs/demo.yaml").write_text("somebody's")
    install(Computer(root).machine, package(wheels), Wishes())
    assert engine.read_bytes() == b"built here"
    assert (share / "configs/mine.yaml").exists()
    assert (share / "configs/demo.yaml").read_bytes() == (
        CHECKOUT / "configs/demo.yaml"
    ).read_bytes()
    assert not ours.exists()
    record = root / layout.RECORD.lstrip("/")
    content = json.loads(record.read_text())
    victim = root / "opt/drag-edge/victim"
    victim.touch()
    record.write_text(json.dumps({**content, "shared": ["../victim", str(victim)]}))
    install(Computer(root).machine, package(wheels), Wishes())
    assert victim.exists()


def test_a_unit_that_systemd_does_not_know_yet_is_started(
    root: Path, wheels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its failures cannot be reset, which is no fault."""
    for module in (service, options):
        monkeypatch.setattr(module, "systemd_runs", lambda machine: True)
    computer = Computer(root)
    computer.fails = "reset-failed"
    install(computer.machine, package(wheels), Wishes())
    assert computer.commands[-1][1] == "restart"


def test_dry_run_says_it_all_and_does_nothing(root: Path, wheels: Path) -> None:
    dry = Computer(root, dry_run=True)
    install(dry.machine, package(wheels), EVERYTHING)
    assert dry.files() == {}
    assert all("sys.version_info" in command[-1] for command in dry.commands)  # only asked
    assert f"would write {layout.UNIT}" in dry.said
    install(Computer(root).machine, package(wheels), EVERYTHING)
    before = Computer(root).files()
    dry = Computer(root, dry_run=True)
    uninstall(dry.machine, purge=True)
    assert dry.files() == before
    assert f"would remove {layout.HOME}" in dry.said


def test_a_step_that_fails_says_what_to_do_and_the_next_try_goes_on(
    root: Path, wheels: Path
) -> None:
    computer = Computer(root)
    computer.fails = "-m venv"
    with pytest.raises(InstallError, match="python3-venv"):
        install(computer.machine, package(wheels), Wishes())
    computer = Computer(root)
    computer.fails = "pip"
    with pytest.raises(InstallError, match="exit code 1"):
        install(computer.machine, package(wheels), Wishes())
    computer = Computer(root)
    install(computer.machine, package(wheels), Wishes())
    assert [command for command in computer.commands if "pip" in command]
    assert layout.UNIT.lstrip("/") in computer.files()


@pytest.fixture
def strict_umask() -> Iterator[None]:
    """As of a careful root; the tests' own comes back."""
    before = os.umask(0o077)
    yield
    os.umask(before)


def everybody_reads(path: Path) -> bool:
    """A folder must be entered, too."""
    needed = 0o055 if path.is_dir() else 0o044
    return path.is_symlink() or path.stat().st_mode & needed == needed


@pytest.mark.usefixtures("strict_umask")
def test_under_a_strict_umask_the_service_can_still_read_it(
    tmp_path: Path, wheels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkout = tmp_path / "cloned"
    for name in layout.SHARED:
        shutil.copytree(CHECKOUT / name, checkout / name)
    for name in layout.SHARED_FILES:
        (checkout / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(CHECKOUT / name, checkout / name)
    for path in (checkout, *checkout.rglob("*")):
        path.chmod(path.stat().st_mode & 0o700)
    computer = Computer(tmp_path / "computer")
    monkeypatch.setattr("installing.command.CHECKOUT", checkout)
    monkeypatch.setattr("installing.command.Machine", lambda root, dry_run: computer.machine)
    assert main("", ["--wheels", str(wheels), "--root", str(tmp_path / "computer")]) == 0
    root = computer.machine.root
    closed = [str(path.relative_to(root)) for path in root.rglob("*") if not everybody_reads(path)]
    assert closed == ["etc/drag-edge/drag-edge.yaml"]  # may hold passwords
