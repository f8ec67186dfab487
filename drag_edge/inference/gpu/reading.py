"""What a reader is, and the plainest one: every output comes whole and is decoded on the CPU."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Protocol

from drag_edge.inference.engine import ModelError, TensorSpec
from drag_edge.inference.letterbox import Placement
from drag_edge.inference.plan import Decoder
from drag_edge.inference.results import Result

if TYPE_CHECKING:
    from drag_edge.inference.cuda import Gpu
    from drag_edge.inference.gpu.memory import PinnedArray


class DeviceEngine(Protocol):
    """What a reader needs of an engine: its outputs, and where they lie on the GPU."""

    @property
    def outputs(self) -> tuple[TensorSpec, ...]:
        """The outputs, in the network's order."""

    @property
    def output_pointers(self) -> Mapping[str, int]:
        """Their addresses by name; looked up at each enqueue."""


class Reader(Protocol):
    """Brings one engine's answer to the host. Nothing of a result belongs to the engine."""

    def enqueue(self) -> None:
        """Result kernels and copies to pinned memory: on the stream, capturable, no allocation."""

    def read(self, placement: Placement) -> Result:
        """After the stream has got that far. Raises OutputInvalidError for NaN or infinity."""

    def close(self) -> None:
        """Free everything; idempotent. The stream must be idle."""


class CopyReader:
    """Copies every output and decodes it on the CPU, as with any other engine."""

    def __init__(self, gpu: Gpu, decoder: Decoder, engine: DeviceEngine) -> None:
        self._gpu = gpu
        self._decoder = decoder
        self._engine = engine
        self._copies: dict[str, PinnedArray] = {}
        with ExitStack() as undo:
            for spec in engine.outputs:
                self._copies[spec.name] = gpu.pinned(spec.shape, spec.dtype)
                undo.callback(self._copies[spec.name].free)
            self._release = undo.pop_all()

    def enqueue(self) -> None:
        """Copies to pinned memory."""
        pointers = self._engine.output_pointers
        for name, copy in self._copies.items():
            self._gpu.copy_out(copy.array, pointers[name])

    def read(self, placement: Placement) -> Result:
        """Decode the copies; the decoders give out nothing that belongs to their inputs."""
        outputs = {name: copy.array for name, copy in self._copies.items()}
        return self._decoder.decode(outputs, placement)

    def close(self) -> None:
        """Free the pinned memory; idempotent."""
        self._release.close()


def output_named(outputs: tuple[TensorSpec, ...], name: str) -> TensorSpec:
    """The output of that name. Raises ModelError if there is none."""
    for spec in outputs:
        if spec.name == name:
            return spec
    raise ModelError(f"the engine has no output {name!r}")
