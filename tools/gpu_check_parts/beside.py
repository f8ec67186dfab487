"""Another user of CUDA in the same process and thread: torch, where it is installed."""

from __future__ import annotations

import importlib
from typing import Any

from gpu_check_parts.check import Check
from gpu_check_parts.rows import one_line


class Workload:
    """Nothing beside us."""

    name = "none"
    missing = ""

    def step(self) -> None:
        """Some work between two frames."""

    def report(self, check: Check) -> None:
        check.not_measured("torch beside it", self.missing or "torch was not tried")


class Torch(Workload):
    """Matrix products and allocations on torch's own streams, checked against the first result."""

    def __init__(self, torch: Any) -> None:
        self.name = f"torch {torch.__version__}"
        self._torch = torch
        generator = torch.Generator(device="cuda").manual_seed(20)
        self._matrix = torch.randn(512, 512, device="cuda", generator=generator)
        self._side = torch.cuda.Stream()
        self._steps = self._wrong = 0
        self._first = self._work()

    @staticmethod
    def open() -> Workload:
        """torch where it works, else a workload that does nothing and says why."""
        try:
            torch = importlib.import_module("torch")
            if not torch.cuda.is_available():
                raise RuntimeError("torch sees no GPU")
            return Torch(torch)
        except Exception as error:  # noqa: BLE001 - becomes the row's reason
            nothing = Workload()
            nothing.name = "nothing"
            nothing.missing = f"{type(error).__name__}: {one_line(error)}"
            return nothing

    def step(self) -> None:
        self._steps += 1
        with self._torch.cuda.stream(self._side if self._steps % 2 else None):
            found = self._work()
        # Sums may be taken in another order on another stream.
        self._wrong += not abs(found - self._first) <= 1e-3 * abs(self._first) + 1e-3

    def report(self, check: Check) -> None:
        check.judge("torch beside it", f"{self._steps - self._wrong} of {self._steps} right", "all",
                    self._wrong == 0, self.name)  # fmt: skip

    def _work(self) -> float:
        """A product, a reduction, and a scrap of memory of ever another size."""
        size = 256 + self._steps % 97
        scrap = self._torch.ones(size, size, device="cuda")
        product = self._matrix @ self._matrix
        return float((product * product).sum() + 0 * scrap.sum())
