"""What a person types after `drag-edge score`."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import drag_edge
from drag_edge.errors import InputMissingError

DEMO = Path("configs", "demo.yaml")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the scorecard; nothing heavy is imported here."""
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--seeds", type=_positive, default=1, metavar="N", help="seeds 1 to N of every case (1)"
    )
    which.add_argument("--seed", type=_positive, metavar="N", help="this seed alone")
    parser.add_argument(
        "--only", type=_ids, default=(), metavar="ID[,ID]", help="rows, by number or name"
    )
    parser.add_argument("--case", metavar="ID", help="one case alone")
    parser.add_argument(
        "--level",
        choices=("object", "pixel"),
        default="object",
        help="object: labels with errors (default); pixel: rendered pictures and the networks",
    )
    parser.add_argument(
        "--baseline",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="the well-known simple rules beside ours (default: on at object level)",
    )
    parser.add_argument("--jobs", type=_positive, metavar="N", help="drives at a time (all cores)")
    parser.add_argument(
        "--out", type=Path, default=Path("out/score"), metavar="FOLDER", help="JSON and plots"
    )
    parser.add_argument("--overlay", action="store_true", help="film every drive with the overlay")
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="settings to be judged (configs/demo.yaml)"
    )


def run(options: argparse.Namespace) -> int:
    """Score. Raises DragEdgeError."""
    from drag_edge.score.run import Options, score

    seeds = (options.seed,) if options.seed is not None else tuple(range(1, options.seeds + 1))
    at_objects = options.level == "object"
    return score(
        Options(
            config=options.config if options.config is not None else demo_config(),
            seeds=seeds,
            only=options.only,
            case=options.case,
            level=options.level,
            baseline=at_objects if options.baseline is None else options.baseline,
            jobs=options.jobs or os.cpu_count() or 1,
            out=options.out,
            overlay=options.overlay,
        )
    )


def demo_config() -> Path:
    """The demo's configuration: here, or beside the package. Raises InputMissingError."""
    for folder in (Path.cwd(), Path(drag_edge.__file__).resolve().parents[1]):
        if (folder / DEMO).is_file():
            return folder / DEMO
    raise InputMissingError(f"{DEMO}: not here; name a configuration with --config")


def _ids(text: str) -> tuple[str, ...]:
    return tuple(one.strip() for one in text.split(",") if one.strip())


def _positive(text: str) -> int:
    value = int(text)
    if value <= 0:
        raise argparse.ArgumentTypeError("must be above 0")
    return value
