"""Every check in order; exit code 0 only where all of them passed."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.box.agent import BoxError, BoxGoneError
from tests.box.box import Box
from tests.box.checks import CHECKS
from tests.box.evidence import Check
from tests.box.machine import Machine
from tests.box.payload import PAYLOAD, make_payload
from tests.box.service import becomes_ready

# Without these nothing after them can be asked.
_FOUNDATIONS = ("installs", "becomes_ready")

# Where every check runs into its time-outs, nobody waits for the last of them.
_LONGEST_S = 1800.0


def main() -> int:
    """Make the disks, boot, ask, and say how it went."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # QEMU ends with us
    parser = argparse.ArgumentParser(prog="tests/box/run", description=__doc__)
    parser.add_argument("image", type=Path, help="the folder that make_image printed")
    parser.add_argument("--keep", type=Path, help="leave disks and logs in this folder, for --only")
    parser.add_argument(
        "--only", type=_checks, metavar="CHECK,CHECK", default=(),
        help="these alone, on the running service that --keep saved in its folder",
    )  # fmt: skip
    wanted = parser.parse_args()
    if wanted.only:
        if wanted.keep is None:
            parser.error("--only wants the folder of an earlier run: --keep FOLDER")
        machine = Machine(wanted.image, wanted.keep / PAYLOAD, wanted.keep)
        return _ask(machine, wanted.only, saved=True)
    with tempfile.TemporaryDirectory(prefix="drag-edge-box-") as temporary:
        folder = Path(temporary)
        if wanted.keep is not None:
            folder = wanted.keep
            folder.mkdir(parents=True)
        machine = Machine(wanted.image, make_payload(wanted.image, folder), folder)
        machine.make_disk()
        return _ask(machine, CHECKS, keep=wanted.keep is not None)


def _checks(names: str) -> tuple[Check, ...]:
    known = {check.__name__: check for check in CHECKS}
    try:
        return tuple(known[name] for name in names.split(","))
    except KeyError as error:
        raise argparse.ArgumentTypeError(f"{error} is none of {', '.join(known)}") from error


def _ask(
    machine: Machine, checks: Sequence[Check], *, saved: bool = False, keep: bool = False
) -> int:
    start_s = time.monotonic()
    failed = []
    try:
        _say(f"booted in {machine.boot(600, saved=saved):.0f} s: "
             f"{machine.must('uname -sr').strip()}, "
             f"systemd {machine.must('systemctl --version').split()[1]}")  # fmt: skip
        box = Box(machine)
        for check in checks:
            if time.monotonic() - start_s > _LONGEST_S:
                raise BoxError(f"it takes too long: {check.__name__} and the rest are not asked")
            if not _passes(check, box):
                failed.append(check.__name__)
                if check.__name__ in _FOUNDATIONS:
                    break
            if keep and check is becomes_ready:
                machine.save()
    except BoxError as error:
        _say(f"the box itself failed: {error}")
        failed.append("the box")
    finally:
        machine.cut_power()
    asked_all = "all" if not failed else f"failed: {', '.join(failed)}; of"
    _say(f"{asked_all} {len(checks)} checks in {time.monotonic() - start_s:.0f} s")
    return 1 if failed else 0


def _passes(check: Check, box: Box) -> bool:
    start_s = time.monotonic()
    name = check.__name__.replace("_", " ")
    _say(f"{name} …")
    problem = ""
    try:
        for line in check(box):
            _tell(line)
    except BoxGoneError:
        raise
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
