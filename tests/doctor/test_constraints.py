"""What pip is told, so that JetPack's OpenCV, TensorRT and numpy stay what they are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from drag_edge.doctor.python import LOWER_NUMPY


@pytest.fixture
def dependencies(repository: Path) -> dict[str, Requirement]:
    text = (repository / "pyproject.toml").read_text()
    listed = text.split("\ndependencies = [")[1].split("\n]\n")[0]
    found = [Requirement(line) for line in re.findall(r'^  "(.+?)",', listed, re.MULTILINE)]
    return {one.name: one for one in found}


@pytest.fixture
def constraints(repository: Path) -> dict[str, Requirement]:
    lines = (repository / "tools" / "constraints-jetpack.txt").read_text().splitlines()
    found = [Requirement(line) for line in lines if line and not line.startswith("#")]
    return {one.name: one for one in found}


@pytest.mark.parametrize(
    ("kernel", "from_pip"),
    [
        ("5.15.148-tegra", False),  # JetPack 6.2
        ("5.15.148-rt-tegra", False),
        ("6.8.12-tegra", False),  # JetPack 7
        ("6.8.0-45-generic", True),
        ("5.15.167.4-microsoft-standard-WSL2", True),
    ],
)
def test_opencv_is_not_pips_on_a_jetsons_kernel(
    dependencies: dict[str, Requirement], kernel: str, from_pip: bool
) -> None:
    marker = dependencies["opencv-python"].marker
    assert marker is not None
    assert marker.evaluate({"platform_release": kernel}) is from_pip


def test_the_constraints_keep_numpy_1_and_opencv_4_8(constraints: dict[str, Requirement]) -> None:
    numpy, opencv = constraints["numpy"].specifier, constraints["opencv-python"].specifier
    assert "1.26.4" in numpy
    assert "2.0.0" not in numpy
    assert "1.21.5" not in numpy
    assert "4.8.1.78" in opencv
    assert "4.9.0.80" not in opencv


def test_the_constraints_can_be_met(
    dependencies: dict[str, Requirement], constraints: dict[str, Requirement]
) -> None:
    assert "1.26.4" in dependencies["numpy"].specifier & constraints["numpy"].specifier
    opencv = dependencies["opencv-python"].specifier & constraints["opencv-python"].specifier
    assert "4.8.1.78" in opencv


def test_the_doctor_asks_for_the_numpy_of_the_constraints(
    constraints: dict[str, Requirement],
) -> None:
    asked = Requirement(LOWER_NUMPY.split("'")[1])
    assert asked.specifier == constraints["numpy"].specifier
