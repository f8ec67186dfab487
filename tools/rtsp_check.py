"""How live cameras behave when an RTSP server fails: measured on a real one, on loopback.

    .venv/bin/python tools/rtsp_check.py                all parts, about five minutes
    .venv/bin/python tools/rtsp_check.py restart loss   some of them

Parts: age, restart, hang, resolution, loss, churn. `loss` runs once more inside a network namespace
of its own in which the kernel drops packets (needs root and nftables). Exit code 1 when a limit is
broken, 69 when GstRtspServer is not installed.
"""

from __future__ import annotations

import argparse
import random
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from drag_edge.frames.health import CameraState
from tests.held import held, left_over
from tests.rtsp.camera import MuteServer, RtspServer, missing
from tests.rtsp.watch import Seen, Watch, camera_threads, resident_kib

MOST_AGE_S = 0.15
UNAVAILABLE = 69
_LOSSY = (
    "ip link set lo up && nft add table inet lossy && "
    "nft 'add chain inet lossy input {{ type filter hook input priority 0; }}' && "
    "nft add rule inet lossy input numgen random mod 100 '<' {percent} drop && "
    "exec {python} {tool} {part}"
)


@dataclass
class Findings:
    """What was measured, line by line, and whether it is within the limits."""

    failed: list[str] = field(default_factory=list)

    def tell(self, what: str, value: str, good: bool = True) -> None:
        print(f"{'ok ' if good else 'BAD'}  {what:<58} {value}", flush=True)
        if not good:
            self.failed.append(what)


def ages(found: Findings, what: str, seen: list[Seen], most_s: float = MOST_AGE_S) -> None:
    true = sorted(one.true_age_s for one in seen if one.true_age_s is not None)
    unread = len(seen) - len(true)
    if not true:
        found.tell(what, "no pictures", False)
        return
    p99 = true[min(len(true) - 1, int(0.99 * len(true)))]
    hidden = max(o.true_age_s - o.told_age_s for o in seen if o.true_age_s is not None)
    found.tell(
        what,
        f"{len(true)} pictures, age median {1e3 * statistics.median(true):.0f} ms, "
        f"p99 {1e3 * p99:.0f} ms, max {1e3 * true[-1]:.0f} ms, not told {1e3 * hidden:.0f} ms",
        p99 <= most_s and unread == 0,
    )


def age(found: Findings) -> None:
    """How old the newest picture is, with a fast and with a slow loop."""
    for size in ("640x360", "1280x720"):
        with RtspServer(size=size, fps=30) as server, Watch({"front": server.url}) as watch:
            for busy_s in (0.0, 0.05, 0.2):
                seen = watch.look(6.0, busy_s=busy_s)
                ages(found, f"{size}, loop takes {1e3 * busy_s:.0f} ms", seen)


def restart(found: Findings) -> None:
    """Killed and started again, ten times."""
    rng = random.Random(1)
    with RtspServer() as server, Watch({"front": server.url}) as watch:
        watch.look(2.0)
        before = held()
        for i in range(10):
            server.kill()
            down_s = rng.uniform(0.2, 6.0)
            watch.look(down_s)
            back_in(found, f"killed, {down_s:.1f} s later started again ({i + 1})", watch, server)
            ages(found, "  and then", watch.look(2.0))
        more = left_over(before)
        now = held()
        told = f"{tuple(now)}, {tuple(before)} before"
        found.tell("descriptors and threads after ten restarts", told, not more)
    left = camera_threads()
    found.tell("threads left over after closing", str(left or "none"), not left)


def back_in(
    found: Findings, what: str, watch: Watch, server: RtspServer, grace_s: float = 0.0
) -> None:
    there_s = server.start()
    wait_s = watch.backoffs["front"].waiting_s
    seen = watch.first(30.0)
    if seen is None:
        found.tell(what, "no picture within 30 s", False)
        return
    took_s = seen.taken_s - there_s
    limit = f"(twice the wait of {wait_s:.1f} s)"
    found.tell(what, f"first picture after {took_s:.2f} s {limit}", took_s <= 2 * wait_s + grace_s)


