"""What a `source:` line means: ONE reading of it, for the loader, the rules and the openers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

SCHEMES = ("rtsp", "rtsps", "rtmp", "http", "https", "udp", "tcp", "srt")
OTHER_SCHEMES = ("csi", "sim", "file")

# All that is a device. Opened as one only: a film in /dev/shm is none, and one elsewhere fails.
_DEVICE = re.compile(r"/dev/(?!shm/).+|\d+")
_FILM_ENDINGS = (".mp4", ".m4v", ".mov", ".mkv", ".avi", ".webm")
_PLAYED = re.compile(
    r"\b(?:multi|split)?filesrc\b|\bsplitmuxsrc\b|\bimagesequencesrc\b|\bgiosrc\b|\bfile:/"
    r"|\b(?:videotest|gltest|pattern|app|fakevideo)src\b",
    re.IGNORECASE,
)


class SourceKind(Enum):
    """How it is opened."""

    DEVICE = "device"
    CSI = "csi"
    STREAM = "stream"
    GSTREAMER = "gstreamer"
    SIMULATION = "simulation"
    FILE = "file"  # or a folder


class SourceError(ValueError):
    """An address of a kind that nobody here opens; says what was expected."""


@dataclass(frozen=True, slots=True)
class Source:
    """A source as it is meant.

    target: device, sensor, URL, pipeline, scenario or path. line: the `source:` line again, with
    its scheme in small letters.
    """

    kind: SourceKind
    target: str
    line: str

    @property
    def recorded(self) -> bool:
        """Whether it plays a film or draws its pictures itself, as far as its text tells.

        A server that plays a film as a live stream cannot be told from a camera.
        """
        if self.kind is SourceKind.STREAM:
            scheme, _, rest = self.target.partition("://")
            path = re.split(r"[?#]", rest)[0]
            return scheme in ("http", "https") and path.lower().endswith(_FILM_ENDINGS)
        if self.kind is SourceKind.GSTREAMER:
            return _PLAYED.search(self.target) is not None
        return self.kind in (SourceKind.FILE, SourceKind.SIMULATION)


def parse_source(text: str) -> Source:
    """Read a `source:` line. Raises SourceError."""
    if text[:4].lower() == "gst:":
        return Source(SourceKind.GSTREAMER, text[4:].strip(), text)
    if _DEVICE.fullmatch(text):
        device = text if text.startswith("/") else f"/dev/video{text}"
        return Source(SourceKind.DEVICE, device, text)
    scheme, separator, rest = text.partition("://")
    if not separator:
        return Source(SourceKind.FILE, text, text)
    scheme = scheme.strip().lower()
    if scheme not in (*SCHEMES, *OTHER_SCHEMES):
        known = ", ".join(f"{one}://" for one in (*SCHEMES, *OTHER_SCHEMES))
        raise SourceError(f"a path, a device, gst: …, or an address that begins with {known}")
    line = f"{scheme}://{rest}"
    if scheme == "sim":
        return Source(SourceKind.SIMULATION, rest, line)
    if not rest.strip():
        raise SourceError(f"something after {scheme}://")
    if scheme == "csi":
        return Source(SourceKind.CSI, rest, line)
    if scheme == "file":
        return Source(SourceKind.FILE, rest, line)
    return Source(SourceKind.STREAM, line, line)
