"""What a `source:` line means, and how to print one without its password."""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from drag_edge.config.redact import redact


class Kind(Enum):
    """How a source is opened."""

    V4L2 = "v4l2"
    CSI = "csi"
    STREAM = "stream"
    GSTREAMER = "gstreamer"
    SIMULATION = "simulation"
    VIDEO_FILE = "video file"
    IMAGE_FOLDER = "image folder"


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
    """Read a `source:` value; file paths are relative to `base`, the folder of the YAML."""
    if re.fullmatch(r"/dev/video\d+|/dev/v4l/.+|\d+", source):
        return Address(Kind.V4L2, source if source.startswith("/") else f"/dev/video{source}")
    scheme, separator, rest = source.partition("://")
    if separator and scheme == "sim":
        return Address(Kind.SIMULATION, rest)
    if rest and scheme == "csi":
        return Address(Kind.CSI, rest)
    if rest and scheme in ("rtsp", "rtsps", "rtmp", "http", "https", "udp", "tcp", "srt"):
        return Address(Kind.STREAM, source)
    if source.startswith("gst:"):
        return Address(Kind.GSTREAMER, source[len("gst:") :].strip())
    path = Path(rest if scheme == "file" and rest else source)
    with contextlib.suppress(RuntimeError, ValueError):  # ~nobody, a zero byte: a file like that
        path = path.expanduser()
    path = path if path.is_absolute() else base / path
    return Address(Kind.IMAGE_FOLDER if path.is_dir() else Kind.VIDEO_FILE, str(path))
