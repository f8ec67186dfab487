"""venv, pip and the installed tools/install themselves."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

from tests.install.computer import TOOLS

METADATA = "Metadata-Version: 2.1\nName: drag-edge\nVersion: 0.1.0\n"
WHEEL = "Wheel-Version: 1.0\nGenerator: a test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
PROGRAM = "def main():\n    print('the one of {}')\n"


def write_wheel(folder: Path, word: str) -> None:
    """A whole wheel, but small."""
    info = "drag_edge-0.1.0.dist-info"
    files = {
        "drag_edge/__init__.py": "",
        "drag_edge/cli.py": PROGRAM.format(word),
        f"{info}/METADATA": METADATA,
        f"{info}/WHEEL": WHEEL,
        f"{info}/entry_points.txt": "[console_scripts]\ndrag-edge = drag_edge.cli:main\n",
    }
    record = "".join(f"{name},,\n" for name in (*files, f"{info}/RECORD"))
    with zipfile.ZipFile(folder / "drag_edge-0.1.0-py3-none-any.whl", "w") as archive:
        for name, content in {**files, f"{info}/RECORD": record}.items():
            archive.writestr(name, content)


def test_for_real_without_a_network_and_taken_away_by_its_own_copy(
    root: Path, wheels: Path
) -> None:
    """venv, pip and the installed tools/install themselves."""

    def run(program: Path, *options: str) -> str:
        command = [sys.executable, str(program), "--root", str(root), *options]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    for word in ("January", "February"):
        write_wheel(wheels, word)
        run(TOOLS / "install", "--wheels", str(wheels))
        programs = root / "opt/drag-edge/venv/bin"
        first_line = (programs / "drag-edge").read_text().splitlines()[0]
        assert first_line == "#!/opt/drag-edge/venv/bin/python"  # where it will be
        assert str(root) not in (programs.parent / "pyvenv.cfg").read_text()
        command = [str(programs / "python"), str(programs / "drag-edge")]
        said = subprocess.run(command, capture_output=True, text=True, check=True)
        assert said.stdout == f"the one of {word}\n"
    assert "everything was installed already" in run(TOOLS / "install", "--wheels", str(wheels))
    (programs.parent / "pyvenv.cfg").write_text("home = /usr/bin\nversion = 3.8.10\n")
    write_wheel(wheels, "March")
    assert "make a virtual environment" in run(TOOLS / "install", "--wheels", str(wheels))
    copy = root / "opt/drag-edge/share/tools/install"
    assert "drag_edge itself stays" in run(copy, "--can", "can0:250000")
    assert (root / "etc/systemd/network/80-drag-edge-can0.network").exists()
    assert "remove /opt/drag-edge" in run(copy, "--uninstall")
    assert [path for path in root.rglob("*") if path.is_file()] == []
