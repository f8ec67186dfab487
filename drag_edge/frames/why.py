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


def answers(url: str, limit_s: float) -> str:
    """Empty when a server answers there within limit_s, whatever it says; else why not, without
    passwords. Looking up the name may take longer."""
    # Neither DESCRIBE nor GET: a server that begins to send for that, and only to one viewer, would
    # be busy for a moment after.
    code, told = _ask(url, limit_s, "OPTIONS")
    return "" if code is not None else told


def why_no_video(url: str, limit_s: float = _LIMIT_S) -> str:
    """One line for a person, without passwords. Takes about limit_s at most, name lookup aside."""
    return _ask(url, limit_s, "DESCRIBE")[1]


def _ask(url: str, limit_s: float, method: str) -> tuple[int | None, str]:
    """The status with which the server answers, None when it does not, and what that means."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        wrong = "the address cannot be read; in a user or password, write @ as %40 and / as %2F"
        return None, wrong
    if host is None or port is None:
        return None, "the address names no host"
    where = f"{redact(host)} port {port}"
    try:
        with socket.create_connection((host, port), timeout=limit_s) as connection:
            connection.settimeout(limit_s)
            connection.sendall(_question(parts, host, port, method))
            answer = connection.recv(_MOST_BYTES)
    except socket.gaierror:
        return None, f"there is no computer by the name {redact(host)}"
    except ConnectionRefusedError:
        problem = "refuses connections; does the camera serve there, is it still starting?"
        return None, f"{where} {problem}"
    except TimeoutError:
        return None, f"{where} does not answer"
    except (OSError, ValueError) as error:
        return None, f"{where}: {error}"
    status = _STATUS.match(answer)
    code = None if status is None else int(status[1])
    return code, f"{where} {_meaning(answer, code, parts.username is not None)}"


def _question(parts: SplitResult, host: str, port: int, method: str) -> bytes:
    target = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    if parts.scheme == "http":
        verb = "HEAD" if method == "OPTIONS" else "GET"
        text = f"{verb} {target} HTTP/1.0\r\nHost: {host}\r\n\r\n"
    else:
        address = f"[{host}]" if ":" in host else host
        text = (
            f"{method} rtsp://{address}:{port}{target} RTSP/1.0\r\nCSeq: 1\r\n"
            "Accept: application/sdp\r\n\r\n"
        )
    return text.encode("utf-8", "replace")


def _meaning(answer: bytes, code: int | None, has_user: bool) -> str:
    if code is None:
        return "closes the connection" if not answer else "speaks another protocol"
    if code == 401:
        told = "those of the address are not right, or" if has_user else "the address has none:"
        return f"asks for a user and a password; {told} rtsp://user:password@host/path"
    return _MEANINGS.get(code, f"answers with {code}")
