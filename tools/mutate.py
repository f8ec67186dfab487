#!/usr/bin/env python3
"""Break the last gate and the end-to-end protection on purpose; the tests must notice each time.

    tools/mutate.py                      all of it (minutes); exit 1 if a mutant survives
    tools/mutate.py --only gate.py       one file
    tools/mutate.py --line 120           one line's mutants
    tools/mutate.py --list               what would be tried

Run it with the Python of the virtual environment, from anywhere.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from mutation.equivalent import EQUIVALENT
from mutation.operators import OPERATORS, Mutant, mutants_of
from mutation.runner import SURVIVED, TIMED_OUT, preload, run_all

ROOT = Path(__file__).resolve().parent.parent
GATE_TESTS = ("tests/adas/test_gate_exact.py", "tests/adas/test_gate.py")
TARGETS: dict[str, tuple[str, ...]] = {
    "drag_edge/adas/gate.py": GATE_TESTS,
    "drag_edge/adas/limits.py": GATE_TESTS,
    "drag_edge/vehicle/e2e.py": ("tests/vehicle/test_e2e.py",),
}


def main() -> int:
    options = arguments()
    total: Counter[str] = Counter()
    survivors: list[Mutant] = []
    preload(ROOT)
    for file, tests in TARGETS.items():
        if options.only and not any(file.endswith(name) for name in options.only):
            continue
        mutants = [m for m in mutants_of(file, (ROOT / file).read_text()) if wanted(m, options)]
        if options.list:
            print("\n".join(mutant.name for mutant in mutants))
            continue
        survivors += hunt(file, mutants, [str(ROOT / test) for test in tests], options, total)
    if options.list:
        return 0
    return tell(total, survivors)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", action="append", metavar="FILE", help="end of a file's name")
    parser.add_argument("--line", type=int, help="only mutants of this line")
    parser.add_argument("--first", type=int, metavar="N", help="stop after N mutants of a file")
    parser.add_argument("--list", action="store_true", help="print the mutants, run nothing")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--limit", type=int, default=60, metavar="S", help="for one mutant")
    return parser.parse_args()


def wanted(mutant: Mutant, options: argparse.Namespace) -> bool:
    return options.line is None or mutant.line == options.line


def hunt(
    file: str,
    mutants: list[Mutant],
    tests: list[str],
    options: argparse.Namespace,
    total: Counter[str],
) -> list[Mutant]:
    """Run the mutants of one file; those that survived."""
    start_s, survivors = time.monotonic(), []
    different = [mutant for mutant in mutants if key(mutant) not in EQUIVALENT]
    total["equivalent"] += len(mutants) - len(different)
    different = different[: options.first]
    ended = run_all(different, tests, options.workers, options.limit)
    for count, (mutant, code) in enumerate(ended, start=1):
        total[mutant.operator] += 1
        total["timed out"] += code == TIMED_OUT
        if code == SURVIVED:
            survivors.append(mutant)
            print(f"\rSURVIVED {mutant.name}", flush=True)
        elif sys.stderr.isatty():
            print(f"\r{file}: {count}/{len(different)}", end="", file=sys.stderr, flush=True)
    took_s = time.monotonic() - start_s
    print(
        f"{file}: {len(different)} mutants, {len(survivors)} survived, {took_s:.0f} s", flush=True
    )
    return survivors


def key(mutant: Mutant) -> tuple[str, str, str, str]:
    return Path(mutant.file).name, mutant.where, mutant.before, mutant.after


def tell(total: Counter[str], survivors: list[Mutant]) -> int:
    print("\noperators:")
    for name, operator in OPERATORS.items():
        print(f"  {name:12} {total[name]:4}  {operator.__doc__}")
    ran = sum(total[name] for name in OPERATORS)
    print(f"{ran} mutants, {ran - len(survivors)} killed ({total['timed out']} by the time limit), "
          f"{len(survivors)} survived, {total['equivalent']} are no different:")  # fmt: skip
    for (file, where, before, after), why in EQUIVALENT.items():
        print(f"  {file} {where}: {before}  →  {after}\n      {why}")
    for mutant in sorted(survivors, key=lambda mutant: (mutant.file, mutant.line)):
        print(f"\n{mutant.file}:{mutant.line} in {mutant.where} ({mutant.operator})")
        print(f"- {mutant.before}\n+ {mutant.after}")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
