"""The disk with what is to be installed: a checkout's tools, our own wheel, and other people's."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent.parent
# The disk's name.
PAYLOAD = "payload.ext4"
# What tools/install takes from a checkout beside the package.
_PARTS = (
    "configs", "docs", "engines/demo", "systemd", "tools/install", "tools/installing",
    "tools/constraints-jetpack.txt", "drag_edge/sim/vehicle.dbc", "LICENSE", "README.md",
)  # fmt: skip
_SOURCES = ("drag_edge", "pyproject.toml", "README.md", "LICENSE")


def make_payload(image: Path, folder: Path) -> Path:
    """An ext4 disk with checkout/ and wheels/."""
    tree = folder / "payload"
    for name in _PARTS:
        _copy(REPOSITORY / name, tree / "checkout" / name)
    shutil.copytree(image / "wheels", tree / "wheels")
    _build_wheel(folder / "sources", tree / "wheels")
    disk = folder / PAYLOAD
    subprocess.run(
        ["mke2fs", "-q", "-t", "ext4", "-L", "payload", "-d", tree, disk, "400M"], check=True
    )
    shutil.rmtree(tree)
    return disk


def _build_wheel(sources: Path, wheels: Path) -> None:
    """Of a copy: the build leaves things beside what it builds."""
    for name in _SOURCES:
        _copy(REPOSITORY / name, sources / name)
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check",
         "--no-deps", "--wheel-dir", wheels, sources],
        check=True,
    )  # fmt: skip
    shutil.rmtree(sources)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy2(source, target)
