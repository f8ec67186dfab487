"""Every check in order; exit code 0 only where all of them passed."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.box.box import Box
from tests.box.checks import CHECKS, Check
from tests.box.machine import BoxError, Machine
from tests.box.payload import make_payload

# Without these nothing after them can be asked.
_FOUNDATIONS = ("installs", "becomes_ready")


def main() -> int:
    """Make the disks, boot, ask, and say how it went."""
    parser = argparse.ArgumentParser(prog="tests/box/run", description=__doc__)
    parser.add_argument("image", type=Path, help="the folder that make_image printed")
    parser.add_argument("--keep", type=Path, help="leave logs and disks in this folder")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="drag-edge-box-") as temporary:
        folder = Path(temporary)
        if wanted.keep is not None:
            folder = wanted.keep
            folder.mkdir(parents=True)
        return _run(wanted.image, folder)


def _run(image: Path, folder: Path) -> int:
    start_s = time.monotonic()
    machine = Machine(image, make_payload(image, folder), folder)
    failed = []
    try:
        machine.make_disk()
        _say(f"booted in {machine.boot(600):.0f} s: {machine.must('uname -sr').strip()}, systemd "
             f"{machine.must('systemctl --version').split()[1]}")  # fmt: skip
        box = Box(machine)
        for check in CHECKS:
            if not _passes(check, box):
                failed.append(check.__name__)
                if check.__name__ in _FOUNDATIONS:
                    break
    except BoxError as error:
        _say(f"the box itself failed: {error}")
        failed.append("boot")
    finally:
        machine.cut_power()
    asked_all = "all" if not failed else f"failed: {', '.join(failed)}; of"
    _say(f"{asked_all} {len(CHECKS)} checks in {time.monotonic() - start_s:.0f} s")
    return 1 if failed else 0


def _passes(check: Check, box: Box) -> bool:
    start_s = time.monotonic()
    name = check.__name__.replace("_", " ")
    _say(f"{name} …")
    problem = ""
    try:
        for line in check(box):
            _tell(line)
    except (BoxError, OSError, ValueError, KeyError) as error:
        problem = str(error) if isinstance(error, BoxError) else repr(error)
        _tell(f"WRONG: {problem}")
    _say(f"{name}: {'FAILED' if problem else 'ok'} ({time.monotonic() - start_s:.0f} s)")
    return not problem


def _tell(line: str) -> None:
    print("     " + line.replace("\n", "\n     "), flush=True)


def _say(text: str) -> None:
    print(f"== {time.strftime('%H:%M:%S')} {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
