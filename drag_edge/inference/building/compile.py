"""TensorRT's part of a build: parse the ONNX, set the config, get the plan's bytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from drag_edge.errors import InvalidConfigError, UnavailableError, UsageError
from drag_edge.inference.building.calibration import prepare_calibration
from drag_edge.inference.building.calibrator import Feed, make_calibrator
from drag_edge.inference.building.config import abilities_of, make_config
from drag_edge.inference.building.flags import NetworkFacts, Recipe, make_recipe
from drag_edge.inference.building.offers import Offers, offers_of
from drag_edge.inference.building.options import BuildOptions, Profile, Shape
from drag_edge.inference.building.parsing import parse_onnx
from drag_edge.inference.building.profiles import decide_profiles
from drag_edge.inference.building.progress import Progress, make_monitor
from drag_edge.inference.building.selector import Choice, make_selector
from drag_edge.inference.building.tactics import read_tactics
from drag_edge.inference.building.timing_cache import (
    default_timing_cache,
    keep_timing_cache,
    tactics_file,
    use_timing_cache,
)
from drag_edge.inference.metadata import parse_metadata
from drag_edge.inference.onnx_graph import OnnxGraph
from drag_edge.inference.tensorrt_log import shared_logger

if TYPE_CHECKING:
    from drag_edge.inference.cuda import Gpu

OnProgress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Source:
    """The ONNX file, as far as the build asks. properties: its metadata_props."""

    properties: Mapping[str, str]
    graph: OnnxGraph
    onnx_sha256: str


@dataclass(frozen=True, slots=True)
class Compiled:
    """plan: TensorRT's bytes. inputs, outputs: name → shape, -1 where a profile decides.
    calibration: where the pictures of the INT8 ranges lay, None without.
    """

    plan: bytes
    recipe: Recipe
    inputs: Mapping[str, Shape]
    outputs: Mapping[str, Shape]
    profiles: Mapping[str, Profile]
    calibration: str | None


def _nobody(*_: str) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Hooks:
    """on_log: gets (severity, text) of every line of TensorRT's, perhaps from its threads.
    on_tactics: gets the path of what is known of tactics, before they are tried.
    """

    on_log: Callable[[str, str], None] = _nobody
    on_tactics: Callable[[str], None] = _nobody


def compile_plan(
    options: BuildOptions,
    source: Source,
    trt: Any,
    gpu: Gpu,
    on_progress: OnProgress,
    hooks: Hooks,
) -> Compiled:
    """Raises DragEdgeError or ModelError. Nothing of TensorRT's is left when it returns."""
    logger = shared_logger(trt)
    logger.lines.take_errors()
    logger.lines.take_warnings()

    def hear(severity: str, text: str) -> None:
        hooks.on_log(severity, text)
        if options.verbose:
            on_progress(f"[{severity}] {text}")

    logger.lines.on_line = hear
    try:
        return _Compilation(options, source, trt, gpu, on_progress).run(logger, hooks)
    finally:
        logger.lines.on_line = None


