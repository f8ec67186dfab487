"""Where it is installed, from what, and with which users."""

from __future__ import annotations

from pathlib import Path

import pytest

from installing import account, layout, options, service, settings
from installing.machine import Machine
from tests.install.computer import Computer


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "computer"
    (folder / "etc/systemd/system").mkdir(parents=True)
    return folder


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    folder = tmp_path / "wheels"
    folder.mkdir()
    (folder / "drag_edge-0.1.0-py3-none-any.whl").write_bytes(b"one")
    return folder


@pytest.fixture
def users(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The folder counts as this computer, without systemd; its users are these."""
    names: set[str] = set()
    monkeypatch.setattr("installing.package.reachable", lambda python: True)
    monkeypatch.setattr(Machine, "is_this", True)
    monkeypatch.setattr(account, "user_exists", lambda: f"user {layout.USER}" in names)
    monkeypatch.setattr(account, "group_exists", lambda: f"group {layout.USER}" in names)
    monkeypatch.setattr(account, "groups_here", lambda: ["root"])
    monkeypatch.setattr(settings, "_give_to_service", lambda machine, path: None)
    for module in (service, options):
        monkeypatch.setattr(module, "systemd_runs", lambda machine: False)
    monkeypatch.setattr(Computer, "users", names)
    return names
