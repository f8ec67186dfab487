"""The service's life: installed, started, heard, stopped."""

from __future__ import annotations

import json
import time

import yaml

from tests.box.box import SETTINGS, Box, names_of_files, settings_text
from tests.box.evidence import Evidence, last_of, mode, need
from tests.box.wire import judge, requests

# Where the names of all files before the installation are kept, in the box.
NAMES_BEFORE = "/var/tmp/before"
IN_PAYLOAD = "mkdir -p /media/payload && mount -o ro /dev/vdb /media/payload && cd /media/payload"
# Of other programs: copies that useradd leaves, and the like.
OTHERS = ("/etc/passwd-", "/etc/group-", "/etc/shadow-", "/etc/gshadow-", "/etc/sub")
CALIBRATION_FOLDER = "/var/lib/drag-edge/calibration"
CALIBRATION = f"{CALIBRATION_FOLDER}/front.json"


def installs(box: Box) -> Evidence:
    """tools/install from wheels alone; the settings are then the box's own."""
    # The image brings the packages that drag_edge needs, for the sake of time: they are ours too.
    box.must(names_of_files("/opt/drag-edge", NAMES_BEFORE))
    told = box.must(f"{IN_PAYLOAD} && checkout/tools/install --wheels wheels --no-start", 600)
    box.must("umount /media/payload")
    lines = told.strip().splitlines()
    yield f"{len(lines)} steps: {lines[0]} … {lines[-1]}"
    box.machine.write(SETTINGS, settings_text())
    mount = yaml.safe_load(settings_text())["cameras"]["front"]["mount"]
    learned = {
        "version": 1,
        "mount": {"pitch_deg": 0.0, "yaw_deg": 0.0, "roll_deg": 0.0, **mount},
        "pitch_rad": 0.01,
        "yaw_rad": -0.02,
        "blocks": 7,
    }
    box.must(f"install -d -o drag-edge -g drag-edge /var/lib/drag-edge {CALIBRATION_FOLDER}")
    box.machine.write(CALIBRATION, json.dumps(learned))
    box.must(f"chown drag-edge:drag-edge {CALIBRATION}")
    yield box.must("ls -l /etc/drag-edge/drag-edge.yaml").strip()


def becomes_ready(box: Box) -> Evidence:
    """READY=1, then every camera fresh, every model loaded, the bus up."""
    start_s = time.monotonic()
    box.must("systemctl start --no-block drag-edge")
    pid = box.until_ready()
    yield f"READY=1 from process {pid} after {time.monotonic() - start_s:.0f} s"
    yield f"/readyz: 200 {box.until_healthy()}"
    yield f"status: {box.unit('StatusText')['StatusText']}"


def speaks_on_the_bus(box: Box) -> Evidence:
    """Ten seconds of candump, judged by autosar-e2e and cantools."""
    position = box.wire.now()
    time.sleep(10)
    frames = box.wire.since(position)
    verdict = judge(frames)
    yield str(verdict)
    need(verdict.frames > 0, "nothing heard")
    need(verdict.wrong == 0 and verdict.lost == 0, "frames are wrong or missing")
    need(verdict.messages == 16, "not every message was heard")
    need(not requests(frames), f"demands with actuation off: {requests(frames)[:3]}")
    yield f"STATUS: {mode(last_of(frames)['STATUS'])}; no frame asks a receiver to act"


