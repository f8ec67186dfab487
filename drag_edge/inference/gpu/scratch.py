"""One block of activation memory for all engines: they run one after another, never at once."""

from __future__ import annotations

import logging
from collections.abc import Callable

from drag_edge.inference.cuda import Gpu
from drag_edge.inference.gpu.memory import DeviceMemory

_LOG = logging.getLogger(__name__)


class Scratch:
    """As large as its largest user needs; freed when the last one leaves.

    generation: another number each time the block lies elsewhere. Whoever has baked its address
    into something (an execution context, a captured graph) compares numbers before each use.
    """

    def __init__(self, gpu: Gpu) -> None:
        self.generation = 0
        self._gpu = gpu
        self._block: DeviceMemory | None = None
        self._users: dict[int, int] = {}
        self._number = 0

    @property
    def pointer(self) -> int:
        """Where the block lies; 0 while nobody needs one."""
        return self._block.pointer if self._block is not None else 0

    @property
    def nbytes(self) -> int:
        """How large it is."""
        return self._block.nbytes if self._block is not None else 0

    def join(self, nbytes: int) -> Callable[[], None]:
        """Make sure of so many bytes from now on; returns what leaves again (idempotent).

        Raises ModelError when the GPU has no room; the block is then as it was.
        """
        if nbytes > self.nbytes:
            self._move(nbytes)
        self._number += 1
        number = self._number
        self._users[number] = nbytes

        def leave() -> None:
            if self._users.pop(number, None) is not None and not self._users:
                self._free()

        return leave

    def _move(self, nbytes: int) -> None:
        larger = self._gpu.allocate(nbytes)
        if self._block is not None:
            self._gpu.synchronise()  # what still runs uses the old block
            self._block.free()
        self._block = larger
        self.generation += 1
        _LOG.info("activation memory that engines share: %.1f MB", nbytes / 1e6)

    def _free(self) -> None:
        block, self._block = self._block, None
        if block is not None:
            self.generation += 1
            try:
                self._gpu.synchronise()
            finally:
                block.free()