def hang(found: Findings) -> None:
    """Accepts and never answers; frozen in the middle of a stream."""
    with MuteServer() as mute, RtspServer() as server:
        watch = Watch({"front": server.url, "left": mute.url}, {"open_timeout_s": 1.0})
        with watch:
            ages(found, "beside a camera that never answers", watch.look(4.0))
            reason = watch.feed.health(watch.clock.now_s())["left"].reason
            found.tell("reason of the one that never answers", reason, "does not answer" in reason)
            server.freeze()
            watch.look(1.0)
            server.thaw()
            ages(found, "frozen for 1 s, thawed", watch.look(3.0), 0.5)
            server.freeze()
            watch.look(4.0)
            wait_s = watch.backoffs["front"].waiting_s
            thawed_s = time.monotonic()
            server.thaw()
            seen = watch.first(20.0)
            took_s = seen.taken_s - thawed_s if seen else float("inf")
            # A try that was under way ends with its time-out, and then asks why for one second.
            limit_s = 2 * max(wait_s, 1.0 + 1.0)
            told = f"first picture after {took_s:.2f} s (twice the wait or try: {limit_s:.1f} s)"
            found.tell("frozen for 4 s, thawed", told, took_s <= limit_s)
            ages(found, "  and then", watch.look(2.0))
            start_s = time.monotonic()
        took_s = time.monotonic() - start_s
        found.tell("closing both", f"{took_s:.2f} s", took_s <= 2.5)


def resolution(found: Findings) -> None:
    """Another size, another shape, and back."""
    with RtspServer() as server, Watch({"front": server.url}) as watch:
        watch.look(1.0)
        for size, good in (("1280x720", True), ("320x240", False), ("640x360", True)):
            server.start(size=size)
            watch.look(0.3)  # what was taken before
            if good:
                watch.first(20.0)
            else:
                watch.look(5.0)
            seen = watch.look(1.0)
            health = watch.feed.health(watch.clock.now_s())["front"]
            sizes = {one.size_px for one in seen}
            told = f"{health.state.value} {health.reason or sizes}"
            found.tell(f"640x360, now {size}", told, (sizes == {(640, 360)}) == good)


def loss(found: Findings) -> None:
    """5 % of all packets lost, TCP."""
    if shutil.which("nft") is None or shutil.which("unshare") is None:
        found.tell("5 % loss", "left out: needs root, unshare and nft (nftables)")
        return
    script = _LOSSY.format(percent=5, python=sys.executable, tool=__file__, part="_lossy")
    code = subprocess.run(["unshare", "-n", "sh", "-c", script], check=False).returncode
    if code:
        found.failed.append("5 % loss")


def lossy(found: Findings) -> None:
    """What `loss` runs inside the namespace."""
    with RtspServer(bitrate=3000) as server, Watch({"front": server.url}) as watch:
        seen = watch.look(30.0)
        ages(found, "5 % of packets lost, 30 s", seen)
        health = watch.feed.health(watch.clock.now_s())["front"]
        found.tell("  skipped because they came late", f"{health.skipped} pictures")
        found.tell("  lost and opened again", f"{health.losses} times")
        server.kill()
        watch.look(1.0)
        # Connecting loses packets too, and TCP repeats its first one only after a second.
        back_in(found, "  killed and started again", watch, server, 2.0)


def streams(watch: Watch) -> bool:
    health = watch.feed.health(watch.clock.now_s())["front"]
    return health.state is CameraState.STREAMING


def churn(found: Findings) -> None:
    """Memory, descriptors and threads over many streams that broke."""
    with RtspServer(size="320x180") as server, Watch({"front": server.url}) as watch:

        def connect(times: int) -> None:
            for _ in range(times):
                server.kill()
                watch.look(5.0, until=lambda: not streams(watch))
                server.start()
                watch.look(30.0, until=lambda: streams(watch))
                watch.look(0.3)

        watch.look(2.0)
        connect(5)
        first_kib, first = resident_kib(), held()
        connect(15)
        more = left_over(first)
        last_kib, last = resident_kib(), held()
        good = last_kib <= 1.02 * first_kib and not more
        told = f"{(first_kib, *first)} {(last_kib, *last)}"
        found.tell("KiB, descriptors, threads: 5th and 20th connection", told, good)


PARTS: dict[str, Callable[[Findings], None]] = {
    "age": age,
    "restart": restart,
    "hang": hang,
    "resolution": resolution,
    "loss": loss,
    "churn": churn,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", help=f"some of: {', '.join(PARTS)}")
    wanted = parser.parse_args().parts or list(PARTS)
    reason = missing()
    if reason:
        print(f"no RTSP server: {reason}", file=sys.stderr)
        return UNAVAILABLE
    found = Findings()
    for name in wanted:
        print(f"== {name}", flush=True)
        (lossy if name == "_lossy" else PARTS[name])(found)
    print(f"{len(found.failed)} broken: {', '.join(found.failed)}" if found.failed else "all good")
    return 1 if found.failed else 0


if __name__ == "__main__":
    sys.exit(main())
