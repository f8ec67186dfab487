"""CAN interfaces at boot, and options that are added later."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from installing import layout, options, service
from installing.install import Wishes, install, uninstall
from installing.options import parse_can
from installing.package import Package
from tests.install.computer import EVERYTHING, Computer, installs_of, package


def test_the_installed_copy_keeps_the_package_and_adds_options(root: Path, wheels: Path) -> None:
    install(Computer(root).machine, package(wheels), Wishes())
    record = json.loads((root / layout.RECORD.lstrip("/")).read_text())
    share = root / layout.SHARE.lstrip("/")
    computer = Computer(root)
    install(computer.machine, Package(share, None, (), sys.executable), EVERYTHING)
    now = json.loads((root / layout.RECORD.lstrip("/")).read_text())
    assert now["package"] == record["package"] != ""
    assert "/etc/systemd/network/80-drag-edge-can0.network" in now["options"]
    assert not installs_of(computer)
    again = Computer(root)
    install(again.machine, package(wheels), Wishes())
    assert again.machine.changes == 0


def test_a_jetson_loads_its_can_driver_at_boot(
    root: Path, wheels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (service, options):
        monkeypatch.setattr(module, "systemd_runs", lambda machine: True)
    monkeypatch.setattr("installing.install.on_jetson", lambda: True)
    computer = Computer(root)
    install(computer.machine, package(wheels), EVERYTHING)
    unit = root / "etc/systemd/system/drag-edge-can.service"
    assert "\nExecStart=-/sbin/modprobe mttcan\n" in unit.read_text()
    assert ("systemctl", "--quiet", "enable", "--now", unit.name) in computer.commands
    gone = Computer(root)
    uninstall(gone.machine, purge=False)
    assert ("systemctl", "--quiet", "disable", unit.name) in gone.commands
    assert not unit.exists()


def test_networkd_stays_where_somebody_else_gave_it_something_to_do(
    root: Path, wheels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (service, options):
        monkeypatch.setattr(module, "systemd_runs", lambda machine: True)
    computer = Computer(root)
    computer.fails = "is-enabled"
    install(computer.machine, package(wheels), EVERYTHING)
    (root / "etc/systemd/network/10-lan.network").touch()
    gone = Computer(root)
    uninstall(gone.machine, purge=True)
    assert not any("systemd-networkd" in command for command in gone.commands)
    assert any("systemd-networkd stays" in line for line in gone.said)


@pytest.mark.parametrize("was_enabled", [True, False])
def test_networkd_is_stopped_again_only_where_it_was_started_for_us(
    root: Path, wheels: Path, monkeypatch: pytest.MonkeyPatch, was_enabled: bool
) -> None:
    for module in (service, options):
        monkeypatch.setattr(module, "systemd_runs", lambda machine: True)
    computer = Computer(root)
    computer.fails = "" if was_enabled else "is-enabled"
    install(computer.machine, package(wheels), EVERYTHING)
    lines = [" ".join(command) for command in computer.commands]
    started = [line for line in lines if "enable --now systemd-networkd" in line]
    assert bool(started) is not was_enabled
    assert lines[-2:] == [  # a start limit that was met would refuse the restart
        "systemctl --quiet reset-failed drag-edge.service",
        "systemctl restart --no-block drag-edge.service",
    ]
    again = Computer(root)
    install(again.machine, package(wheels), EVERYTHING)  # the same again forgets nothing
    gone = Computer(root)
    uninstall(gone.machine, purge=True)
    lines = [" ".join(command) for command in gone.commands]
    assert any("disable --now systemd-networkd" in line for line in lines) is not was_enabled
    assert not any("enable --now" in line.replace("disable --now", "") for line in lines)
    assert lines[0] == "systemctl --quiet disable --now drag-edge.service"


@pytest.mark.parametrize("text", ["can0", "can0:fast", "can0:0", "../x:500000", "can0:500000:1"])
def test_a_can_interface_is_named_with_its_bitrate(text: str) -> None:
    with pytest.raises(ValueError, match="can0:500000"):
        parse_can(text)
