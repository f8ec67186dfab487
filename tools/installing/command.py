"""The command line of tools/install."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from installing.install import Wishes, install, uninstall
from installing.machine import InstallError, Machine
from installing.options import Can, parse_can
from installing.package import Package, extras_here, python_here

_USAGE, _UNAVAILABLE, _CONFIG, _INTERRUPTED = 64, 69, 78, 130
CHECKOUT = Path(__file__).resolve().parent.parent.parent


def main(description: str, arguments: list[str] | None = None) -> int:
    """Install or uninstall; the exit code."""
    # Root's may be stricter, and the service's user has to read what is installed.
    os.umask(0o022)
    parser = _parser(description)
    try:
        wanted = parser.parse_args(arguments)
        if wanted.purge and not wanted.uninstall:
            parser.error("--purge goes with --uninstall: sudo tools/install --uninstall --purge")
    except SystemExit as ending:
        return _USAGE if ending.code else 0
    machine = Machine(wanted.root.resolve(), dry_run=wanted.dry_run)
    if machine.is_this and not machine.dry_run and os.geteuid() != 0:
        print("this changes the system: sudo tools/install", file=sys.stderr)
        return _USAGE
    try:
        if wanted.uninstall:
            uninstall(machine, wanted.purge)
        elif not install(machine, _package(wanted), _wishes(wanted)):
            return _CONFIG
    except KeyboardInterrupt:
        print("\ntools/install: interrupted; the same command again goes on", file=sys.stderr)
        return _INTERRUPTED
    except PermissionError as error:
        if machine.dry_run and os.geteuid() != 0:
            print(f"only root may read {error.filename}: sudo tools/install --dry-run",
                  file=sys.stderr)  # fmt: skip
            return _USAGE
        return _failed(error)
    except (InstallError, OSError) as error:
        return _failed(error)
    return 0


def _failed(error: Exception) -> int:
    print(f"tools/install: {error}", file=sys.stderr)
    print("what was done so far stays; the same command again goes on", file=sys.stderr)
    return _UNAVAILABLE


def _parser(description: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tools/install",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--uninstall", action="store_true", help="take it away")
    add("--purge", action="store_true", help="with --uninstall: edited settings and data too")
    add("--dry-run", action="store_true", help="say what would be done")
    add("--wheels", type=_folder, metavar="FOLDER", help="take every package from here: no network")
    add("--extras", type=_words, metavar="A,B", help="of pyproject.toml; usually found by itself")
    add("--can", type=_can, action="append", default=[], metavar="can0:500000",
        help="let systemd-networkd bring this interface up; may be repeated")  # fmt: skip
    add("--udev", action="store_true", help="stable names for slcan adapters")
    add("--desktop", action="store_true", help="let the service show a window on this desktop")
    add("--no-start", action="store_true", help="do not start it now")
    add("--root", type=Path, default=Path("/"), metavar="FOLDER",
        help="install below this folder instead, without users and services")  # fmt: skip
    add("--python", help="make the environment with this interpreter (usually the one that runs)")
    return parser


def _package(wanted: argparse.Namespace) -> Package:
    extras = extras_here() if wanted.extras is None else wanted.extras
    return Package(CHECKOUT, wanted.wheels, extras, wanted.python or python_here())


def _wishes(wanted: argparse.Namespace) -> Wishes:
    return Wishes(wanted.can, wanted.udev, wanted.desktop, not wanted.no_start)


def _folder(text: str) -> Path:
    path = Path(text).resolve()
    if not path.is_dir():
        raise argparse.ArgumentTypeError(f"{text} is no folder")
    return path


def _words(text: str) -> tuple[str, ...]:
    return tuple(word for word in text.split(",") if word)


def _can(text: str) -> Can:
    try:
        return parse_can(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
