"""What a person types."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from drag_edge import __version__, errors
from drag_edge.inference.building.command import add_arguments as add_build_arguments
from drag_edge.score.command import add_arguments as add_score_arguments
from drag_edge.service.log import log_to_person_or_journal
from drag_edge.service.stacks import stacks_on_signals
from drag_edge.service.status import add_arguments as add_status_arguments

_LOG = logging.getLogger(__name__)

# Everything heavy is imported by the command that needs it: the bus is served first.


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code (sysexits.h)."""
    with stacks_on_signals():
        return _main(arguments)


def _main(arguments: Sequence[str] | None) -> int:
    parser = _parser()
    try:
        options = parser.parse_args(arguments)
    except SystemExit as ending:
        return errors.USAGE if ending.code else errors.OK
    log_to_person_or_journal(options.verbose)
    try:
        code: int = options.command(options)
        # Here, where a reader that is gone can still be told from a failure.
        print(end="", flush=True)
    except errors.DragEdgeError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return errors.OK
    except BrokenPipeError:
        _write_to_nobody()
        return errors.OK
    except Exception:  # noqa: BLE001 - the last place where a bug of ours can be told as one
        _LOG.exception("a fault of drag_edge's own ends it")
        return errors.SOFTWARE
    return code


def _write_to_nobody() -> None:
    """What was printed and not read goes nowhere: Python would fail on it once more at the end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def start() -> NoReturn:
    """`main` as a program, with an end that no driver can spoil.

    A camera's driver that did not come back was left alone. If it came back while the interpreter
    is being taken down, its thread would abort the process: so it is not taken down then.
    """
    code = main()
    if any(thread.daemon for thread in threading.enumerate()):
        logging.shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="drag-edge", description="Driver assistance from cameras to CAN."
    )
    parser.add_argument("--version", action="version", version=f"drag-edge {__version__}")
    parser.add_argument("-v", "--verbose", action="store_true", help="log what is going on")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    run = commands.add_parser("run", help="run the daemon")
    _config_arguments(run)
    limit = run.add_mutually_exclusive_group()
    limit.add_argument("--seconds", type=_positive_float, metavar="S", help="stop after S seconds")
    limit.add_argument("--frames", type=_positive_int, metavar="N", help="stop after N frames")
    run.add_argument("--headless", action="store_true", help="no window and no video")
    run.add_argument(
        "--fault",
        action="append",
        default=[],
        dest="faults",
        metavar="KIND[:TARGET]@START[+SECONDS]",
        help="break something on purpose, e.g. freeze:front@5+2; may be repeated (docs/adas.md)",
    )
    run.set_defaults(command=_run)

    check = commands.add_parser("check", help="check a configuration without running it")
    _config_arguments(check)
    check.add_argument(
        "--skip-files", action="store_true", help="do not look whether the files it names exist"
    )
    check.set_defaults(command=_check)

    doctor = commands.add_parser("doctor", help="what of this machine works, and what to do")
    _config_arguments(doctor, optional=True)
    doctor.add_argument("--json", action="store_true", help="the same for a program")
    doctor.set_defaults(command=_doctor)

    status = commands.add_parser("status", help="how the daemon that runs here is doing")
    add_status_arguments(status)
    status.set_defaults(command=_status)

    schema = commands.add_parser("schema", help="print the configuration's JSON schema")
    schema.set_defaults(command=_schema)

    model = commands.add_parser("model", help="look at a model file, build an engine from one")
    verbs = model.add_subparsers(metavar="VERB", required=True)
    inspect = verbs.add_parser("inspect", help="names, shapes, types, metadata of a model file")
    inspect.add_argument("file", type=Path)
    inspect.add_argument("--json", action="store_true", help="the same for a program")
    inspect.set_defaults(command=_inspect)
    build = verbs.add_parser("build", help="build a TensorRT engine for this device from an ONNX")
    add_build_arguments(build)
    build.set_defaults(command=_build)

    card = commands.add_parser("score", help="drive the scorecard closed loop and judge it")
    add_score_arguments(card)
    card.set_defaults(command=_score)

    bench = commands.add_parser("bench", help="the loop's cost, and that of the bare engines")
    _config_arguments(bench)
    bench.add_argument("--frames", type=_positive_int, default=300, metavar="N")
    bench.add_argument("--json", type=Path, metavar="FILE", help="write the figures here")
    bench.set_defaults(command=_bench)
    return parser


def _config_arguments(parser: argparse.ArgumentParser, optional: bool = False) -> None:
    count = "?" if optional else None
    parser.add_argument("config", type=Path, metavar="CONFIG", nargs=count, help="a YAML file")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        dest="overrides",
        metavar="a.b=c",
        help="change one value of the configuration; may be repeated",
    )


def _run(options: argparse.Namespace) -> int:
    from drag_edge.faults.fault import parse_fault

    faults = [parse_fault(spec) for spec in options.faults]
    from drag_edge.run import run

    return run(
        options.config,
        options.overrides,
        seconds=options.seconds,
        frames=options.frames,
        headless=options.headless,
        faults=faults,
        verbose=options.verbose,
    )


def _check(options: argparse.Namespace) -> int:
    from drag_edge.checks import ROOM_CHECKS
    from drag_edge.config.check import check

    check_files = not options.skip_files
    return check(
        options.config, options.overrides, check_files=check_files, room_checks=ROOM_CHECKS
    )


def _doctor(options: argparse.Namespace) -> int:
    from drag_edge.doctor.command import doctor

    return doctor(options.config, options.overrides, json=options.json)


def _status(options: argparse.Namespace) -> int:
    from drag_edge.service.status import status

    return status(options.url, json=options.json)


def _schema(options: argparse.Namespace) -> int:
    from drag_edge.config.schema import schema_text

    print(schema_text(), end="")
    return errors.OK


def _inspect(options: argparse.Namespace) -> int:
    from drag_edge.inference.inspect import inspect_model

    found = inspect_model(options.file)
    print(found.as_json() if options.json else "\n".join(found.lines()))
    return errors.OK


def _build(options: argparse.Namespace) -> int:
    from drag_edge.inference.building.command import run as build

    return build(options)


def _score(options: argparse.Namespace) -> int:
    from drag_edge.score.command import run

    return run(options)


def _bench(options: argparse.Namespace) -> int:
    from drag_edge.bench import bench

    return bench(options.config, options.overrides, options.frames, options.json)


def _positive_int(text: str) -> int:
    value = int(text)
    if value <= 0:
        raise argparse.ArgumentTypeError("must be above 0")
    return value


def _positive_float(text: str) -> float:
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError("must be above 0")
    return value


if __name__ == "__main__":
    start()
