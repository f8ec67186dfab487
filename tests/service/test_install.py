"""tools/install into a folder that stands for a computer."""

from __future__ import annotations

import grp
import json
import os
import platform
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import ClassVar, NoReturn

import pytest

TOOLS = Path(__file__).resolve().parent.parent.parent / "tools"
sys.path.insert(0, str(TOOLS))

from drag_edge.config.load import load  # noqa: E402
from installing import account, environment, layout, options, service, settings  # noqa: E402
from installing.command import main  # noqa: E402
from installing.install import Wishes, install, uninstall  # noqa: E402
from installing.machine import InstallError, Machine  # noqa: E402
from installing.options import Can, parse_can  # noqa: E402
from installing.package import SYSTEM_PYTHON, Package, reachable  # noqa: E402
from installing.settings import default_settings  # noqa: E402

CHECKOUT = TOOLS.parent
EVERYTHING = Wishes((Can("can0", 500_000),), udev=True, desktop=True)


class Computer:
    """A folder, the commands that would have run on it, and what was said."""

    users: ClassVar[set[str]] = set()

    def __init__(self, root: Path, *, dry_run: bool = False) -> None:
        self.said: list[str] = []
        self.commands: list[Sequence[str]] = []
        self.fails = ""
        self.machine = Machine(root, dry_run=dry_run, say=self.said.append, run=self._run)

    def _run(self, command: Sequence[str], quiet: bool) -> int:
        self.commands.append(command)
        line = " ".join(command)
        if self.fails and self.fails in line:
            return 1
        if command[0] in ("useradd", "groupadd"):
            self.users.add(f"{command[0][:-3]} {command[-1]}")
        if command[0] in ("userdel", "groupdel"):
            self.users.remove(f"{command[0][:-3]} {command[-1]}")
        if "-m venv" in line:
            programs = Path(command[-1]) / "bin"
            programs.mkdir(parents=True)
            (programs / "python").touch()
            version = platform.python_version()
            (programs.parent / "pyvenv.cfg").write_text(f"home = /usr/bin\nversion = {version}\n")
        if "pip" in command and "install" in command:
            (Path(command[0]).parent / "drag-edge").touch()
        return 0

    def files(self) -> dict[str, bytes]:
        """Every file and link below the root."""
        root = self.machine.root
        return {
            str(path.relative_to(root)): os.readlink(path).encode() if path.is_symlink()
            else path.read_bytes()
            for path in sorted(root.rglob("*"))
            if path.is_file() or path.is_symlink()
        }  # fmt: skip


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


def package(wheels: Path | None = None) -> Package:
    return Package(CHECKOUT, wheels, (), sys.executable)


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


def installs_of(computer: Computer) -> list[Sequence[str]]:
    """What pip was told to install."""
    return [one for one in computer.commands if "pip" in one and "install" in one]


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


