"""Why a network camera gave no video: asked once more by hand, for a reason that helps."""

from __future__ import annotations

import re
import socket
from urllib.parse import SplitResult, urlsplit

from drag_edge.config.redact import redact

_PORTS = {"rtsp": 554, "http": 80}
_LIMIT_S = 1.0
_MOST_BYTES = 4096
_STATUS = re.compile(rb"(?:RTSP|HTTP)/\d\.\d (\d{3})")

NO_VIDEO = "answers, but sends no video that can be decoded in time"
_MEANINGS = {
    200: NO_VIDEO,
    403: "forbids this user to see it (403)",
    404: "has no stream of that path (404)",
    451: "does not understand the address (451)",
    453: "has not enough bandwidth left for one more viewer (453)",
    454: "lost the session (454)",
    461: "does not send over TCP (461); OPENCV_FFMPEG_CAPTURE_OPTIONS=rtsp_transport;udp",
    503: "is busy or cannot give video now (503)",
}


def why_no_video(url: str, limit_s: float = _LIMIT_S) -> str:
    """One line for a person, without passwords. Takes about limit_s at most, name lookup aside."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return "the address cannot be read; in a user or password, write @ as %40 and / as %2F"
    if host is None or port is None:
        return "no answer or no video; check the address, the password and the camera's power"
    where = f"{redact(host)} port {port}"
    try:
        with socket.create_connection((host, port), timeout=limit_s) as connection:
            connection.settimeout(limit_s)
            connection.sendall(_question(parts, host, port))
            answer = connection.recv(_MOST_BYTES)
    except socket.gaierror:
        return f"there is no computer by the name {redact(host)}"
    except ConnectionRefusedError:
        return f"{where} refuses connections; does the camera serve there, is it still starting?"
    except TimeoutError:
        return f"{where} does not answer"
    except (OSError, ValueError) as error:
        return f"{where}: {error}"
    return f"{where} {_meaning(answer, parts.username is not None)}"


def _question(parts: SplitResult, host: str, port: int) -> bytes:
    target = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    if parts.scheme == "http":
        text = f"GET {target} HTTP/1.0\r\nHost: {host}\r\n\r\n"
    else:
        address = f"[{host}]" if ":" in host else host
        text = (
            f"DESCRIBE rtsp://{address}:{port}{target} RTSP/1.0\r\nCSeq: 1\r\n"
            "Accept: application/sdp\r\n\r\n"
        )
    return text.encode("utf-8", "replace")


def _meaning(answer: bytes, has_user: bool) -> str:
    status = _STATUS.match(answer)
    if status is None:
        return "closes the connection" if not answer else "speaks another protocol"
    code = int(status[1])
    if code == 401:
        told = "those of the address are not right, or" if has_user else "the address has none:"
        return f"asks for a user and a password; {told} rtsp://user:password@host/path"
    return _MEANINGS.get(code, f"answers with {code}")
