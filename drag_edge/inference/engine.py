"""What an engine is: a loaded network with named tensors and fixed buffers, whatever runs it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray


class ModelError(Exception):
    """A model that cannot be used as it is; the message is for a person, one line."""


class OutputInvalidError(ModelError):
    """A model ran and said something that is no answer: NaN or infinity."""


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """A named tensor; shape is without unknowns (an engine fixes them when it opens)."""

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    def __str__(self) -> str:
        return f"{self.name} {'×'.join(map(str, self.shape))} {self.dtype}"


class Engine(Protocol):
    """A network ready to run.

    The engine owns its buffers: a caller writes into `input_buffers`, calls `run`, and reads the
    arrays that it returns before the next run overwrites them. Running twice without writing runs
    the same tensors again, which is how the bare engine is timed.
    """

    @property
    def inputs(self) -> tuple[TensorSpec, ...]:
        """The inputs, in the network's order."""

    @property
    def outputs(self) -> tuple[TensorSpec, ...]:
        """The outputs, in the network's order."""

    @property
    def metadata(self) -> Mapping[str, Any]:
        """What the file says about itself, keys and values as they stand there."""

    @property
    def input_buffers(self) -> Mapping[str, NDArray[Any]]:
        """C-contiguous arrays on the host, by input name; the same arrays for the engine's life."""

    def run(self) -> Mapping[str, NDArray[Any]]:
        """Run on what the input buffers hold; outputs by name, valid until the next run.

        Raises ModelError when the runtime fails.
        """

    def time_bare_s(self) -> float:
        """Seconds that the network alone takes on the tensors that it ran on last."""

    def close(self) -> None:
        """Free everything; idempotent. Nothing else may be called afterwards."""
