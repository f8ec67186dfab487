"""What is asked of the box, in order. A check yields its evidence and raises where it fails."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator

import yaml

from tests.box.box import SETTINGS, Box, settings_text
from tests.box.machine import BoxError
from tests.box.wire import Heard, judge, longest_silence, requests

Evidence = Iterator[str]
Check = Callable[[Box], Evidence]

# A receiver gives up after five cycles of AEB without a frame that passes (docs/can.md).
RECEIVER_TIMEOUT_S = 0.1
CALIBRATION_FOLDER = "/var/lib/drag-edge/calibration"
CALIBRATION = f"{CALIBRATION_FOLDER}/front.json"


def need(holds: bool, what: str) -> None:
    """Or the check fails."""
    if not holds:
        raise BoxError(what)


def installs(box: Box) -> Evidence:
    """tools/install from wheels alone; the settings are then the box's own."""
    told = box.must(
        "mkdir -p /media/payload && mount -o ro /dev/vdb /media/payload && cd /media/payload && "
        "python3 checkout/tools/install --wheels wheels --no-start",
        600,
    )
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
    yield f"STATUS: {_mode(_last(frames)['STATUS'])}; no frame asks a receiver to act"


def outlives_its_camera(box: Box) -> Evidence:
    """vivid unregisters its device, as a pulled USB cable does; ten seconds later it is back."""
    listed = box.must("v4l2-ctl -d /dev/video0 --list-ctrls")
    need("disconnect" in listed, "this kernel's vivid has no disconnect control")
    pid, mark, position = box.pid(), box.mark(), box.wire.now()
    # While somebody holds the device open it stays away.
    box.must(
        "(sleep 10 </dev/video0 >/dev/null 2>&1 &) && sleep 0.2 && "
        "v4l2-ctl -d /dev/video0 --set-ctrl disconnect=1"
    )
    yield f"camera_lost: {box.until_event(mark, 'camera_lost')}"
    yield f"camera_recovered: {box.until_event(mark, 'camera_recovered')}"
    yield f"/readyz: 200 {box.until_healthy()}"
    need(box.pid() == pid, "it is another process now")
    yield f"process {pid} throughout; bus meanwhile: {_undisturbed(box, position)}"


def takes_good_settings(box: Box) -> Evidence:
    """A changed value and `systemctl reload`."""
    pid, mark, position = box.pid(), box.mark(), box.wire.now()
    box.must(f"sed -i 's/confidence: 0.25/confidence: 0.3/' {SETTINGS}")
    box.must("systemctl reload drag-edge", 600)
    yield f"systemctl reload: 0; {box.until_event(mark, 'settings_changed')}"
    need(box.pid() == pid, "it is another process now")
    yield f"process {pid} throughout; bus meanwhile: {_undisturbed(box, position)}"


def refuses_bad_settings(box: Box) -> Evidence:
    """A word where a number belongs."""
    pid, mark, position = box.pid(), box.mark(), box.wire.now()
    box.must(f"cp -p {SETTINGS} /var/tmp/good.yaml")
    box.must(f"sed -i 's/confidence: 0.3/confidence: high/' {SETTINGS}")
    code = box.run("systemctl reload drag-edge", 600).code
    refused = box.until_event(mark, "settings_refused")
    box.must(f"cat /var/tmp/good.yaml >{SETTINGS}")
    yield f"systemctl reload: {code}; {refused}"
    need(code != 0, "systemctl reload says that it was taken")
    need("drag-edge.yaml:" in refused and "confidence" in refused, "line or key are not named")
    need(box.pid() == pid, "it is another process now")
    yield f"process {pid} throughout; bus meanwhile: {_undisturbed(box, position)}"


def outlives_its_bus(box: Box) -> Evidence:
    """can0 down, and up again."""
    pid, mark = box.pid(), box.mark()
    box.must("ip link set can0 down")
    yield f"bus_off: {box.until_event(mark, 'bus_off')}"
    box.must("ip link set can0 up")
    position = box.wire.now()
    yield f"bus_recovered: {box.until_event(mark, 'bus_recovered')}"
    box.until_heard(position, "frames on can0 again", lambda name: name == "AEB")
    time.sleep(3)
    need(box.pid() == pid, "it is another process now")
    yield f"process {pid} throughout; bus afterwards: {_undisturbed(box, position)}"


def outlives_a_full_disk(box: Box) -> Evidence:
    """Not a byte left for the service or for root while it logs every frame."""
    pid, mark, position = box.pid(), box.mark(), box.wire.now()
    free = "$(df --output=avail --block-size=1 / | tail -1)"
    box.run(f"fallocate --length {free} /var/fill; cat /dev/zero >/var/fill.rest", 600)
    full = box.must("df --output=avail,pcent / | tail -1").split()
    failed = box.until_event(mark, "log_failed")
    time.sleep(3)
    meanwhile = _undisturbed(box, position)
    healthy = box.page("/healthz").split("\r\n", 1)[0]
    box.must("rm /var/fill /var/fill.rest && sync")
    yield f"disk: {full[0]} KiB free ({full[1]} used); log_failed: {failed}"
    need(" 200 " in healthy, f"/healthz: {healthy}")
    need(box.pid() == pid, "it is another process now")
    yield f"process {pid} throughout, /healthz {healthy}; bus meanwhile: {meanwhile}"


def is_restarted_when_killed(box: Box) -> Evidence:
    """kill -9: silence, which is what a receiver's time-out is for, then a new process."""
    pid, position = box.pid(), box.wire.now()
    restarts = int(box.unit("NRestarts")["NRestarts"])
    box.must(f"kill -KILL {pid}")
    new = box.until_ready(other_than=pid)
    box.until_healthy()
    count = int(box.unit("NRestarts")["NRestarts"])
    need(count == restarts + 1, f"restarts: {restarts} before, {count} after")
    yield f"process {pid} killed, {new} is READY (NRestarts {count})"
    yield _silence(box, position)


