"""Settings across updates: whose they are, who reads them, whether they still hold."""

from __future__ import annotations

import grp
import os
from pathlib import Path

import pytest

from installing import layout, settings
from installing.command import main
from installing.install import Wishes, install
from installing.machine import InstallError, Machine
from installing.settings import default_settings
from tests.install.computer import BOTH, CHECKOUT, Computer, new_default, package


def test_untouched_settings_follow_the_new_default(
    root: Path, wheels: Path, tmp_path: Path
) -> None:
    install(Computer(root).machine, package(wheels), Wishes())
    install(Computer(root).machine, new_default(tmp_path), Wishes())
    settings = root / "etc/drag-edge/drag-edge.yaml"
    assert settings.read_text().endswith("# of the next version\n")
    assert not settings.with_name("drag-edge.yaml.new").exists()


def test_edited_settings_are_kept_and_a_new_default_lies_beside_them(
    root: Path, wheels: Path, tmp_path: Path
) -> None:
    install(Computer(root).machine, package(wheels), Wishes())
    settings = root / "etc/drag-edge/drag-edge.yaml"
    settings.write_text("mine: true\n")
    same = Computer(root)
    install(same.machine, package(wheels), Wishes())
    assert not settings.with_name("drag-edge.yaml.new").exists()  # it is no new one
    newer = Computer(root)
    install(newer.machine, new_default(tmp_path), Wishes())
    assert settings.read_text() == "mine: true\n"
    beside = settings.with_name("drag-edge.yaml.new")
    assert beside.read_bytes() == default_settings(newer_checkout := tmp_path / "newer")
    assert newer_checkout.is_dir()
    assert any("diff" in line for line in newer.said)


def test_settings_that_are_kept_can_be_read_by_the_service_and_by_nobody_else(
    root: Path, wheels: Path, users: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(Machine, "is_this", True)
    monkeypatch.setattr(layout, "USER", grp.getgrgid(os.getgid()).gr_name)
    given: list[tuple[Path, int]] = []
    monkeypatch.setattr(os, "chown", lambda path, user, group: given.append((path, group)))
    computer = Computer(root)
    file = root / "etc/drag-edge/drag-edge.yaml"
    file.parent.mkdir(parents=True)
    file.write_text("mine: true\n")
    file.chmod(0o600)
    settings.install_settings(computer.machine, CHECKOUT, "")
    assert given == [(file, os.getgid())]
    assert oct(file.stat().st_mode)[-3:] == "640"
    assert file.read_text() == "mine: true\n"
    settings.install_settings(computer.machine, CHECKOUT, "")
    assert len(given) == 1
    monkeypatch.setattr(layout, "USER", "no-such-group")
    with pytest.raises(InstallError, match="groupadd --system no-such-group"):
        settings.install_settings(computer.machine, CHECKOUT, "")


def test_settings_that_the_new_version_refuses_are_told_and_the_rest_is_done(
    root: Path, wheels: Path, users: set[str]
) -> None:
    assert install(Computer(root).machine, package(wheels), Wishes())
    (wheels / "drag_edge-0.1.0-py3-none-any.whl").write_bytes(b"two")
    computer = Computer(root)
    computer.fails = "drag_edge check"
    assert install(computer.machine, package(wheels), Wishes())  # the default is right
    (root / layout.SETTINGS_FILE.lstrip("/")).write_text("camras: {}")
    assert not install(computer.machine, package(wheels), Wishes())
    assert any("is refused; the service will not run" in line for line in computer.said)
    assert users == BOTH
    assert (root / layout.UNIT.lstrip("/")).exists()


def test_settings_that_are_refused_are_exit_78(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("installing.command.install", lambda *_: False)
    assert main("", ["--root", str(root)]) == 78
