"""`drag-edge model build`: what a person types, and what it prints."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import get_args

from drag_edge import errors
from drag_edge.inference.building.options import BuildOptions, Precision, Profile, Tactics
from drag_edge.inference.building.profiles import parse_shape


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What may be asked."""
    parser.add_argument("onnx", type=Path, metavar="MODEL.onnx")
    parser.add_argument(
        "--output", type=Path, metavar="FILE.engine", help="default: MODEL.engine beside it"
    )
    parser.add_argument(
        "--precision",
        choices=get_args(Precision),
        help="default: fp16 where the device is fast at it; TensorRT 11 takes it from the ONNX",
    )
    parser.add_argument(
        "--calibrate",
        type=Path,
        metavar="PICTURES",
        help="int8: a folder of pictures or a video like those of the drive",
    )
    parser.add_argument(
        "--calibration-frames",
        type=_count,
        default=500,
        metavar="N",
        help="int8: at most so many of them, evenly spread (default 500)",
    )
    parser.add_argument(
        "--shape",
        type=_shape,
        action="append",
        default=[],
        metavar="NAME=MIN:OPT:MAX",
        help="size of an input that the ONNX leaves open, as 1x3x256x512 or min:opt:max; "
        "default: one picture of the size in its metadata",
    )
    parser.add_argument(
        "--workspace-mb", type=_count, metavar="N", help="most scratch memory for one layer"
    )
    parser.add_argument(
        "--timing-cache", type=Path, metavar="FILE", help="default: one in the user's cache folder"
    )
    parser.add_argument(
        "--dla", type=_core, metavar="CORE", help="run on this DLA core, the rest on the GPU"
    )
    parser.add_argument(
        "--tactics",
        choices=get_args(Tactics),
        default="default",
        help="no-cublas: without cuBLAS and cuDNN, where they are not installed; edge-mask-only: "
        "also without kernels that are compiled while building",
    )
    parser.add_argument(
        "--avoid-tactics",
        action="append",
        default=[],
        metavar="PATTERN",
        help="do not try these kernels: 0x… or a regular expression for names; may be repeated "
        "(TensorRT up to 10)",
    )
    parser.add_argument(
        "--known-tactics-only",
        action="store_true",
        help="try no kernel that no build on this device has tried before (TensorRT up to 10)",
    )
    parser.add_argument(
        "--most-tactics",
        type=_count,
        metavar="N",
        help="try at most N kernels for a layer: a slower engine sooner (TensorRT up to 10)",
    )
    parser.add_argument(
        "--hang-s",
        type=_seconds,
        default=60.0,
        metavar="S",
        help="a kernel that is tried for so long hangs (default 60); 0: nobody watches",
    )
    parser.add_argument(
        "--retry-hangs",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="build again without a kernel that hangs (default)",
    )
    # Not the program's own -v, which comes before the command: this is TensorRT's log.
    parser.add_argument(
        "--verbose", action="store_true", dest="log_everything", help="show TensorRT's whole log"
    )
    parser.add_argument("--force", action="store_true", help="replace an engine that still fits")


def run(arguments: argparse.Namespace) -> int:
    """Build; the result goes to stdout, what happens meanwhile to stderr."""
    from drag_edge.inference.building.builder import build_engine

    options = BuildOptions(
        onnx=arguments.onnx,
        output=arguments.output,
        precision=arguments.precision,
        calibrate=arguments.calibrate,
        calibration_frames=arguments.calibration_frames,
        profiles=dict(arguments.shape),
        workspace_mb=arguments.workspace_mb,
        timing_cache=arguments.timing_cache,
        dla=arguments.dla,
        tactics=arguments.tactics,
        avoid_tactics=tuple(arguments.avoid_tactics),
        known_tactics_only=arguments.known_tactics_only,
        most_tactics=arguments.most_tactics,
        hang_s=arguments.hang_s or None,
        retry_hangs=arguments.retry_hangs,
        verbose=arguments.log_everything,
        force=arguments.force,
    )
    with _ended_by_ctrl_c():
        sidecar = build_engine(options, _say)
    size_mb = options.engine.stat().st_size / 1e6
    print(
        f"{options.engine}  {size_mb:.1f} MB  {sidecar.precision}  TensorRT {sidecar.tensorrt}  "
        f"{sidecar.device} ({sidecar.sm})  built in {sidecar.build_time_s:.0f} s"
    )
    return errors.OK


@contextmanager
def _ended_by_ctrl_c() -> Iterator[None]:
    """Ctrl-C ends the process at once: TensorRT calls back into Python, and an exception that went
    through it would abort. Nothing is written before the end.
    """
    before = signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _shape(text: str) -> tuple[str, Profile]:
    try:
        return parse_shape(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be above 0")
    return value


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError("must be 0 or above")
    return value


def _core(text: str) -> int:
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError("must be 0 or above")
    return value
