"""The daemon for half an hour with everything real that can be had on one machine, and faults.

    .venv/bin/python tools/soak.py                          30 minutes, a fault every minute
    .venv/bin/python tools/soak.py --minutes 3 --every 15   a short one

A real `drag-edge run` with two RTSP cameras (GstRtspServer), the four demo models on the CPU, a
serial CAN adapter (a pseudo-terminal) with another computer behind it, and the health page. The
table, result.json, plot.html and the daemon's log are in --out. Exit code 1 when a limit is broken,
69 when GstRtspServer is not installed.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

TOOLS = Path(__file__).resolve().parent
REPOSITORY = TOOLS.parent
sys.path[:0] = [str(TOOLS), str(REPOSITORY)]

from soak_parts.conduct import conduct  # noqa: E402
from soak_parts.faults import BY_NAME, KINDS  # noqa: E402
from soak_parts.plot import page  # noqa: E402
from soak_parts.rig import Rig  # noqa: E402
from soak_parts.scenery import render  # noqa: E402
from soak_parts.schedule import plan  # noqa: E402
from soak_parts.verdict import Soaked, as_json, load_times, rows, too_busy  # noqa: E402

from drag_edge.checks import ROOM_CHECKS  # noqa: E402
from drag_edge.config.load import load  # noqa: E402
from tests.rtsp.camera import missing  # noqa: E402

UNAVAILABLE = 69
DEMO = REPOSITORY / "configs" / "demo.yaml"
# Of both cameras: more than the loop can look at on two cores, so that inference keeps one busy.
FPS = 40.0
SCENERY_S = 10.0


def say(line: str) -> None:
    print(line, flush=True)


def soak(options: argparse.Namespace, folder: Path) -> Soaked:
    seconds = 60.0 * options.minutes
    kinds = [BY_NAME[name] for name in options.only] if options.only else KINDS
    planned = plan(kinds, seconds, options.every, options.seed)
    say(f"making {SCENERY_S:g} s of pictures; everything is in {folder}")
    settings = load(DEMO, [], room_checks=ROOM_CHECKS)
    scenery = render(folder, settings, ("front", "left"), options.fps, SCENERY_S, options.seed)
    with closing(Rig(folder, DEMO, scenery)) as rig:
        rig.start()
        started_s = time.monotonic()
        say(f"process {rig.daemon.pid} drives; {len(planned)} faults, seed {options.seed}")
        outcomes = conduct(rig, planned, seconds, say)
        timer = rig.timer.end()
        ended = rig.daemon.end()
        heard = rig.ear.heard()
        return Soaked(seconds, started_s, rig.daemon, outcomes, len(planned), heard,
                      load_times(folder), timer, rig.prompt_port.works, ended)  # fmt: skip


def main() -> int:
    # Ended from outside, it ends its children too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--every", type=float, default=60.0, help="seconds between faults")
    parser.add_argument("--fps", type=float, default=FPS, help="of the cameras")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, help="a folder; a temporary one when left out")
    parser.add_argument("--only", action="append", choices=sorted(BY_NAME), help="only such faults")
    options = parser.parse_args()
    reason = missing()
    if reason:
        print(f"no RTSP server: {reason}", file=sys.stderr)
        return UNAVAILABLE
    folder = (options.out or Path(tempfile.mkdtemp(prefix="drag-edge-soak-"))).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    soaked = soak(options, folder)
    judged = rows(soaked)
    for row in judged:
        say(row.line())
    (folder / "result.json").write_text(json.dumps(as_json(soaked, judged), indent=1))
    (folder / "plot.html").write_text(page(soaked, judged))
    broken = [row.what for row in judged if row.good is False]
    if broken and too_busy(soaked):
        say("this machine had too little time for the daemon: limits of time say nothing here")
    say(f"{len(broken)} broken: {', '.join(broken)}" if broken else "all within their limits")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