def stops_neutrally(box: Box) -> Evidence:
    """systemctl stop: one last set that says OFF, then silence."""
    position = box.wire.now()
    start_s = time.monotonic()
    box.must("systemctl stop drag-edge", 300)
    stopped_s = time.monotonic() - start_s
    time.sleep(1)
    silent = box.wire.now()
    time.sleep(3)
    frames = box.wire.since(position)
    last = last_of(frames)
    end_s = max(frame.time_s for frame in frames)
    unit = box.unit("Result", "ExecMainStatus")
    yield f"stopped in {stopped_s:.1f} s, {unit}"
    need(unit == {"Result": "success", "ExecMainStatus": "0"}, "it did not end well")
    states = {
        f"{name}.{signal}": value
        for name, frame in last.items()
        for signal, value in frame.values.items()
        if signal in ("AebStage", "LkaState", "AccState", "BsdLeft", "BsdRight", "StatusMode")
    }
    yield f"last frames: {states}"
    wanted = {name: "OFF" for name in states if not name.endswith("StatusMode")}
    need(len(wanted) == 5 and wanted.items() <= states.items(), "a feature's last word is not OFF")
    need(not requests(last.values()), f"a last frame asks to act: {requests(last.values())}")
    need(all(frame.right for frame in last.values()), "a last frame has a wrong CRC")
    late = {name: frame for name, frame in last.items() if end_s - frame.time_s > 1.0}
    need(not late, f"no last frame of {sorted(late)}")
    need(box.wire.now() == silent, "somebody still speaks")
    yield "then silence: nothing on the bus in the 3 s that follow"


def may_load_for_longer_than_its_watchdog(box: Box) -> Evidence:
    """What it says before a round that loads models, said to this systemd by a unit of its own: the
    watchdog of 4 s waits through 15 s, and counts 4 s again afterwards."""
    program = (
        "import time; "
        "from drag_edge.service.notify import Notifier; "
        "from drag_edge.service.watchdog import Watchdog; "
        "notifier = Notifier(); watchdog = Watchdog(notifier); notifier.ready('runs'); "
        "watchdog.patience(60); time.sleep(15); "
        "watchdog.progress(); notifier.status('loaded'); time.sleep(60)"
    )
    box.must(
        "systemd-run --quiet --no-block --unit=loads --property=Type=notify "
        "--property=WatchdogSec=4 --property=LimitCORE=0 --working-directory=/ "
        f'/opt/drag-edge/venv/bin/python -c "{program}"'
    )
    ways = ("ActiveEnterTimestampMonotonic", "ActiveExitTimestampMonotonic")
    names = ",".join(("ActiveState", "Result", "StatusText", *ways))
    unit: dict[str, str] = {}

    def ended() -> bool:
        lines = box.must(f"systemctl show --property={names} loads").splitlines()
        unit.update(line.split("=", 1) for line in lines)
        return unit["ActiveState"] == "failed"

    box.machine.wait("the end of a unit that gives no sign of life", ended, 300.0)
    box.must("systemctl reset-failed loads")
    start_s, end_s = (int(unit[way]) / 1e6 for way in ways)
    yield f"READY, {unit['StatusText']}, ended by {unit['Result']} after {end_s - start_s:.1f} s"
    need(unit["Result"] == "watchdog" and unit["StatusText"] == "loaded", f"otherwise: {unit}")
    need(18 < end_s - start_s < 25, "not 15 s of patience and 4 s of the usual time")


def leaves_nothing_behind(box: Box) -> Evidence:
    """Uninstalled: first all but what a person edited and the service learned, then that too."""
    told = box.must("/opt/drag-edge/share/tools/install --uninstall", 600).strip().splitlines()
    kept = [line for line in told if line.startswith("kept")]
    yield f"--uninstall: {len(told)} steps; " + "; ".join(kept)
    box.must(f"test -s {SETTINGS} && test -s {CALIBRATION}")
    box.must(f"{IN_PAYLOAD} && checkout/tools/install --uninstall --purge", 600)
    need(box.run("getent passwd drag-edge || getent group drag-edge").code != 0, "a user is left")
    need(box.run("systemctl cat drag-edge").code != 0, "systemd still knows the unit")
    box.must(names_of_files("/none", "/var/tmp/after"))
    new = box.must(f"comm -13 {NAMES_BEFORE} /var/tmp/after").splitlines()
    ours = [name for name in new if not name.startswith(OTHERS)]
    count = box.must("wc -l </var/tmp/after").strip()
    yield f"--purge: of {count} names on the disk {len(ours)} are new: {ours}"
    need(not ours, "something is left behind")


def powers_off(box: Box) -> Evidence:
    """In an orderly way."""
    yield f"off after {box.machine.power_off():.0f} s"
