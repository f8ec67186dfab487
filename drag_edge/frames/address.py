"""What a `source:` line means, and how to print one without its password."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from drag_edge.config.redact import redact
from drag_edge.config.sources import SourceError, SourceKind, parse_source
from drag_edge.errors import InvalidConfigError


class Kind(Enum):
    """How a source is opened."""

    V4L2 = "v4l2"
    CSI = "csi"
    STREAM = "stream"
    GSTREAMER = "gstreamer"
    SIMULATION = "simulation"
    VIDEO_FILE = "video file"
    IMAGE_FOLDER = "image folder"


_KINDS = {
    SourceKind.DEVICE: Kind.V4L2,
    SourceKind.CSI: Kind.CSI,
    SourceKind.STREAM: Kind.STREAM,
    SourceKind.GSTREAMER: Kind.GSTREAMER,
    SourceKind.SIMULATION: Kind.SIMULATION,
}


@dataclass(frozen=True, slots=True)
class Address:
    """A parsed source. target: device, URL, pipeline, scenario or path."""

    kind: Kind
    target: str

    @property
    def live(self) -> bool:
        """True when frames arrive by themselves."""
        return self.kind in (Kind.V4L2, Kind.CSI, Kind.STREAM, Kind.GSTREAMER)

    def __str__(self) -> str:
        return redact(self.target)


def parse_address(source: str, base: Path) -> Address:
    """Read a `source:` value; file paths are relative to `base`, the folder of the YAML.

    Raises InvalidConfigError for an address that nobody here opens.
    """
    try:
        meant = parse_source(source)
    except SourceError as error:
        raise InvalidConfigError(f"{source}: expected {error}") from error
    if meant.kind is not SourceKind.FILE:
        return Address(_KINDS[meant.kind], meant.target)
    path = Path(meant.target)
    with contextlib.suppress(RuntimeError, ValueError):  # ~nobody, a zero byte: a file like that
        path = path.expanduser()
    path = path if path.is_absolute() else base / path
    return Address(Kind.IMAGE_FOLDER if path.is_dir() else Kind.VIDEO_FILE, str(path))
