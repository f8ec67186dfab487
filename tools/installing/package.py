"""drag_edge itself, put into its environment by pip."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from installing import layout
from installing.environment import (
    check_imports,
    make_environment,
    name_where_it_will_be,
    python_in,
    version_of,
)
from installing.machine import InstallError, Machine
from installing.record import digest, digest_of

SYSTEM_PYTHON = "/usr/bin/python3"
_SOURCES = ("drag_edge", "pyproject.toml", "README.md", "LICENSE")
_CONSTRAINTS = ("--constraint", "tools/constraints-jetpack.txt")


@dataclass(frozen=True)
class Package:
    """What is installed. wheels: folder to take everything from, without a network.

    extras: of pyproject.toml. python: the interpreter that the environment is made with.
    """

    checkout: Path
    wheels: Path | None
    extras: tuple[str, ...]
    python: str

    @property
    def wheel(self) -> Path | None:
        """Our own wheel among the others; the newest where there are several."""
        found = sorted(
            self.wheels.glob("drag_edge-*.whl") if self.wheels is not None else (),
            key=lambda path: path.stat().st_mtime,
        )
        return found[-1] if found else None

    @property
    def digest(self) -> str:
        """Changes when another installation would differ."""
        content = self.wheel and digest(self.wheel.read_bytes())
        if not content:
            content = digest_of(self.checkout / name for name in _SOURCES)
        version = version_of(self.python)
        return digest(f"{content} {self.extras} {self.python} {version}".encode())

    @property
    def is_here(self) -> bool:
        """Whether there is something to install; beside the copy that is installed there is not."""
        return self.wheel is not None or (self.checkout / "pyproject.toml").is_file()


def on_jetson() -> bool:
    """Whether this is a Jetson's own kernel."""
    return platform.release().endswith("tegra")


def python_here() -> str:
    """The interpreter that runs this, or the system's where a service could not reach it."""
    # Out of a virtual environment that is active just now.
    own: str = getattr(sys, "_base_executable", sys.executable)
    return own if reachable(own) else SYSTEM_PYTHON


def reachable(python: str) -> bool:
    """Whether a service, to which homes are closed, can run it."""
    homes = (os.path.expanduser("~root") + os.sep, "/home/")
    return not os.path.realpath(python).startswith(homes)


def extras_here() -> tuple[str, ...]:
    """What this computer needs beside the core."""
    return ("jetson",) if on_jetson() else ()


def install_package(machine: Machine, package: Package, installed: str) -> str:
    """Make or update the environment; returns the digest of what is in it now."""
    if machine.is_this and not reachable(package.python):
        raise InstallError(
            f"{package.python} lies in a home folder, which the service cannot reach; "
            f"--python {SYSTEM_PYTHON}, for example"
        )
    venv = machine.at(layout.VENV)
    wanted = package.digest
    if wanted == installed and (venv / "bin/drag-edge").exists():
        return installed
    make_environment(machine, package.python, venv)
    # By the program, not by `installed`: after an update that failed, that is unknown.
    replaces = (venv / "bin/drag-edge").exists()
    extras = f"[{','.join(package.extras)}]" if package.extras else ""
    offline: list[str] = []
    if package.wheels is not None:
        offline = ["--no-index", "--find-links", str(package.wheels)]
    with _source(package, machine.dry_run) as source:
        pip = (*python_in(venv), "-m", "pip", "--disable-pip-version-check", "--quiet",
               "--no-cache-dir", "install")  # fmt: skip
        words = ("--upgrade", *offline, *_constraints(package.checkout), f"{source}{extras}")
        _with_cuda_on_path()
        try:
            machine.command(*pip, *words, why=f"install drag_edge{extras} into {layout.VENV}")
        except InstallError as error:
            raise InstallError(f"{error}{_advice(package)}") from error
        if replaces:
            # The same version from sources that changed: pip by itself would keep the old.
            again = ("--force-reinstall", "--no-deps", *offline, str(source))
            machine.command(*pip, *again, why="replace the drag_edge that was there by this one")
    name_where_it_will_be(machine, venv)
    check_imports(machine, venv)
    return wanted


def _advice(package: Package) -> str:
    """What fills the folder that pip found too little in."""
    if package.wheels is None:
        return ""
    constraints = " ".join(("", *_CONSTRAINTS)) if on_jetson() else ""
    extras = f"[{','.join(package.extras)}]" if package.extras else ""
    return (
        f"\nif {package.wheels} lacks a package, in a checkout on a machine of the same kind:"
        f"\n  pip wheel --wheel-dir FOLDER{constraints} '.{extras}'"
    )


@contextmanager
def _source(package: Package, dry_run: bool) -> Iterator[Path]:
    """Our wheel, or a copy of the checkout: pip builds beside the sources, and root's files would
    stay in somebody's checkout."""
    if package.wheel is not None:
        yield package.wheel
        return
    with tempfile.TemporaryDirectory(prefix="drag-edge-") as folder:
        for name in () if dry_run else _SOURCES:
            _copy(package.checkout / name, Path(folder) / name)
        yield Path(folder)


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy2(source, target)


def _constraints(checkout: Path) -> Sequence[str]:
    option, name = _CONSTRAINTS
    file = checkout / name
    return (option, str(file)) if on_jetson() and file.exists() else ()


def _with_cuda_on_path() -> None:
    """pycuda is compiled, and looks for nvcc."""
    cuda = "/usr/local/cuda/bin"
    path = os.environ.get("PATH", "")
    if Path(cuda).is_dir() and cuda not in path.split(":"):
        os.environ["PATH"] = f"{cuda}:{path}"
