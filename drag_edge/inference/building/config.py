"""A TensorRT builder config, set as a recipe says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drag_edge.errors import UsageError
from drag_edge.inference.building.flags import Abilities, Recipe
from drag_edge.inference.building.options import BuildOptions, Profile


def abilities_of(builder: Any) -> Abilities:
    """What the device does well, as far as this TensorRT says."""
    return Abilities(
        fast_fp16=getattr(builder, "platform_has_fast_fp16", None),
        fast_int8=getattr(builder, "platform_has_fast_int8", None),
        dla_cores=int(getattr(builder, "num_DLA_cores", 0)),
    )


def make_config(
    trt: Any,
    builder: Any,
    options: BuildOptions,
    recipe: Recipe,
    profiles: Mapping[str, Profile],
) -> Any:
    """An IBuilderConfig. Raises UsageError when TensorRT refuses a profile."""
    config = builder.create_builder_config()
    for name in recipe.set_flags:
        config.set_flag(getattr(trt.BuilderFlag, name))
    for name in recipe.clear_flags:
        config.clear_flag(getattr(trt.BuilderFlag, name))
    if options.workspace_mb is not None:
        config.set_memory_pool_limit(trt.MemoryPoolType.WORKSPACE, options.workspace_mb << 20)
    if recipe.tactic_sources is not None:
        members = [getattr(trt.TacticSource, name) for name in recipe.tactic_sources]
        config.set_tactic_sources(sum(1 << int(member) for member in members))
    if options.dla is not None:
        config.default_device_type = trt.DeviceType.DLA
        config.DLA_core = options.dla
    if profiles:
        _add_profile(builder, config, profiles, recipe.calibrated)
    return config


def _add_profile(
    builder: Any, config: Any, profiles: Mapping[str, Profile], calibrated: bool
) -> None:
    profile = builder.create_optimization_profile()
    for name, (low, best, high) in profiles.items():
        profile.set_shape(name, low, best, high)
    if config.add_optimization_profile(profile) < 0:
        raise UsageError(f"TensorRT does not accept the sizes {dict(profiles)}")
    if calibrated:
        config.set_calibration_profile(profile)
