#!/usr/bin/env python3
"""Check on a real GPU everything that CI cannot: one call, one table, one JSON.

    tools/gpu_check.py [--only a,d] [--quick] [--out FOLDER] [--engines FOLDER] [--extra NET.onnx]
    tools/gpu_check.py --markdown RESULT.json...   put one run's table, or several, into docs/gpu.md

Every part runs in processes of its own with a time limit: one that crashes is a row of the table.
`result.json` in --out is whole after every part. Exit 0: nothing failed (rows that could not be
measured say why); 1: something failed; 69: no GPU, or no TensorRT for it. docs/gpu.md explains.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import os
import sys
import traceback
from pathlib import Path

TOOLS = Path(__file__).resolve().parent
REPOSITORY = TOOLS.parent
sys.path[:0] = [str(TOOLS), str(REPOSITORY)]

from gpu_check_parts import report  # noqa: E402
from gpu_check_parts.check import Check, say  # noqa: E402
from gpu_check_parts.driver import DriverError, card, open_driver  # noqa: E402
from gpu_check_parts.registry import BY_LETTER, LETTERS  # noqa: E402
from gpu_check_parts.rows import FAILED, one_line  # noqa: E402
from gpu_check_parts.runner import run_parts  # noqa: E402

NO_GPU = 69


def main(arguments: list[str] | None = None) -> int:
    options = parse(arguments)
    if options.markdown is not None:
        return report.write_into(options.markdown, options.page)
    if options.shard is not None:
        return run_shard(options)
    missing = what_is_missing()
    if missing:
        print(f"gpu_check: {missing}; nothing was measured", file=sys.stderr)
        return NO_GPU
    options.out.mkdir(parents=True, exist_ok=True)
    document = run_parts(options, Path(__file__).resolve())
    say("\n" + report.text_table(document))
    say(f"\n{options.out / 'result.json'}")
    return 1 if report.count(document, FAILED) else 0


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", type=_letters, default=LETTERS, help="parts, e.g. a,d")
    parser.add_argument("--skip", type=_letters, default=(), help="parts to leave out")
    parser.add_argument("--quick", action="store_true", help="small counts: does all of it run?")
    parser.add_argument("--out", type=Path, default=REPOSITORY / "out" / "gpu_check")
    parser.add_argument("--engines", type=Path, help="folder of built engines, reused; OUT/engines")
    parser.add_argument("--extra", type=Path, action="append", default=[], metavar="NET.onnx")
    parser.add_argument("--seed", type=int, default=20)
    parser.add_argument("--jobs", type=int, default=1, help="engines built at the same time")
    parser.add_argument("--int8", action="store_true", help="INT8 engines too (they take long)")
    parser.add_argument(
        "--build", default="", metavar="road:fp16,...", help="build these only, of what is missing"
    )
    parser.add_argument(
        "--avoid-tactics", action="append", default=[], metavar="PATTERN", help="as in model build"
    )
    parser.add_argument("--most-tactics", type=int, metavar="N", help="as in model build")
    parser.add_argument(
        "--tactics",
        choices=("default", "no-cublas", "edge-mask-only"),
        default="default",
        help="no-cublas where cuBLAS and cuDNN are not there, or are stand-ins",
    )
    parser.add_argument("--limit", type=float, default=1500, help="seconds for everything")
    parser.add_argument("--markdown", type=Path, nargs="+", metavar="RESULT.json")
    parser.add_argument("--page", type=Path, default=REPOSITORY / "docs" / "gpu.md")
    parser.add_argument("--part", choices=LETTERS, help=argparse.SUPPRESS)
    parser.add_argument("--shard", help=argparse.SUPPRESS)
    parser.add_argument("--rows", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    options.out = options.out.resolve()
    options.engines = (options.engines or options.out / "engines").resolve()
    options.extra = [file.resolve() for file in options.extra]
    return options


def _letters(text: str) -> tuple[str, ...]:
    letters = tuple(part.strip().lower() for part in text.split(",") if part.strip())
    unknown = [letter for letter in letters if letter not in BY_LETTER]
    if unknown:
        raise argparse.ArgumentTypeError(f"no part {unknown[0]!r}; there are {', '.join(LETTERS)}")
    return letters


def what_is_missing() -> str:
    """Why nothing can be measured here, or "". TensorRT is looked for, not imported."""
    try:
        card(open_driver())
    except DriverError as error:
        return f"no NVIDIA GPU to check on ({error})"
    for module in ("tensorrt", "pycuda"):
        if importlib.util.find_spec(module) is None:
            return f"Python {sys.version.split()[0]} has no {module}"
    return ""


def run_shard(options: argparse.Namespace) -> int:
    """One process of one part; whatever escapes it is a row."""
    part = BY_LETTER[options.part]
    check = Check(
        letter=part.letter,
        out=options.out,
        engines=options.engines,
        rows=options.rows,
        extra=tuple(options.extra),
        quick=options.quick,
        seed=options.seed,
        limit_s=options.limit,
        jobs=options.jobs,
        tactics=options.tactics,
        avoid_tactics=tuple(options.avoid_tactics),
        most_tactics=options.most_tactics,
        int8=options.int8,
        build=tuple(item for item in options.build.split(",") if item),
    )
    try:
        module = importlib.import_module(f"gpu_check_parts.{part.module}")
        module.run(check, options.shard)
    except Exception as error:  # noqa: BLE001 - the end of the process, written down
        traceback.print_exc()
        what = f"{part.title} ({options.shard})" if options.shard else part.title
        check.row(what, "", "", FAILED, f"{type(error).__name__}: {one_line(error)}")
        return 1
    return 0


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    sys.exit(main())
