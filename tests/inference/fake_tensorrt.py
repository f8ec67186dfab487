"""A TensorRT for tests of order and of flags, never of results.

It has exactly the names that the real package of that version has (tensorrt_api/): code that asks
for another one gets an AttributeError, as on the device. What it "builds" is a plan's header.
"""

from __future__ import annotations

import types
from enum import IntEnum
from pathlib import Path
from typing import Any

from drag_edge.inference.onnx_graph import read_onnx_graph
from tests.inference.tensorrt_names import names_of

ENUMS = (
    "BuilderFlag",
    "NetworkDefinitionCreationFlag",
    "TacticSource",
    "MemoryPoolType",
    "DeviceType",
)


class Listed:
    """An object that has only the public attributes that its class has in the list."""

    _allowed: frozenset[str] = frozenset()

    def __getattribute__(self, name: str) -> Any:
        allowed = object.__getattribute__(self, "_allowed")
        if not name.startswith("_") and name not in allowed:
            raise AttributeError(f"{type(self).__name__} of this TensorRT has no {name}")
        return object.__getattribute__(self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        if not name.startswith("_") and name not in object.__getattribute__(self, "_allowed"):
            raise AttributeError(f"{type(self).__name__} of this TensorRT has no {name}")
        if not name.startswith("_"):
            self._trt._calls.append((f"set {name}", value))
        object.__setattr__(self, name, value)


def fake_tensorrt(version: str) -> Any:
    """A module. `_calls` lists what was done; what it answers is set by the `_…` attributes."""
    names = names_of(version)
    trt = types.ModuleType("tensorrt")
    trt.__version__ = version
    trt._calls = []
    trt._fast_fp16 = True
    trt._fast_int8 = True
    trt._dla_cores = 0
    trt._parser_errors = []
    trt._open_axes = {}
    trt._refuses_to_build = ()
    for name in ENUMS:
        members = sorted(names[name] - {"name", "value"})
        setattr(trt, name, IntEnum(name, {member: i for i, member in enumerate(members)}))
    for name in ("ILogger", "IInt8EntropyCalibrator2", "IProgressMonitor", "IAlgorithmSelector"):
        if name in names:
            setattr(trt, name, type(name, (), {}))
    for name, base in CLASSES.items():
        if name in names:
            setattr(trt, name, type(name, (base,), {"_allowed": names[name], "_trt": trt}))
    # As in the real package: what is listed as a member of the class is found on the class.
    for name in ("IBuilderConfig",):
        for member in names[name]:
            if not hasattr(getattr(trt, name), member):
                setattr(getattr(trt, name), member, None)
    trt.init_libnvinfer_plugins = lambda logger, namespace: trt._calls.append(("plugins",))
    return trt


def plan_bytes(version: str) -> bytes:
    """The beginning of a plan of that version, and a little of what follows."""
    numbers = [int(part) for part in version.split(".")]
    if numbers[:2] < [8, 6]:
        tags = {5: 232, 4: 213, 2: 205}
        tag = tags[numbers[1]].to_bytes(4, "little")
        return b"ptrt" + bytes(4) + tag + bytes(4) + (56).to_bytes(8, "little") + bytes(56)
    numbers = (numbers + [1] * 4)[:4]
    return b"ftrt" + bytes(20) + bytes(numbers) + bytes(range(40))


class Tensor(Listed):
    def __init__(self, name: str, shape: tuple[int, ...]) -> None:
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "shape", shape)


class Network(Listed):
    def __init__(self) -> None:
        self._inputs: list[Any] = []

    @property
    def num_inputs(self) -> int:
        return len(self._inputs)

    @property
    def num_outputs(self) -> int:
        return 1

    def get_input(self, index: int) -> Any:
        return self._inputs[index]

    def get_output(self, index: int) -> Any:
        return self._trt.ITensor("output0", (1, 6, 42))


class ParserError(Listed):
    def __init__(self, number: int, name: str, operator: str, text: str) -> None:
        self._said = (number, name, operator, text)

    def node(self) -> int:
        return self._said[0]

    def node_name(self) -> str:
        return self._said[1]

    def node_operator(self) -> str:
        return self._said[2]

    def desc(self) -> str:
        return self._said[3]


class Parser(Listed):
    def __init__(self, network: Any, logger: Any) -> None:
        self._network = network

    def parse_from_file(self, file: str) -> bool:
        self._trt._calls.append(("parse", file))
        for name, axes in read_onnx_graph(Path(file)).inputs.items():
            shape = tuple(-1 if axis is None else axis for axis in axes)
            self._network._inputs.append(self._trt.ITensor(name, shape))
        return not self._trt._parser_errors

    @property
    def num_errors(self) -> int:
        return len(self._trt._parser_errors)

    def get_error(self, index: int) -> Any:
        return self._trt.ParserError(*self._trt._parser_errors[index])


