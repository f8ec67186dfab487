"""Malformed input for everything that reads what others wrote: no crash, no hang.

    .venv/bin/python tools/fuzz.py                       10 000 inputs for each reader
    .venv/bin/python tools/fuzz.py --examples 500 mcu can

What failed is printed with the smallest input that does it. Exit code 1 when anything did.
"""

from __future__ import annotations

import argparse
import faulthandler
import sys
import time
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from hypothesis import HealthCheck, given, seed, settings
from hypothesis.strategies import SearchStrategy

from tests.fuzz.targets import TARGETS, in_time

HANGS_S = 30  # the process ends with its stacks when one input takes longer


def fuzz(name: str, examples: int, first: int) -> int:
    """Inputs that were tried."""
    inputs, check = TARGETS[name]
    return _run(inputs, check, examples, first)


def _run(inputs: SearchStrategy[object], check: object, examples: int, first: int) -> int:
    tried = 0

    @seed(first)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(inputs)
    def run(one: object) -> None:
        nonlocal tried
        tried += 1
        faulthandler.dump_traceback_later(HANGS_S, exit=True)
        with in_time():
            check(one)  # type: ignore[operator]

    try:
        run()
    finally:
        faulthandler.cancel_dump_traceback_later()
    return tried


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("targets", nargs="*", help=f"some of: {', '.join(TARGETS)}")
    parser.add_argument("--examples", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    failed = []
    for name in arguments.targets or TARGETS:
        start_s = time.monotonic()
        try:
            tried = fuzz(name, arguments.examples, arguments.seed)
        except Exception:  # noqa: BLE001 - whatever a reader raises is the finding
            traceback.print_exc()
            failed.append(name)
        else:
            print(f"ok   {name:<10} {tried} inputs, {time.monotonic() - start_s:.0f} s", flush=True)
    if failed:
        print(f"BAD  {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
