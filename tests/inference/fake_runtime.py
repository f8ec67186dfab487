"""TensorRT's runtime for tests of order, never of results: what each version has, and no more.

A "plan" is the header that `plan_bytes` makes; what the engine in it is like is said by a
`FakeNetwork`. Nothing runs: an execution is a line in the machine's journal.
"""

from __future__ import annotations

import types
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from tests.inference.fake_driver import Machine
from tests.inference.tensorrt_names import names_of

Shape = tuple[int, ...]


@dataclass
class FakeNetwork:
    """inputs, outputs: name → (type's name, shape). profile: input → (min, opt, max).

    scratch_bytes: activation memory. refuses: lines that TensorRT logs instead of loading it.
    """

    inputs: dict[str, tuple[str, Shape]] = field(
        default_factory=lambda: {"images": ("FLOAT", (1, 3, 32, 64))}
    )
    outputs: dict[str, tuple[str, Shape]] = field(
        default_factory=lambda: {"output0": ("FLOAT", (1, 6, 42))}
    )
    profile: dict[str, tuple[Shape, Shape, Shape]] = field(default_factory=dict)
    scratch_bytes: int = 1000
    refuses: tuple[str, ...] = ()
    layouts: dict[str, str] = field(default_factory=dict)
    on_host: tuple[str, ...] = ()
    capturable: bool = True
    executes: bool = True


class _Gone:
    """Writes into the journal when the last reference to it goes."""

    _handle = 0

    def __init__(self, machine: Machine, kind: str) -> None:
        self._machine = machine
        self._handle = machine.made(kind)

    def __del__(self) -> None:
        if self._handle:
            self._machine.freed(self._handle)


class _Runtime(_Gone):
    def __init__(self, trt: Any, logger: Any) -> None:
        super().__init__(trt._machine, "runtime")
        self._trt = trt
        self._logger = logger
        self.num_DLA_cores = trt._dla_cores
        self.DLA_core = -1

    def deserialize_cuda_engine(self, data: bytes) -> Any:
        network = self._trt._network
        for line in network.refuses:
            if not (self._trt._plugins and "lugin" in line):
                self._logger.log(types.SimpleNamespace(name="ERROR"), line)
                return None
        return self._trt.ICudaEngine(self._trt, network)


class _Engine(_Gone):
    def __init__(self, trt: Any, network: FakeNetwork) -> None:
        _Gone.__init__(self, trt._machine, "engine")
        self._trt = trt
        self._network = network
        self._tensors = {**network.inputs, **network.outputs}

    @property
    def num_io_tensors(self) -> int:
        return len(self._tensors)

    @property
    def has_implicit_batch_dimension(self) -> bool:
        return False

    @property
    def device_memory_size(self) -> int:
        return self._network.scratch_bytes

    @property
    def device_memory_size_v2(self) -> int:
        return self._network.scratch_bytes

    def get_tensor_name(self, index: int) -> str:
        return list(self._tensors)[index]

    def get_tensor_mode(self, name: str) -> Any:
        mode = self._trt.TensorIOMode
        return mode.INPUT if name in self._network.inputs else mode.OUTPUT

    def get_tensor_dtype(self, name: str) -> Any:
        kind = self._tensors[name][0]
        return getattr(self._trt.DataType, kind, types.SimpleNamespace(name=kind))

    def get_tensor_shape(self, name: str) -> Shape:
        return self._tensors[name][1]

    def get_tensor_format(self, name: str) -> Any:
        return self._trt.TensorFormat[self._network.layouts.get(name, "LINEAR")]

    def get_tensor_location(self, name: str) -> Any:
        location = self._trt.TensorLocation
        return location.HOST if name in self._network.on_host else location.DEVICE

    def get_tensor_profile_shape(self, name: str, profile_index: int) -> list[Shape]:
        return list(self._network.profile[name])

    def create_execution_context(self, strategy: Any = None) -> Any:
        own = strategy is None or strategy.name != "USER_MANAGED"
        return self._trt.IExecutionContext(self._trt, self._network, own)

    def create_execution_context_without_device_memory(self) -> Any:
        return self._trt.IExecutionContext(self._trt, self._network, False)


class _Context(_Gone):
    def __init__(self, trt: Any, network: FakeNetwork, own_memory: bool) -> None:
        _Gone.__init__(self, trt._machine, "execution context")
        self._trt = trt
        self._network = network
        self._shapes: dict[str, Shape] = {}
        self._addresses: dict[str, int] = {}
        self._memory = -1 if own_memory else 0

    @property
    def device_memory(self) -> int:
        return self._memory

    @device_memory.setter
    def device_memory(self, pointer: int) -> None:
        self._bind(pointer)

    def set_device_memory(self, pointer: int, nbytes: int) -> None:
        assert nbytes >= self._network.scratch_bytes
        self._bind(pointer)

    def _bind(self, pointer: int) -> None:
        assert self._machine.live[pointer] == "memory"
        self._memory = pointer
        self._machine.journal.append("bind scratch")

    def set_input_shape(self, name: str, shape: Shape) -> bool:
        self._shapes[name] = shape
        return True

    def infer_shapes(self) -> list[str]:
        return [
            name
            for name, (_, shape) in self._network.inputs.items()
            if min(shape) < 0 and name not in self._shapes
        ]

    def get_tensor_shape(self, name: str) -> Shape:
        return self._network.outputs[name][1]

    def set_tensor_address(self, name: str, pointer: int) -> bool:
        self._addresses[name] = pointer
        return True

    def execute_async_v3(self, stream: int) -> bool:
        assert self._machine.live[stream] == "stream"
        assert self._memory == -1 or self._machine.live.get(self._memory) == "memory"
        assert set(self._addresses) == {*self._network.inputs, *self._network.outputs}
        if self._machine.capturing and not self._network.capturable:
            self._machine.capture_broken = True
            return False
        self._machine.journal.append("execute")
        return self._network.executes and not self._machine.lost


def fake_runtime(version: str, machine: Machine, network: FakeNetwork) -> Any:
    """A `tensorrt` module of that version, for what runs engines."""
    names = names_of(version)
    trt: Any = types.ModuleType("tensorrt")
    trt.__version__ = version
    trt._machine = machine
    trt._network = network
    trt._plugins = False
    trt._dla_cores = 0
    for name in (
        "DataType",
        "TensorFormat",
        "TensorLocation",
        "TensorIOMode",
        "ExecutionContextAllocationStrategy",
    ):
        if name in names:
            members = sorted(names[name] - {"name", "value", "itemsize"})
            setattr(trt, name, IntEnum(name, {one: i for i, one in enumerate(members)}))
    trt.ILogger = type("ILogger", (), {})
    for name, base in {"ICudaEngine": _Engine, "IExecutionContext": _Context}.items():
        own = {key: value for key, value in vars(base).items() if key[0] == "_"}
        own |= {key: value for key, value in vars(base).items() if key in names[name]}
        setattr(trt, name, type(name, (_Gone,), own))
    trt.Runtime = lambda logger: _Runtime(trt, logger)

    def init_libnvinfer_plugins(logger: Any, namespace: str) -> bool:
        trt._plugins = True
        return True

    trt.init_libnvinfer_plugins = init_libnvinfer_plugins
    return trt