def test_the_import_itself_names_what_fails() -> None:
    def asked(*names: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-I", "-c", environment._IMPORT, *names]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    assert asked("json", "drag_edge").returncode == 0
    assert asked(*environment._NEEDED).returncode == 0
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


def test_where_there_is_nothing_to_install_nothing_changes(root: Path, tmp_path: Path) -> None:
    """As beside the copy that is installed: its share/ has a folder drag_edge too."""
    copy = tmp_path / "share"
    (copy / "drag_edge/sim").mkdir(parents=True)
    computer = Computer(root)
    with pytest.raises(InstallError, match="is no checkout"):
        install(computer.machine, Package(copy, None, (), sys.executable), Wishes())
    assert computer.files() == {}
    assert computer.commands == []


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


def new_default(tmp_path: Path) -> Package:
    """A checkout whose default settings are other ones."""
    checkout = tmp_path / "newer"
    checkout.mkdir()
    for entry in CHECKOUT.iterdir():
        if entry.name not in ("configs", ".git", ".venv"):
            (checkout / entry.name).symlink_to(entry)
    (checkout / "configs").mkdir()
    for entry in (CHECKOUT / "configs").iterdir():
        if entry.name != "service.yaml":
            (checkout / "configs" / entry.name).symlink_to(entry)
    text = (CHECKOUT / "configs/service.yaml").read_text()
    (checkout / "configs/service.yaml").write_text(text + "# of the next version\n")
    return Package(checkout, tmp_path / "wheels", (), sys.executable)


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


BOTH = {f"user {layout.USER}", f"group {layout.USER}"}


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


def test_somebody_elses_program_of_our_name_is_left_alone(root: Path, wheels: Path) -> None:
    theirs = root / "usr/local/bin/drag-edge"
    theirs.parent.mkdir(parents=True)
    theirs.write_text("another")
    computer = Computer(root)
    install(computer.machine, package(wheels), Wishes())
    uninstall(computer.machine, purge=True)
    assert theirs.read_text() == "another"


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


def test_an_interpreter_that_the_service_cannot_reach_is_not_taken(tmp_path: Path) -> None:
    assert not reachable("/home/somebody/.pyenv/versions/3.12/bin/python3")
    roots = Path("~root/bin/python3").expanduser()
    assert not reachable(str(roots))
    assert reachable(SYSTEM_PYTHON)
    link = tmp_path / "python3"
    link.symlink_to(roots)
    assert not reachable(str(link))


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


def test_purge_alone_installs_nothing(root: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main("", ["--purge", "--root", str(root)]) == 64
    assert "--uninstall --purge" in capfd.readouterr().err
    assert not (root / "opt").exists()


@pytest.mark.parametrize("text", ["can0", "can0:fast", "can0:0", "../x:500000", "can0:500000:1"])
def test_a_can_interface_is_named_with_its_bitrate(text: str) -> None:
    with pytest.raises(ValueError, match="can0:500000"):
        parse_can(text)


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


METADATA = "Metadata-Version: 2.1\nName: drag-edge\nVersion: 0.1.0\n"
WHEEL = "Wheel-Version: 1.0\nGenerator: a test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
PROGRAM = "def main():\n    print('the one of {}')\n"


def write_wheel(folder: Path, word: str) -> None:
    """A whole wheel, but small."""
    info = "drag_edge-0.1.0.dist-info"
    files = {
        "drag_edge/__init__.py": "",
        "drag_edge/cli.py": PROGRAM.format(word),
        f"{info}/METADATA": METADATA,
        f"{info}/WHEEL": WHEEL,
        f"{info}/entry_points.txt": "[console_scripts]\ndrag-edge = drag_edge.cli:main\n",
    }
    record = "".join(f"{name},,\n" for name in (*files, f"{info}/RECORD"))
    with zipfile.ZipFile(folder / "drag_edge-0.1.0-py3-none-any.whl", "w") as archive:
        for name, content in {**files, f"{info}/RECORD": record}.items():
            archive.writestr(name, content)


def test_for_real_without_a_network_and_taken_away_by_its_own_copy(
    root: Path, wheels: Path
) -> None:
    """venv, pip and the installed tools/install themselves."""

    def run(program: Path, *options: str) -> str:
        command = [sys.executable, str(program), "--root", str(root), *options]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    for word in ("January", "February"):
        write_wheel(wheels, word)
        run(TOOLS / "install", "--wheels", str(wheels))
        programs = root / "opt/drag-edge/venv/bin"
        first_line = (programs / "drag-edge").read_text().splitlines()[0]
        assert first_line == "#!/opt/drag-edge/venv/bin/python"  # where it will be
        assert str(root) not in (programs.parent / "pyvenv.cfg").read_text()
        command = [str(programs / "python"), str(programs / "drag-edge")]
        said = subprocess.run(command, capture_output=True, text=True, check=True)
        assert said.stdout == f"the one of {word}\n"
    assert "everything was installed already" in run(TOOLS / "install", "--wheels", str(wheels))
    (programs.parent / "pyvenv.cfg").write_text("home = /usr/bin\nversion = 3.8.10\n")
    write_wheel(wheels, "March")
    assert "make a virtual environment" in run(TOOLS / "install", "--wheels", str(wheels))
    copy = root / "opt/drag-edge/share/tools/install"
    assert "drag_edge itself stays" in run(copy, "--can", "can0:250000")
    assert (root / "etc/systemd/network/80-drag-edge-can0.network").exists()
    assert "remove /opt/drag-edge" in run(copy, "--uninstall")
    assert [path for path in root.rglob("*") if path.is_file()] == []
