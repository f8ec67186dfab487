"""What a configuration needs of the machine; without one, nothing but the package itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from drag_edge.config.models import ModelSettings
from drag_edge.config.root import Settings
from drag_edge.doctor.machine import Machine
from drag_edge.frames.address import Address, Kind, parse_address
from drag_edge.inference.choose import ENGINE_SUFFIXES, TORCH_SUFFIXES


@dataclass(frozen=True, slots=True)
class Needs:
    """tensorrt, ultralytics: models that run on nothing else. The rest: cameras by their way."""

    tensorrt: tuple[str, ...] = ()
    ultralytics: tuple[str, ...] = ()
    gstreamer: tuple[str, ...] = ()
    ffmpeg: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Subject:
    """What a check looks at. settings: None when no configuration was given."""

    machine: Machine
    settings: Settings | None
    needs: Needs


def needs_of(settings: Settings | None) -> Needs:
    """Read them off the configuration."""
    if settings is None:
        return Needs()
    models = settings.models.items()
    cameras = list(addresses(settings))
    return Needs(
        tensorrt=tuple(name for name, model in models if _only_tensorrt(model)),
        ultralytics=tuple(name for name, model in models if _only_ultralytics(model)),
        gstreamer=tuple(n for n, a in cameras if a.kind in (Kind.CSI, Kind.GSTREAMER)),
        ffmpeg=tuple(n for n, a in cameras if a.kind is Kind.STREAM),
    )


def addresses(settings: Settings) -> Iterator[tuple[str, Address]]:
    """Each camera's name and where its pictures come from (file paths are absolute by now)."""
    for name, camera in settings.cameras.items():
        yield name, parse_address(camera.source, Path.cwd())


def _only_tensorrt(model: ModelSettings) -> bool:
    if model.runtime == "auto":
        return model.file.suffix in ENGINE_SUFFIXES
    return model.runtime == "tensorrt"


def _only_ultralytics(model: ModelSettings) -> bool:
    if model.runtime == "auto":
        return model.file.suffix in TORCH_SUFFIXES
    return model.runtime == "ultralytics"


def who_needs(kind: str, names: tuple[str, ...]) -> str:
    """ "model road needs it", "models road and split need it"; "" for nobody."""
    if not names:
        return ""
    return f"{kind}s {listed(names)} need it" if len(names) > 1 else f"{kind} {names[0]} needs it"


def listed(names: tuple[str, ...]) -> str:
    """ "a, b and c"."""
    return " and ".join((", ".join(names[:-1]), names[-1])) if len(names) > 1 else "".join(names)
