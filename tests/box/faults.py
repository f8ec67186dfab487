"""Faults: what the service outlives, and how it comes back where it does not."""

from __future__ import annotations

import time

from tests.box.box import SETTINGS, Box
from tests.box.evidence import Evidence, need, silence, undisturbed
from tests.box.service import CALIBRATION
from tests.box.wire import judge


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
    yield f"process {pid} throughout; bus meanwhile: {undisturbed(box, position)}"


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
    yield f"process {pid} throughout; bus afterwards: {undisturbed(box, position)}"


def outlives_a_full_disk(box: Box) -> Evidence:
    """Not a byte left for the service or for root while it logs every frame."""
    pid, mark, position = box.pid(), box.mark(), box.wire.now()
    free = "$(df --output=avail --block-size=1 / | tail -1)"
    box.run(f"fallocate --length {free} /var/fill; cat /dev/zero >/var/fill.rest", 600)
    full = box.must("df --output=avail,pcent / | tail -1").split()
    failed = box.until_event(mark, "log_failed")
    time.sleep(3)
    meanwhile = undisturbed(box, position)
    healthy = box.page("/healthz").split("\r\n", 1)[0]
    box.must("rm /var/fill /var/fill.rest && sync")
    yield f"disk: {full[0]} KiB free ({full[1]} used); log_failed: {failed}"
    need(" 200 " in healthy, f"/healthz: {healthy}")
    need(box.pid() == pid, "it is another process now")
    yield f"process {pid} throughout, /healthz {healthy}; bus meanwhile: {meanwhile}"


def is_aborted_when_it_hangs(box: Box) -> Evidence:
    """SIGSTOP: no sign of life, so the watchdog aborts it, and it leaves its stacks."""
    pid, mark, position = box.pid(), box.mark(), box.wire.now()
    box.must(f"kill -STOP {pid}")
    new = box.until_ready(other_than=pid, timeout_s=900)
    lines = box.journal(mark)
    for word in ("Watchdog timeout", "Fatal Python error: Aborted", "daemon.py", "status=6/ABRT"):
        found = [line for line in lines if word in line]
        need(bool(found), f"the journal has no {word!r}: {lines[-40:]}")
        yield f"journal: {found[0].strip()}"
    threads = sum(line.startswith(("Thread 0x", "Current thread 0x")) for line in lines)
    yield f"stacks of {threads} threads; process {pid} aborted, {new} is READY"
    box.until_healthy()
    yield silence(box, position)


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
    yield silence(box, position)


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
