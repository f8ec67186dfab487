"""Servers, each odd in one way: what is asked before a stream is opened, and how long it takes."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from drag_edge.clock import VirtualClock
from drag_edge.frames.address import parse_address
from drag_edge.frames.live import OpenCvCamera
from drag_edge.frames.openers import open_capture
from drag_edge.frames.source import CameraError
from drag_edge.frames.why import answers, can_be_asked, why_no_video
from tests.rtsp.watch import camera_settings

Speak = Callable[[socket.socket], None]
Serve = Callable[[Speak], int]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Gives the port of a server that treats each connection as told."""
    servers: list[socket.socket] = []
    talking: list[socket.socket] = []

    def start(speak: Speak) -> int:
        server = socket.create_server(("127.0.0.1", 0))
        servers.append(server)

        def talk(connection: socket.socket) -> None:
            with contextlib.suppress(OSError):
                speak(connection)

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    talking.append(server.accept()[0])
                    threading.Thread(target=talk, args=(talking[-1],), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        return int(server.getsockname()[1])

    yield start
    for one in (*servers, *talking):
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        one.close()


def say(*pieces: bytes) -> Speak:
    def speak(connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.recv(4096)
        for piece in pieces:
            connection.sendall(piece)
            time.sleep(0.03)
        connection.close()

    return speak


def mute(connection: socket.socket) -> None:
    time.sleep(30)


def only_get(connection: socket.socket) -> None:
    """Closes on every other method, as some cameras do."""
    if connection.recv(4096).startswith(b"GET"):
        connection.sendall(b"HTTP/1.0 404 Not Found\r\n\r\n")
    connection.close()


def test_a_camera_that_closes_when_asked_by_head_answers(serve: Serve) -> None:
    url = f"http://127.0.0.1:{serve(only_get)}/stream"
    assert answers(url, 2.0) == ""
    assert "has no stream of that path" in why_no_video(url, 2.0)


def test_one_that_resets_the_connection_answers(serve: Serve) -> None:
    def reset(connection: socket.socket) -> None:
        time.sleep(0.1)  # what was asked lies unread: closing resets
        connection.close()

    assert answers(f"http://127.0.0.1:{serve(reset)}/stream", 2.0) == ""


def test_a_status_line_in_pieces_is_read_to_its_end(serve: Serve) -> None:
    port = serve(say(b"RTSP/1.0 ", b"404 Not", b" Found", b"\r\n\r\n"))
    url = f"rtsp://127.0.0.1:{port}/s"
    assert answers(url, 2.0) == ""
    assert "has no stream of that path (404)" in why_no_video(url, 2.0)


def test_another_protocol_is_named(serve: Serve) -> None:
    url = f"rtsp://127.0.0.1:{serve(say(b'220 ftp'))}/s"
    assert answers(url, 2.0) == ""
    assert "speaks another protocol" in why_no_video(url, 2.0)


@pytest.mark.parametrize("scheme", ["rtsp", "rtsps", "http", "https", "rtmp"])
def test_a_server_that_hangs_is_known_before_the_stream_is_opened(
    serve: Serve, scheme: str
) -> None:
    url = f"{scheme}://me:SECRET@127.0.0.1:{serve(mute)}/s"
    start_s = time.monotonic()
    told = answers(url, 0.3)
    assert "does not answer" in told
    assert "SECRET" not in told
    assert time.monotonic() - start_s < 1.0


@pytest.mark.parametrize("scheme", ["rtsps", "https", "rtmp"])
def test_a_server_that_says_anything_does_not_hang(serve: Serve, scheme: str) -> None:
    assert answers(f"{scheme}://127.0.0.1:{serve(say(b'what?'))}/s", 2.0) == ""


def test_over_plain_tcp_it_is_enough_that_the_connection_is_taken(serve: Serve) -> None:
    assert answers(f"tcp://127.0.0.1:{serve(mute)}", 2.0) == ""
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    assert "refuses connections" in answers(f"tcp://127.0.0.1:{port}", 2.0)


def test_where_nobody_serves_nobody_is_asked() -> None:
    for url in ("udp://239.0.0.1:5000", "srt://cam:9000", "tcp://0.0.0.0:5000?listen=1"):
        assert not can_be_asked(url)


def test_all_that_opening_takes_is_within_its_time_out(serve: Serve) -> None:
    def late(connection: socket.socket) -> None:
        if connection.recv(4096).startswith(b"OPTIONS"):
            time.sleep(0.8)
            connection.sendall(b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nPublic: OPTIONS, DESCRIBE\r\n\r\n")
        time.sleep(30)

    url = f"rtsp://127.0.0.1:{serve(late)}/s"
    start_s = time.monotonic()
    with pytest.raises(CameraError, match="answers, but sends no video"):
        open_capture("front", parse_address(url, Path("/")), camera_settings(url, open_timeout_s=1))
    assert time.monotonic() - start_s < 1.5


def test_waiting_for_the_first_whole_picture_is_within_a_cameras_patience() -> None:
    url = "rtsp://127.0.0.1/x"
    settings = camera_settings(url, open_timeout_s=2, read_timeout_s=1, settle_s=10)
    camera = OpenCvCamera("front", parse_address(url, Path("/")), settings, VirtualClock())
    assert camera.patience_s >= 11.0
