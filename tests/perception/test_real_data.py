"""Perception on real pictures; skipped where the folder of real material is absent."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="module")
def real(repository: Path) -> ModuleType:
    """The tool that a person runs by hand."""
    path = repository / "tools" / "check_real_data.py"
    spec = importlib.util.spec_from_file_location("check_real_data", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


# The long clips are left to the tool: these three take some seconds.
@pytest.mark.slow
@pytest.mark.parametrize("name", ["highway", "kitti_seq", "comma"])
def test_what_must_hold_on_real_pictures_holds(
    name: str, real: ModuleType, shared_data: Path
) -> None:
    check: Callable[..., object] = real.CHECKS[name]
    outcome = check(shared_data, "320x320", None)
    assert outcome.holds, outcome
