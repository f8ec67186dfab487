"""When the box is left out, and when it failed: continuous integration passes only without one."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest


def executable(path: Path, *lines: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(("#!/bin/sh", *lines, "")))
    path.chmod(0o755)


@pytest.mark.parametrize(("box", "tests", "code"), [(0, 0, 0), (69, 0, 0), (1, 0, 1), (69, 1, 1)])
def test_continuous_integration_passes_without_a_box_but_not_with_a_broken_one(
    repository: Path, tmp_path: Path, box: int, tests: int, code: int
) -> None:
    (tmp_path / ".ci").mkdir()
    shutil.copy(repository / ".ci/run", tmp_path / ".ci/run")
    executable(tmp_path / "tools/test", f"exit {tests}")
    executable(tmp_path / "tests/box/run", f"exit {box}")
    done = subprocess.run([tmp_path / ".ci/run"], capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert ("left out" in done.stderr) is (box == 69)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes the box's disk")
@pytest.mark.skipif(not Path("/etc/debian_version").exists(), reason="the box is made on a Debian")
def test_a_disk_that_cannot_be_unpacked_is_a_failure(repository: Path, tmp_path: Path) -> None:
    """The network, a mirror, the disk: nothing that this machine cannot have by its nature."""
    if not (repository / ".venv/bin/python").exists():
        pytest.skip("make_image uses the checkout's .venv (tools/test makes it)")
    executable(tmp_path / "bin/mmdebstrap", "echo no route to the mirror >&2", "exit 25")
    environment = {"PATH": f"{tmp_path}/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(tmp_path)}
    done = subprocess.run(
        [repository / "tests/box/make_image"],
        capture_output=True, text=True, check=False, env=environment, timeout=60,
    )  # fmt: skip
    assert "no route to the mirror" in done.stderr
    assert "mmdebstrap could not unpack" in done.stderr
    assert done.returncode == 1
