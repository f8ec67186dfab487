"""What is taken away, and what stays."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from installing import layout
from installing.install import Wishes, install, uninstall
from installing.machine import InstallError
from tests.install.computer import BOTH, EVERYTHING, Computer, package


@pytest.mark.parametrize("purge", [False, True])
def test_uninstalled_nothing_is_left_of_what_nobody_touched(
    root: Path, wheels: Path, purge: bool
) -> None:
    before = sorted(root.rglob("*"))
    install(Computer(root).machine, package(wheels), EVERYTHING)
    computer = Computer(root)
    uninstall(computer.machine, purge)
    assert sorted(root.rglob("*")) == before
    again = Computer(root)
    uninstall(again.machine, purge)
    assert again.machine.changes == 0


def test_what_a_person_edited_and_the_device_learned_goes_only_with_purge(
    root: Path, wheels: Path
) -> None:
    install(Computer(root).machine, package(wheels), Wishes())
    settings = root / "etc/drag-edge/drag-edge.yaml"
    settings.write_text(settings.read_text() + "# mine\n")
    (root / "var/lib/drag-edge/calibration").mkdir(parents=True)
    learned = root / "var/lib/drag-edge/calibration/front.json"
    learned.write_text("{}")
    (root / "var/cache/drag-edge/kernels").mkdir(parents=True)
    computer = Computer(root)
    uninstall(computer.machine, purge=False)
    assert settings.read_text().endswith("# mine\n")
    assert learned.exists()
    assert not (root / "var/cache/drag-edge").exists()
    assert [line for line in computer.said if line.startswith("kept, being yours: /etc/drag-edge")]
    uninstall(Computer(root).machine, purge=True)
    assert not [path for path in root.rglob("*") if "drag" in path.name]


def test_what_systemctl_edit_wrote_is_named_and_goes_only_with_purge(
    root: Path, wheels: Path
) -> None:
    install(Computer(root).machine, package(wheels), EVERYTHING)
    edited = root / "etc/systemd/system/drag-edge.service.d/override.conf"
    edited.write_text("[Service]\n")
    computer = Computer(root)
    uninstall(computer.machine, purge=False)
    assert [path.name for path in edited.parent.iterdir()] == ["override.conf"]
    (kept,) = [line for line in computer.said if line.startswith("kept")]
    assert f"{layout.DROP_INS} with override.conf" in kept
    uninstall(Computer(root).machine, purge=True)
    assert not edited.parent.exists()


def test_purge_takes_what_systemctl_edit_wrote_with_it(root: Path, wheels: Path) -> None:
    before = sorted(root.rglob("*"))
    install(Computer(root).machine, package(wheels), Wishes())
    drop_ins = root / "etc/systemd/system/drag-edge.service.d"
    drop_ins.mkdir()
    (drop_ins / "override.conf").touch()
    uninstall(Computer(root).machine, purge=True)
    assert sorted(root.rglob("*")) == before


@pytest.mark.parametrize("tried_again", [False, True])
@pytest.mark.parametrize("step", ["usermod", "pip", "a file"])
def test_after_a_step_that_failed_nothing_is_left_either(
    root: Path, wheels: Path, users: set[str], step: str, tried_again: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    before = sorted(root.rglob("*"))
    computer = Computer(root)
    computer.fails = step
    if step == "a file":
        write = computer.machine.write

        def full(path: str, content: bytes, mode: int = 0o644) -> None:
            if path == layout.AUTOSTART:
                raise OSError("the disk is full")
            write(path, content, mode)

        monkeypatch.setattr(computer.machine, "write", full)
    with pytest.raises((InstallError, OSError)):
        install(computer.machine, package(wheels), EVERYTHING)
    assert users == BOTH
    if tried_again:
        install(Computer(root).machine, package(wheels), EVERYTHING)
    uninstall(Computer(root).machine, purge=True)
    assert users == set()
    assert sorted(root.rglob("*")) == before


@pytest.mark.parametrize("before", [BOTH, {"user drag-edge"}, {"group drag-edge"}, set()])
def test_a_user_or_group_that_was_there_before_stays(
    root: Path, wheels: Path, users: set[str], before: set[str]
) -> None:
    users |= before
    install(Computer(root).machine, package(wheels), Wishes())
    assert users == BOTH
    computer = Computer(root)
    uninstall(computer.machine, purge=True)
    assert users == before
    # userdel would take the user's own group along.
    left = any("--gid nogroup" in " ".join(command) for command in computer.commands)
    assert left is (before == {"group drag-edge"})


def test_the_group_of_an_older_record_goes_with_its_user(
    root: Path, wheels: Path, users: set[str]
) -> None:
    install(Computer(root).machine, package(wheels), Wishes())
    record = root / layout.RECORD.lstrip("/")
    content = json.loads(record.read_text())
    del content["made_group"], content["shared"]
    record.write_text(json.dumps(content))
    uninstall(Computer(root).machine, purge=True)
    assert users == set()


def test_a_damaged_record_can_remove_nothing_foreign(root: Path, wheels: Path) -> None:
    install(Computer(root).machine, package(wheels), Wishes())
    record = root / layout.RECORD.lstrip("/")
    passwords = root / "etc/passwd"
    passwords.write_text("root")
    content = json.loads(record.read_text())
    record.write_text(json.dumps({**content, "options": ["/etc/passwd"]}))
    with pytest.raises(InstallError, match="no installation writes"):
        uninstall(Computer(root).machine, purge=True)
    record.write_text("{")
    with pytest.raises(InstallError, match=r"damaged.*sudo rm /opt/drag-edge/installed\.json"):
        uninstall(Computer(root).machine, purge=True)
    assert passwords.exists()


def test_without_its_record_an_installation_can_still_be_taken_away(
    root: Path, wheels: Path
) -> None:
    install(Computer(root).machine, package(wheels), EVERYTHING)
    theirs = root / "etc/systemd/network/10-theirs.network"
    theirs.touch()
    (root / layout.RECORD.lstrip("/")).unlink()
    computer = Computer(root)
    uninstall(computer.machine, purge=True)
    assert any("installed.json is missing" in line for line in computer.said)
    assert [path for path in root.rglob("*") if path.is_file() or path.is_symlink()] == [theirs]


def test_somebody_elses_program_of_our_name_is_left_alone(root: Path, wheels: Path) -> None:
    theirs = root / "usr/local/bin/drag-edge"
    theirs.parent.mkdir(parents=True)
    theirs.write_text("another")
    computer = Computer(root)
    install(computer.machine, package(wheels), Wishes())
    uninstall(computer.machine, purge=True)
    assert theirs.read_text() == "another"
