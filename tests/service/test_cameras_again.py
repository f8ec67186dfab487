"""A live camera whose settings change: opened again by itself, the loop never waits."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from pathlib import Path

from drag_edge.assemble import assembled
from drag_edge.config.load import load
from drag_edge.config.reach import Reach
from drag_edge.daemon import Daemon
from drag_edge.tuning import plan_change
from drag_edge.vitals import vitals
from tests.drive.test_stalled_loop import CONFIG, MotionJpeg


@contextmanager
def camera() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), MotionJpeg)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/stream.mjpg"
    server.shutdown()
    server.server_close()


def test_another_address_is_opened_while_the_loop_goes_on(tmp_path: Path) -> None:
    config = tmp_path / "live.yaml"
    with camera() as first, camera() as second:
        config.write_text(CONFIG.replace("URL", first).replace("stalled", "again"))
        with assembled(load(config), headless=True) as (daemon, _):
            assert frames(daemon, 5.0, 3) >= 3
            before = threading.active_count()
            change = plan_change(daemon.settings, load(config, [f"cameras.front.source={second}"]))
            assert dict(change.taken) == {"cameras.front.source": Reach.CAMERA}
            daemon.tune(change)
            longest_s = 0.0
            seen_lost = False
            end_s = time.monotonic() + 10.0
            while time.monotonic() < end_s:
                started_s = time.monotonic()
                daemon.tick(daemon.parts.feed.next())
                longest_s = max(longest_s, time.monotonic() - started_s)
                health = vitals(daemon, "live.yaml").cameras["front"]
                seen_lost |= health.fault == "camera_lost"
                if seen_lost and health.fault != "camera_lost":
                    break
            assert seen_lost
            # Pictures again, from the other server; that they are of one colour is another fault.
            assert health.fault != "camera_lost"
            assert longest_s < 0.5
            assert frames(daemon, 5.0, 3) >= 3
            deadline_s = time.monotonic() + 5.0
            while threading.active_count() > before + 1 and time.monotonic() < deadline_s:
                time.sleep(0.05)
            # The second server's own thread for its visitor, and nobody of ours more.
            assert threading.active_count() <= before + 1


def frames(daemon: Daemon, seconds: float, wanted: int) -> int:
    """Ticks until so many pictures came."""
    end_s, count = time.monotonic() + seconds, 0
    while count < wanted and time.monotonic() < end_s:
        sample = daemon.parts.feed.next()
        daemon.tick(sample)
        count += len(sample.frames)
    return count
