"""Why a network camera gave no video: asked once more by hand, for a reason that helps."""

from __future__ import annotations

import re
import socket
import ssl
import time
from urllib.parse import SplitResult, urlsplit

from drag_edge.config.redact import redact

_PORTS = {"rtsp": 554, "rtsps": 322, "http": 80, "https": 443, "rtmp": 1935}
_ENCRYPTED = ("rtsps", "https")
_LIMIT_S = 1.0
_MOST_BYTES = 4096
_STATUS = re.compile(rb"(?:RTSP|HTTP)/\d\.\d (\d{3})")
_RTMP_HELLO = b"\x03" + bytes(1536)

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


def can_be_asked(url: str) -> bool:
    """Whether a server is there to be asked: not for UDP and SRT, nor where we are the server."""
    scheme, _, rest = url.partition("://")
    return scheme in _PORTS or (scheme == "tcp" and "listen" not in rest.partition("?")[2])


def answers(url: str, limit_s: float) -> str:
    """Empty when a server answers there within limit_s, whatever it says, and be it that it closes
    the connection; else why not, without passwords. Looking up the name may take longer.

    Over plain TCP nothing can be asked: that it takes the connection has to do.
    """
    # Neither DESCRIBE nor GET: a server that begins to send for that, and only to one viewer, would
    # be busy for a moment after.
    return _ask(url, limit_s, "OPTIONS")[1]


def why_no_video(url: str, limit_s: float = _LIMIT_S) -> str:
    """One line for a person, without passwords. Takes about limit_s at most, name lookup aside."""
    answer, problem = _ask(url, limit_s, "DESCRIBE")
    if answer is None:
        return problem
    parts = urlsplit(url)
    where = f"{redact(parts.hostname or '')} port {parts.port or _PORTS.get(parts.scheme)}"
    if parts.scheme in ("tcp", "rtmp"):
        return f"{where} {NO_VIDEO}"
    return f"{where} {_meaning(answer, parts.username is not None)}"


def _ask(url: str, limit_s: float, method: str) -> tuple[bytes | None, str]:
    """The beginning of what the server answers, None with a reason when it does not."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        wrong = "the address cannot be read; in a user or password, write @ as %40 and / as %2F"
        return None, wrong
    if host is None or port is None:
        return None, "the address names no host" if host is None else "the address names no port"
    where = f"{redact(host)} port {port}"
    end_s = time.monotonic() + limit_s
    try:
        with socket.create_connection((host, port), timeout=limit_s) as connection:
            return _spoken(connection, parts, host, port, method, end_s), ""
    except socket.gaierror:
        return None, f"there is no computer by the name {redact(host)}"
    except ConnectionRefusedError:
        problem = "refuses connections; does the camera serve there, is it still starting?"
        return None, f"{where} {problem}"
    except TimeoutError:
        return None, f"{where} does not answer"
    except (OSError, ValueError) as error:
        return None, f"{where}: {error}"


def _spoken(
    connection: socket.socket, parts: SplitResult, host: str, port: int, method: str, end_s: float
) -> bytes:
    """What a connected server says. Raises TimeoutError when that is nothing."""
    if parts.scheme == "tcp":
        return b""
    try:
        connection.settimeout(_left_s(end_s))
        if parts.scheme in _ENCRYPTED:
            with _encrypted(connection, host) as channel:
                return _asked(channel, parts, host, port, method, end_s)
        return _asked(connection, parts, host, port, method, end_s)
    except (ConnectionError, ssl.SSLError):
        return b""  # somebody is there, and does not like the question


def _asked(
    channel: socket.socket, parts: SplitResult, host: str, port: int, method: str, end_s: float
) -> bytes:
    channel.sendall(_question(parts, host, port, method))
    answer = b""
    # A status line may come in pieces; for OPTIONS it is enough that there is one.
    while b"\r\n" not in answer and len(answer) < _MOST_BYTES:
        try:
            channel.settimeout(_left_s(end_s))
            more = channel.recv(_MOST_BYTES)
        except TimeoutError:
            if answer:
                break
            raise
        answer += more
        if not more or method == "OPTIONS":
            break
    return answer


def _encrypted(connection: socket.socket, host: str) -> ssl.SSLSocket:
    """Only to hear whether it answers: whether to trust it is for whoever opens the stream."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context.wrap_socket(connection, server_hostname=host)


def _left_s(end_s: float) -> float:
    left_s = end_s - time.monotonic()
    if left_s <= 0:
        raise TimeoutError
    return left_s


def _question(parts: SplitResult, host: str, port: int, method: str) -> bytes:
    if parts.scheme == "rtmp":
        return _RTMP_HELLO
    target = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    if parts.scheme in ("http", "https"):
        verb = "HEAD" if method == "OPTIONS" else "GET"
        text = f"{verb} {target} HTTP/1.0\r\nHost: {host}\r\n\r\n"
    else:
        address = f"[{host}]" if ":" in host else host
        text = (
            f"{method} {parts.scheme}://{address}:{port}{target} RTSP/1.0\r\nCSeq: 1\r\n"
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
