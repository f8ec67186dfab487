"""systemd's own judgement of the unit."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from drag_edge import clock

ANALYZE = shutil.which("systemd-analyze")
needs_systemd = pytest.mark.skipif(ANALYZE is None, reason="apt-get install systemd")

# Of systemd 245 (JetPack 5), by systemd.unit(5), systemd.service(5), systemd.exec(5) and
# systemd.resource-control(5): a newer key would only be a warning there, and no protection.
TOO_NEW = {
    "ExitType", "NoExecPaths", "ExecPaths", "ProcSubset", "ProtectProc", "RestartSteps",
    "RestartMaxDelaySec", "RestrictFileSystems", "SocketBindAllow", "SocketBindDeny",
    "SystemCallLog", "PrivateIPC", "LoadCredential", "ManagedOOMSwap", "RestartMode",
    "MemoryZSwapMax", "OpenFile", "ReloadSignal",
}  # fmt: skip


@pytest.fixture
def unit(repository: Path) -> Path:
    return repository / "systemd" / "drag-edge.service"


def values(unit: Path, key: str) -> list[str]:
    lines = (line.partition("=") for line in unit.read_text().splitlines())
    return [value for name, _, value in lines if name == key]


@needs_systemd
def test_systemd_says_nothing_against_the_unit(unit: Path, tmp_path: Path) -> None:
    """Its exit code is 0 for a line that it ignores: only silence is good."""
    here = tmp_path / unit.name
    program = "/opt/drag-edge/venv/bin/drag-edge"
    text = unit.read_text()
    assert program in text
    # What is not installed here stands aside: the program and the manual.
    lines = [line for line in text.splitlines() if not line.startswith("Documentation=")]
    here.write_text("\n".join(lines).replace(program, "/bin/true") + "\n")
    said = subprocess.run(
        [str(ANALYZE), "verify", "--man=no", str(here)], capture_output=True, text=True, check=False
    )
    ours = [line for line in said.stderr.splitlines() if "drag-edge" in line]
    assert ours == []
    assert said.stdout == ""


@needs_systemd
def test_systemd_says_nothing_against_the_units_that_are_options(repository: Path) -> None:
    for option in (repository / "systemd" / "options").glob("*.service"):
        said = subprocess.run(
            [str(ANALYZE), "verify", "--man=no", str(option)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert [line for line in said.stderr.splitlines() if option.name in line] == []


@needs_systemd
def test_exposure_is_low(unit: Path) -> None:
    said = subprocess.run(
        [str(ANALYZE), "security", "--offline=true", "--threshold=30", str(unit)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if "unrecognized option" in said.stderr:
        pytest.skip("this systemd-analyze cannot judge a file (before 250)")
    overall = next(line for line in said.stdout.splitlines() if "Overall exposure" in line)
    level = float(overall.split(":")[1].split()[0])
    assert level <= 3.0, said.stdout
    assert said.returncode == 0


def test_every_line_is_known_to_the_oldest_systemd(unit: Path) -> None:
    keys = {line.partition("=")[0] for line in unit.read_text().splitlines() if "=" in line}
    assert not keys & TOO_NEW
    assert values(unit, "Type") == ["notify"]  # notify-reload needs 253


def test_device_paths_are_whole_and_groups_may_glob(unit: Path) -> None:
    """A path does not glob, and systemd does not say so."""
    allowed = values(unit, "DeviceAllow")
    assert len(allowed) > 20
    for line in allowed:
        device, rights = line.split()
        assert rights in ("r", "rw")
        assert device.startswith("char-") or (device.startswith("/dev/") and "*" not in device)


def test_groups_of_what_is_plugged_in_later_are_known_at_the_start(unit: Path) -> None:
    """systemd leaves out a group whose driver is not loaded."""
    (wanted,) = values(unit, "Wants")
    drivers = {f"modprobe@{name}.service" for name in ("videodev", "usbserial", "cdc_acm")}
    assert set(wanted.split()) == drivers
    after = {name for line in values(unit, "After") for name in line.split()}
    assert drivers <= after


def test_what_the_devices_need_is_not_forbidden(unit: Path) -> None:
    (families,) = values(unit, "RestrictAddressFamilies")
    assert set(families.split()) >= {"AF_UNIX", "AF_CAN", "AF_INET"}
    assert values(unit, "PrivateTmp") == ["no"]  # Argus' socket
    for key in ("PrivateDevices", "PrivateNetwork", "MemoryDenyWriteExecute"):
        assert values(unit, key) == []


def test_the_sender_may_go_first_in_both_ways(unit: Path) -> None:
    """In real time, or by its niceness where the kernel grants none."""
    assert values(unit, "LimitRTPRIO") == [str(clock._URGENT_PRIORITY)]
    assert values(unit, "LimitNICE") == [str(clock._URGENT_NICE)]
    assert values(unit, "RestrictRealtime") == []


def test_packages_in_home_folders_are_not_seen(unit: Path) -> None:
    assert "PYTHONNOUSERSITE=1" in values(unit, "Environment")


def test_restarting_does_not_mend_what_only_a_person_can(unit: Path) -> None:
    from drag_edge import errors

    (codes,) = values(unit, "RestartPreventExitStatus")
    assert {int(code) for code in codes.split()} == {errors.USAGE, errors.NO_INPUT, errors.CONFIG}
    assert values(unit, "Restart") == ["always"]
