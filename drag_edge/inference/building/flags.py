"""Which flags an engine is built with: pure decisions over what TensorRT and the device offer.

TensorRT up to 10 lowers precision by builder flags (and calibrates for INT8); from 11 on a network
is computed in the precision that stands in its ONNX file, and the flags are gone.
"""

from __future__ import annotations

from dataclasses import dataclass

from drag_edge.errors import InvalidConfigError, UnavailableError, UsageError
from drag_edge.inference.building.offers import Offers
from drag_edge.inference.building.options import BuildOptions, Precision

_FP16_IN_ONNX = (
    "convert the ONNX itself to fp16, e.g. with NVIDIA ModelOpt: "
    "python -m modelopt.onnx.autocast --onnx_path MODEL.onnx"
)
_INT8_IN_ONNX = (
    "quantise the ONNX itself (Q/DQ nodes), e.g. with NVIDIA ModelOpt: "
    "python -m modelopt.onnx.quantization --onnx_path MODEL.onnx"
)
# What needs neither cuBLAS nor cuDNN.
_OWN_TACTICS = {
    "no-cublas": ("EDGE_MASK_CONVOLUTIONS", "JIT_CONVOLUTIONS"),
    "edge-mask-only": ("EDGE_MASK_CONVOLUTIONS",),
}


@dataclass(frozen=True, slots=True)
class NetworkFacts:
    """quantised: the ONNX holds Q/DQ nodes. half: it holds fp16 weights."""

    quantised: bool
    half: bool


@dataclass(frozen=True, slots=True)
class Abilities:
    """What the device does well; None: this TensorRT does not say. dla_cores: 0: has none."""

    fast_fp16: bool | None
    fast_int8: bool | None
    dla_cores: int


@dataclass(frozen=True, slots=True)
class Recipe:
    """precision: what comes out. set_flags, clear_flags: of BuilderFlag. creation_flags: of
    NetworkDefinitionCreationFlag. tactic_sources: of TacticSource, None: TensorRT's own choice.
    calibrated: INT8 by a calibrator. notes: for a person, what was decided and why.
    """

    precision: Precision
    set_flags: tuple[str, ...]
    clear_flags: tuple[str, ...]
    creation_flags: tuple[str, ...]
    tactic_sources: tuple[str, ...] | None
    calibrated: bool
    notes: tuple[str, ...]


def make_recipe(
    options: BuildOptions, offers: Offers, abilities: Abilities, network: NetworkFacts
) -> Recipe:
    """Decide. Raises UsageError, UnavailableError or InvalidConfigError with what to do."""
    notes: list[str] = []
    if offers.has("BuilderFlag.FP16"):
        precision = _by_flags(options, offers, abilities, network, notes)
        set_flags = _precision_flags(precision, abilities, network)
    else:
        precision = _by_onnx(options, offers, network, notes)
        set_flags = []
    calibrated = precision == "int8" and not network.quantised
    if options.calibrate is not None and not calibrated:
        raise UsageError(f"--calibrate: {_why_not_calibrated(precision, network)}")
    if options.dla is not None:
        set_flags += _dla_flags(options.dla, precision, offers, abilities)
    clear = ("TF32",) if precision == "fp32" and offers.has("BuilderFlag.TF32") else ()
    explicit = offers.has("NetworkDefinitionCreationFlag.EXPLICIT_BATCH")
    return Recipe(
        precision=precision,
        set_flags=tuple(set_flags),
        clear_flags=clear,  # it would compute "fp32" with 10 bits of mantissa
        creation_flags=("EXPLICIT_BATCH",) if explicit else (),
        tactic_sources=_tactics(options, offers),
        calibrated=calibrated,
        notes=tuple(notes),
    )


def _by_flags(
    options: BuildOptions,
    offers: Offers,
    abilities: Abilities,
    network: NetworkFacts,
    notes: list[str],
) -> Precision:
    asked = options.precision
    if network.quantised:
        if asked not in (None, "int8"):
            notes.append(f"the ONNX holds Q/DQ nodes: it is built as int8, not {asked}")
        return "int8"
    if asked == "int8":
        if not offers.has("IBuilderConfig.int8_calibrator"):
            raise InvalidConfigError(
                f"TensorRT {offers.version} does not calibrate: {_INT8_IN_ONNX}"
            )
        if abilities.fast_int8 is False:
            notes.append("this device is not fast at int8: fp16 may be faster")
        return "int8"
    if asked == "fp16" and abilities.fast_fp16 is False:
        notes.append("this device is not fast at fp16: fp32 may be as fast")
    if asked is None and abilities.fast_fp16 is False:
        notes.append("fp32, because this device is not fast at fp16")
        return "fp32"
    if asked == "fp32" and network.half:
        notes.append("the ONNX holds fp16 weights: those layers stay fp16")
    return asked or "fp16"


def _by_onnx(
    options: BuildOptions, offers: Offers, network: NetworkFacts, notes: list[str]
) -> Precision:
    holds: Precision = "int8" if network.quantised else "fp16" if network.half else "fp32"
    asked = options.precision
    where = f"TensorRT {offers.version} takes the precision from the ONNX, and this one is {holds}"
    if asked is None:
        how = f"; for a faster engine {_FP16_IN_ONNX}" if holds == "fp32" else ""
        notes.append(where + how)
    elif asked != holds:
        how = {"fp16": _FP16_IN_ONNX, "int8": _INT8_IN_ONNX, "fp32": "take the fp32 ONNX"}[asked]
        raise InvalidConfigError(f"{where}: {how}")
    return holds


def _precision_flags(
    precision: Precision, abilities: Abilities, network: NetworkFacts
) -> list[str]:
    """INT8 engines may use FP16 too, for what has no INT8 kernel."""
    flags = ["INT8"] if precision == "int8" else []
    half_is_well = precision == "int8" and abilities.fast_fp16 is not False
    if precision == "fp16" or network.half or half_is_well:
        flags.append("FP16")
    return flags


def _dla_flags(core: int, precision: Precision, offers: Offers, abilities: Abilities) -> list[str]:
    if abilities.dla_cores == 0:
        raise UnavailableError("--dla: this device has no DLA core")
    if core >= abilities.dla_cores:
        raise UsageError(f"--dla {core}: this device has the cores 0 to {abilities.dla_cores - 1}")
    if precision == "fp32":
        raise UsageError("--dla: a DLA computes in fp16 or int8, not in fp32")
    return ["GPU_FALLBACK"] if offers.has("BuilderFlag.GPU_FALLBACK") else []


def _tactics(options: BuildOptions, offers: Offers) -> tuple[str, ...] | None:
    if options.tactics == "default":
        return None
    wanted = _OWN_TACTICS[options.tactics]
    return tuple(name for name in wanted if offers.has(f"TacticSource.{name}"))


def _why_not_calibrated(precision: Precision, network: NetworkFacts) -> str:
    if network.quantised:
        return "the ONNX holds Q/DQ nodes, which bring their own ranges"
    return f"only int8 is calibrated, and this engine is {precision}: add --precision int8"