class TimingCache(Listed):
    def __init__(self, data: bytes) -> None:
        self._data = data

    def serialize(self) -> bytes:
        return self._data + b"+"


class Profile(Listed):
    def __init__(self) -> None:
        self._shapes: dict[str, Any] = {}

    def set_shape(self, name: str, low: Any, best: Any, high: Any) -> None:
        self._shapes[name] = (low, best, high)


class Config(Listed):
    def __init__(self) -> None:
        self._cache: Any = None

    def set_flag(self, flag: Any) -> None:
        self._trt._calls.append(("set_flag", flag.name))

    def clear_flag(self, flag: Any) -> None:
        self._trt._calls.append(("clear_flag", flag.name))

    def set_memory_pool_limit(self, pool: Any, nbytes: int) -> None:
        self._trt._calls.append(("limit", pool.name, nbytes))

    def set_tactic_sources(self, mask: int) -> bool:
        names = {source.name for source in self._trt.TacticSource if mask >> int(source) & 1}
        self._trt._calls.append(("tactics", names))
        return True

    def add_optimization_profile(self, profile: Any) -> int:
        self._trt._calls.append(("profile", profile._shapes))
        return 0

    def set_calibration_profile(self, profile: Any) -> bool:
        self._trt._calls.append(("calibration profile", profile._shapes))
        return True

    def create_timing_cache(self, data: bytes) -> Any:
        return self._trt.ITimingCache(data)

    def set_timing_cache(self, cache: Any, ignore_mismatch: bool) -> bool:
        if cache._data == b"of another device":
            return False
        self._trt._calls.append(("timing cache", cache._data))
        self._cache = cache
        return True

    def get_timing_cache(self) -> Any:
        return self._cache


class Builder(Listed):
    def __init__(self, logger: Any) -> None:
        self._trt._calls.append(("builder",))
        self._logger = logger

    @property
    def platform_has_fast_fp16(self) -> bool:
        return bool(self._trt._fast_fp16)

    @property
    def platform_has_fast_int8(self) -> bool:
        return bool(self._trt._fast_int8)

    @property
    def num_DLA_cores(self) -> int:  # noqa: N802 - TensorRT's name
        return int(self._trt._dla_cores)

    def create_network(self, flags: int) -> Any:
        self._trt._calls.append(("network", flags))
        return self._trt.INetworkDefinition()

    def create_builder_config(self) -> Any:
        return self._trt.IBuilderConfig()

    def create_optimization_profile(self) -> Any:
        return self._trt.IOptimizationProfile()

    def build_serialized_network(self, network: Any, config: Any) -> Any:
        self._trt._calls.append(("build",))
        for severity, text in self._trt._refuses_to_build:
            self._logger.log(types.SimpleNamespace(name=severity), text)
        if self._trt._refuses_to_build:
            return None
        selector = config.algorithm_selector if "algorithm_selector" in config._allowed else None
        if selector is not None:
            # TensorRT gives the numbers with a sign.
            numbers = (0x11, 0xAA86CCEA3B6A5612 - (1 << 64))
            choices = [
                types.SimpleNamespace(algorithm_variant=types.SimpleNamespace(tactic=number))
                for number in numbers
            ]
            self._trt._calls.append(("tried", selector.select_algorithms(None, choices)))
            selector.report_algorithms([], [])
        if "int8_calibrator" in config._allowed and config.int8_calibrator is not None:
            _calibrate(self._trt, config.int8_calibrator, network)
        if "progress_monitor" in config._allowed and config.progress_monitor is not None:
            monitor = config.progress_monitor
            monitor.phase_start("Building Engine", None, 2)
            monitor.phase_start("Tactics", "Building Engine", 9)
            self._trt._calls.append(("goes on", monitor.step_complete("Building Engine", 0)))
            monitor.phase_finish("Building Engine")
        return plan_bytes(self._trt.__version__)


def _calibrate(trt: Any, calibrator: Any, network: Any) -> None:
    names = [tensor.name for tensor in network._inputs]
    trt._calls.append(("batch size", calibrator.get_batch_size()))
    if calibrator.read_calibration_cache() is not None:
        trt._calls.append(("cached", calibrator.read_calibration_cache()))
        return
    while (addresses := calibrator.get_batch(names)) is not None:
        trt._calls.append(("batch", addresses))
    calibrator.write_calibration_cache(b"ranges")


CLASSES: dict[str, type[Listed]] = {
    "ITensor": Tensor,
    "INetworkDefinition": Network,
    "ParserError": ParserError,
    "OnnxParser": Parser,
    "ITimingCache": TimingCache,
    "IOptimizationProfile": Profile,
    "IBuilderConfig": Config,
    "Builder": Builder,
}
