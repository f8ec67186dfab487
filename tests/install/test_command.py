"""The command line of tools/install: what it refuses, and its exit codes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NoReturn

import pytest

from installing import layout
from installing.command import main


def test_purge_alone_installs_nothing(root: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main("", ["--purge", "--root", str(root)]) == 64
    assert "--uninstall --purge" in capfd.readouterr().err
    assert not (root / "opt").exists()


def test_without_root_it_says_so(capfd: pytest.CaptureFixture[str],
                                 monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert main("", []) == 64
    assert "sudo tools/install" in capfd.readouterr().err
    assert main("", ["--can", "can0"]) == 64


def test_a_dry_run_that_may_not_read_asks_for_root(
    root: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def closed(*_: object) -> NoReturn:
        raise PermissionError(13, "Permission denied", layout.SETTINGS_FILE)

    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr("installing.command.install", closed)
    assert main("", ["--dry-run", "--root", str(root)]) == 64
    told = capfd.readouterr().err.splitlines()
    assert told == [f"only root may read {layout.SETTINGS_FILE}: sudo tools/install --dry-run"]


def test_interrupted_it_is_one_line(
    root: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    monkeypatch.setattr("installing.command.install", interrupted)
    assert main("", ["--root", str(root)]) == 130
    (line,) = capfd.readouterr().err.split("\n")[1:-1]
    assert "interrupted" in line
