#!/usr/bin/env python3
"""Write down the names that a TensorRT's Python package offers, for tests without TensorRT.

usage: tools/list_tensorrt_api.py FOLDER > tests/inference/tensorrt_api/VERSION.txt

FOLDER holds `tensorrt` or `tensorrt_bindings`, as in an unpacked wheel for this very Python
(pip download --no-deps tensorrt-cu12-bindings==10.3.0; python -m zipfile -e *.whl FOLDER). Nothing
of TensorRT is run, so libraries that the bindings ask for and that are not there are stood in for
by empty ones made with gcc on the spot. Needs gcc, nm and readelf then; never a GPU.
"""

from __future__ import annotations

import ctypes
import importlib
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from types import ModuleType

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from drag_edge.inference.building.offers import public_names

PACKAGES = ("tensorrt", "tensorrt_bindings")
OURS = re.compile(r"libnv(infer|onnxparser|parsers)")


def main() -> int:
    """Print the names; the exit code."""
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 64
    folder = Path(sys.argv[1]).resolve()
    package = next((name for name in PACKAGES if (folder / name).is_dir()), None)
    if package is None:
        print(f"{folder} holds neither of {', '.join(PACKAGES)}", file=sys.stderr)
        return 66
    sys.path.insert(0, str(folder))
    print(listing(import_bindings(folder / package)))
    return 0


def listing(trt: ModuleType) -> str:
    """One line for the module's own names, then one for each class."""
    owners: dict[str, list[str]] = {"": []}
    for name in sorted(public_names(trt)):
        owner, _, member = name.rpartition(".")
        owners.setdefault(owner, []).append(member)
    lines = [f"# TensorRT {trt.__version__}: names of its Python package, class by class"]
    lines += [f"{owner}: {' '.join(members)}" for owner, members in owners.items()]
    return "\n".join(lines)


def import_bindings(package: Path) -> ModuleType:
    """Import it, with stand-ins for what is missing."""
    try:
        return importlib.import_module(package.name)
    except (ImportError, OSError):
        for binary in package.glob("tensorrt*.so"):
            stand_in_for_libraries(binary)
        for name in [name for name in sys.modules if name.split(".")[0] == package.name]:
            del sys.modules[name]
        return importlib.import_module(package.name)


def stand_in_for_libraries(binary: Path) -> None:
    """Load empty libraries of the names and with the functions that the bindings ask for."""
    dynamic = _output("readelf", "-d", str(binary))
    libraries = [name for name in re.findall(r"\[(lib[^\]]+)\]", dynamic) if OURS.match(name)]
    undefined = _output("nm", "-D", "--undefined-only", str(binary)).split("\n")
    names = {line.split()[-1] for line in undefined if line.strip()}
    wanted = sorted(name for name in names if re.fullmatch(r"\w+", name) and _is_tensorrts(name))
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "stand_in.c"
        source.write_text("".join(f"void *{name}(void) {{ return 0; }}\n" for name in wanted))
        for library in libraries:
            built = Path(folder) / library
            command = ["gcc", "-shared", "-fPIC", f"-Wl,-soname,{library}", "-o", str(built)]
            subprocess.run([*command, str(source)], check=True)
            ctypes.CDLL(str(built), mode=ctypes.RTLD_GLOBAL)


def _is_tensorrts(name: str) -> bool:
    return name.startswith(("create", "get", "init")) or re.match(r"_ZN\d+nv", name) is not None


def _output(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    sys.exit(main())
