"""From an engine's outputs on the GPU to a result: reduced there where that pays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from drag_edge.inference.engine import TensorSpec
from drag_edge.inference.gpu.kernels import Kernels
from drag_edge.inference.letterbox import Placement
from drag_edge.inference.plan import ModelPlan
from drag_edge.inference.results import Result

if TYPE_CHECKING:
    from drag_edge.inference.cuda import Gpu


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


def make_reader(
    gpu: Gpu,
    kernels: Kernels | None,
    plan: ModelPlan,
    engine: DeviceEngine,
    candidates: bool | None = None,
) -> Reader:
    """The reader for this plan. kernels None: everything is copied and decoded on the CPU.

    candidates: whether a detector's boxes are filtered on the GPU; None: where it pays.
    """
    raise NotImplementedError
