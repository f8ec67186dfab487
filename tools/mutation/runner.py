"""Runs a mutant's tests in a process of its own, forked from one that has loaded what is heavy."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from mutation.operators import Mutant

SURVIVED = 0
TIMED_OUT = -signal.SIGALRM


class BrokenFile(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports one module from a mutant's text instead of its file."""

    def __init__(self, module: str, mutant: Mutant) -> None:
        self._module, self._mutant = module, mutant

    def find_spec(self, name, path=None, target=None):  # type: ignore[no-untyped-def]
        if name != self._module:
            return None
        return importlib.util.spec_from_loader(name, self, origin=self._mutant.file)

    def exec_module(self, module) -> None:  # type: ignore[no-untyped-def]
        exec(compile(self._mutant.code, self._mutant.file, "exec"), module.__dict__)


def run_all(
    mutants: Sequence[Mutant], tests: Sequence[str], workers: int, limit_s: int
) -> Iterator[tuple[Mutant, int]]:
    """Each mutant with how its tests ended: 0 when they all passed, below 0 for a signal."""
    running: dict[int, Mutant] = {}
    waiting = list(reversed(mutants))
    while waiting or running:
        while waiting and len(running) < workers:
            mutant = waiting.pop()
            running[_start(mutant, tests, limit_s)] = mutant
        pid, status = os.wait()
        yield running.pop(pid), os.waitstatus_to_exitcode(status)


def _start(mutant: Mutant, tests: Sequence[str], limit_s: int) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 70
    try:
        signal.alarm(limit_s)  # nobody catches it: a mutant that never ends is ended
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        code = run_tests(mutant, tests)
    finally:
        os._exit(code)


def run_tests(mutant: Mutant | None, tests: Sequence[str]) -> int:
    """Run the tests here and now, with the mutant in place of its file."""
    import pytest

    if mutant is not None:
        module = mutant.file.removesuffix(".py").replace("/", ".")
        if module in sys.modules:
            raise RuntimeError(f"{module} was loaded before it could be broken")
        sys.meta_path.insert(0, BrokenFile(module, mutant))
    options = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:hypothesispytest"]
    for test in tests:  # one after another: the quick ones end most mutants
        code = int(pytest.main([*options, test]))
        if code != SURVIVED:
            return code
    return SURVIVED


def preload(root: Path) -> None:
    """What every mutant's tests need and no mutant changes."""
    os.environ["CI"] = "1"  # the same examples in every run
    sys.path.insert(0, str(root))
    import cantools  # noqa: F401
    import hypothesis.strategies  # noqa: F401
    import numpy  # noqa: F401
    import pytest  # noqa: F401

    import drag_edge.config.adas
    import drag_edge.config.body
    import drag_edge.perception.scene
    import drag_edge.vehicle.dbc  # noqa: F401
