"""A GPU for tests of order, never of results: host arrays stand where memory would be."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np

from drag_edge.inference.cuda import DeviceInfo

ORIN = DeviceInfo("Orin", (8, 7), 64 << 30, True, (12, 6))


@dataclass
class FakeGpu:
    """copies: what was copied in. live: pieces of memory that are not freed."""

    device: DeviceInfo = ORIN
    copies: list[np.ndarray] = field(default_factory=list)
    live: int = 0
    closed: bool = False

    def assert_unchanged(self, after: str) -> None:
        assert after

    def allocate(self, nbytes: int) -> Any:
        return self._piece(pointer=0x1000, nbytes=nbytes)

    def pinned(self, shape: tuple[int, ...], dtype: Any, mapped: bool = False) -> Any:
        return self._piece(array=np.zeros(shape, dtype))

    def copy_in(self, pointer: int, array: np.ndarray) -> None:
        self.copies.append(array.copy())

    def synchronise(self) -> None:
        assert not self.closed

    def close(self) -> None:
        self.closed = True

    def _piece(self, **what: Any) -> Any:
        self.live += 1

        def free() -> None:
            self.live -= 1

        return SimpleNamespace(**what, free=free)