class _Compilation:
    """What all steps need."""

    def __init__(
        self, options: BuildOptions, source: Source, trt: Any, gpu: Gpu, on_progress: OnProgress
    ) -> None:
        self._options = options
        self._source = source
        self._trt = trt
        self._gpu = gpu
        self._say = on_progress
        self._offers: Offers = offers_of(trt)

    def run(self, logger: Any, hooks: Hooks) -> Compiled:
        trt, options, graph = self._trt, self._options, self._source.graph
        trt.init_libnvinfer_plugins(logger, "")
        builder = _make_builder(trt, logger)
        self._gpu.assert_unchanged("TensorRT made a builder")
        facts = NetworkFacts(graph.quantised, graph.half)
        recipe = make_recipe(options, self._offers, abilities_of(builder), facts)
        for note in recipe.notes:
            self._say(note)
        network = parse_onnx(trt, builder, logger, options.onnx, graph, recipe.creation_flags)
        inputs = _shapes(network.num_inputs, network.get_input)
        outputs = _shapes(network.num_outputs, network.get_output)
        size = parse_metadata(self._source.properties).input_size
        profiles = decide_profiles(inputs, options.profiles, size)
        config = make_config(trt, builder, options, recipe, profiles)
        self._leave_out_tactics(config, hooks)
        with ExitStack() as stack:
            feed = self._calibrate(config, profiles, stack) if recipe.calibrated else None
            plan = self._serialise(builder, network, config, logger)
            if feed is not None and feed.failure is not None:
                raise feed.failure
        if plan is None:
            raise InvalidConfigError(self._no_engine(logger.lines.take_errors()))
        self._gpu.assert_unchanged("TensorRT built an engine")
        calibration = None if feed is None else feed.source
        return Compiled(plan, recipe, inputs, outputs, profiles, calibration)

    def _calibrate(self, config: Any, profiles: Mapping[str, Profile], stack: ExitStack) -> Feed:
        """Hand the config a calibrator, which it keeps alive; freed memory when the stack ends."""
        calibration = prepare_calibration(
            self._options, self._source.onnx_sha256, self._offers.version, profiles
        )
        if calibration.cached is not None:
            self._say(f"INT8 ranges of an earlier build: {calibration.file}")
        feed = Feed(self._gpu, calibration)
        stack.callback(feed.close)
        config.int8_calibrator = make_calibrator(self._trt, feed)
        return feed

    def _leave_out_tactics(self, config: Any, hooks: Hooks) -> None:
        file = tactics_file(self._offers.version, self._gpu.device.name, self._options.timing_cache)
        if file is not None:
            hooks.on_tactics(str(file))
        known = read_tactics(file)
        avoided = known.matching(self._options.avoid_tactics) | known.hung_numbers()
        only = known.named_numbers() if self._options.known_tactics_only else None
        choice = Choice(avoided, only, self._options.most_tactics)
        if choice == Choice() and not self._options.avoid_tactics:
            return
        if not self._offers.has("IBuilderConfig.algorithm_selector"):
            raise UsageError(
                f"TensorRT {self._offers.version} lets nobody leave tactics out; of those that it "
                f"tries {len(known.hung)} are known to hang"
            )
        if choice == Choice():
            return  # their names are not known yet: who watches the log will see them
        self._say(f"{len(avoided)} tactics are left out")
        # The config keeps it alive.
        config.algorithm_selector = make_selector(self._trt, choice)
        if self._offers.has("BuilderFlag.REJECT_EMPTY_ALGORITHMS"):
            config.set_flag(self._trt.BuilderFlag.REJECT_EMPTY_ALGORITHMS)

    def _serialise(self, builder: Any, network: Any, config: Any, logger: Any) -> bytes | None:
        """The minutes. None when TensorRT finds no way."""
        timing_file = self._options.timing_cache or default_timing_cache(
            self._offers.version, self._gpu.device.name
        )
        if timing_file is not None:
            self._remark(use_timing_cache(config, timing_file))
        with Progress(self._say) as progress:
            if self._offers.has("IBuilderConfig.progress_monitor"):
                config.progress_monitor = make_monitor(self._trt, progress)
            serialised = builder.build_serialized_network(network, config)
        if serialised is None:
            return None
        if timing_file is not None:
            self._remark(keep_timing_cache(config, timing_file))
        return bytes(memoryview(serialised))

    def _remark(self, text: str) -> None:
        if text:
            self._say(text)

    def _no_engine(self, errors: list[str]) -> str:
        said = "\n  ".join(errors) or "it did not say why; --verbose shows its whole log"
        return f"{self._options.onnx}: TensorRT {self._offers.version} builds no engine:\n  {said}"


def _make_builder(trt: Any, logger: Any) -> Any:
    try:
        return trt.Builder(logger)
    except (TypeError, RuntimeError) as error:  # what its binding makes of a null pointer
        said = "; ".join(logger.lines.take_errors() or logger.lines.take_warnings())
        raise UnavailableError(
            f"TensorRT {trt.__version__} does not start: {said or error}; "
            "drag-edge doctor tells more"
        ) from error


def _shapes(count: int, get: Callable[[int], Any]) -> dict[str, Shape]:
    tensors = [get(index) for index in range(count)]
    return {tensor.name: tuple(int(axis) for axis in tensor.shape) for tensor in tensors}