def is_aborted_when_it_hangs(box: Box) -> Evidence:
    """SIGSTOP: no sign of life, so the watchdog aborts it, and it leaves its stacks."""
    pid, mark, position = box.pid(), box.mark(), box.wire.now()
    box.must(f"kill -STOP {pid}")
    new = box.until_ready(other_than=pid, timeout_s=900)
    lines = box.journal(mark)
    for word in ("Watchdog timeout", "Fatal Python error: Aborted", "daemon.py", "in run"):
        found = [line for line in lines if word in line]
        need(bool(found), f"the journal has no {word!r}: {lines[-40:]}")
        yield f"journal: {found[0].strip()}"
    threads = sum(line.startswith(("Thread 0x", "Current thread 0x")) for line in lines)
    yield f"stacks of {threads} threads; process {pid} aborted, {new} is READY"
    box.until_healthy()
    yield _silence(box, position)


def survives_a_power_cut(box: Box) -> Evidence:
    """QEMU killed while the service runs and writes its log; then the same disk is booted again."""
    box.must(f"test -s {CALIBRATION}")
    files = f"{SETTINGS} {CALIBRATION}"
    before = box.must(f"sha256sum {files}")
    state = box.unit("ActiveState", "StatusText")
    box.machine.cut_power()
    yield f"power cut while {state['ActiveState']}: {state['StatusText']}"
    position = box.wire.now()
    booted_s = box.machine.boot(600)
    pid = box.until_ready()
    yield f"booted in {booted_s:.0f} s, READY from process {pid}"
    yield f"/readyz: 200 {box.until_healthy()}"
    need(box.must(f"sha256sum {files}") == before, "settings or calibration are not as they were")
    yield "settings and calibration are the same to the byte"
    loaded = box.must("journalctl --quiet --boot --output=cat EVENT=calibration_loaded").strip()
    need(bool(loaded), "the calibration was not taken")
    yield f"calibration_loaded: {loaded.splitlines()[-1]}"
    kernel = box.must("journalctl --quiet --boot --dmesg --output=cat --grep=EXT4-fs").splitlines()
    yield f"kernel: {kernel[0]}"
    need(not any("error" in line.lower() for line in kernel), f"file system: {kernel}")
    failed = box.must("systemctl --failed --plain --no-legend").strip()
    need(not failed, f"units that failed: {failed}")
    frames = box.wire.since(position)
    verdict = judge(frames)
    yield f"bus since power-on: {verdict}"
    need(verdict.frames > 0 and verdict.wrong == 0, "frames are wrong, or none came")


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
    last = _last(frames)
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


def powers_off(box: Box) -> Evidence:
    """In an orderly way."""
    yield f"off after {box.machine.power_off():.0f} s"


def _undisturbed(box: Box, position: int) -> str:
    """Evidence that frames kept coming, all right; raises where not."""
    frames = box.wire.since(position)
    verdict = judge(frames)
    need(verdict.frames > 0 and verdict.wrong == verdict.lost == 0, f"bus: {verdict}")
    need(not requests(frames), f"demands with actuation off: {requests(frames)[:3]}")
    modes = dict.fromkeys(_mode(one) for one in frames if one.name == "STATUS")
    silence = longest_silence(frames, "AEB")
    longest_s = silence[1].time_s - silence[0].time_s if silence else 0.0
    need(longest_s < RECEIVER_TIMEOUT_S, f"a receiver timed out: no AEB for {longest_s:.3f} s")
    return f"{verdict}, longest AEB pause {longest_s:.2f} s, modes {', '.join(modes)}"


def _silence(box: Box, position: int) -> str:
    """Evidence that a receiver heard nothing for long enough to let go, and then a fresh start."""
    frames = box.wire.since(position)
    verdict = judge(frames)
    pair = longest_silence(frames, "AEB")
    need(pair is not None, "nothing was heard")
    assert pair is not None
    quiet_s = pair[1].time_s - pair[0].time_s
    need(quiet_s > RECEIVER_TIMEOUT_S, f"only {quiet_s:.3f} s of silence")
    between = [one for one in frames if pair[0].time_s < one.time_s < pair[1].time_s and one.right]
    need(verdict.wrong == 0, f"wrong frames: {verdict}")
    need(not requests(frames), f"demands: {requests(frames)[:3]}")
    first = next(one for one in frames if one.name == "STATUS" and one.time_s >= pair[1].time_s)
    released_s = pair[0].time_s + RECEIVER_TIMEOUT_S
    return (
        f"receiver: last AEB frame at {pair[0].time_s:.3f}, timed out at {released_s:.3f}, next "
        f"one at {pair[1].time_s:.3f} ({quiet_s:.1f} s of silence, {len(between)} frames of other "
        f"messages in it); the first STATUS then says {_mode(first)}"
    )


def _last(frames: list[Heard]) -> dict[str, Heard]:
    return {frame.name: frame for frame in frames}


def _mode(status: Heard) -> str:
    return str(status.values["StatusMode"])


CHECKS: tuple[Check, ...] = (
    installs,
    becomes_ready,
    speaks_on_the_bus,
    outlives_its_camera,
    takes_good_settings,
    refuses_bad_settings,
    outlives_its_bus,
    outlives_a_full_disk,
    is_aborted_when_it_hangs,
    is_restarted_when_killed,
    survives_a_power_cut,
    stops_neutrally,
    powers_off,
)
