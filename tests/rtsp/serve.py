"""A real RTSP camera for tests: GstRtspServer, run by the system's Python as a child process.

Each picture carries the moment it was made, as a bar of bits (see pattern.py); CLOCK_MONOTONIC is
the same in every process of a machine. Or it shows --pictures, a file of raw I420 frames, over and
over. Prints `ready PORT` when it answers.
"""

from __future__ import annotations

import argparse
import mmap
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gi
from pattern import picture  # beside this file: it is run by another Python than the tests

gi.require_version("Gst", "1.0")
gi.require_version("GstApp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstApp, GstRtspServer  # noqa: E402, F401

ENCODERS = {
    "h264": "x264enc tune=zerolatency speed-preset=ultrafast bitrate={bitrate} "
    "key-int-max={key_interval} ! video/x-h264,profile=baseline ! rtph264pay name=pay0 pt=96",
    "mjpeg": "jpegenc ! rtpjpegpay name=pay0 pt=26",
}


class Camera:
    """Feeds one client's (or all clients') pipeline until it is gone. draw: frame by index."""

    def __init__(self, source: Any, draw: Callable[[int], bytes], fps: float) -> None:
        self._source = source
        self._draw = draw
        self._index = 0
        GLib.timeout_add(round(1000 / fps), self._push)

    def _push(self) -> bool:
        data = self._draw(self._index)
        self._index += 1
        flow = self._source.emit("push-buffer", Gst.Buffer.new_wrapped(data))
        return bool(flow == Gst.FlowReturn.OK)


def artist(args: argparse.Namespace) -> tuple[Callable[[int], bytes], tuple[int, int]]:
    """What draws the frames, and their width and height."""
    size = args.pictures_size if args.pictures and args.pictures_size else args.size
    width, height = (int(one) for one in size.split("x"))
    if not args.pictures:
        return lambda i: picture(width, height, i, round(time.monotonic() * 1000)), (width, height)
    with Path(args.pictures).open("rb") as file:
        frames = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    each = width * height * 3 // 2
    count = len(frames) // each
    return lambda i: frames[i % count * each : (i % count + 1) * each], (width, height)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--size", default="640x360")
    parser.add_argument("--pictures", default="", help="raw I420 frames")
    parser.add_argument("--pictures-size", default="", help="theirs, when it is not --size")
    parser.add_argument("--fps", type=float, default=30.0)
    parser.add_argument("--codec", choices=ENCODERS, default="h264")
    parser.add_argument("--key-interval", type=int, default=30)
    parser.add_argument("--bitrate", type=int, default=1500)
    parser.add_argument("--user", default="")
    parser.add_argument("--password", default="")
    args = parser.parse_args()
    draw, (width, height) = artist(args)
    sent_width, sent_height = args.size.split("x")
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(str(args.port))
    factory = GstRtspServer.RTSPMediaFactory()
    encoder = ENCODERS[args.codec].format(bitrate=args.bitrate, key_interval=args.key_interval)
    factory.set_launch(
        "( appsrc name=source is-live=true do-timestamp=true format=time "
        f"caps=video/x-raw,format=I420,width={width},height={height},"
        f"framerate={round(args.fps)}/1 ! videoscale ! "
        f"video/x-raw,width={sent_width},height={sent_height} ! {encoder} )"
    )
    factory.set_shared(True)
    factory.connect(
        "media-configure",
        lambda _, media: Camera(media.get_element().get_by_name("source"), draw, args.fps),
    )
    server.get_mount_points().add_factory("/camera", factory)
    if args.user:
        protect(server, factory, args.user, args.password)
    server.attach(None)
    print("ready", server.get_bound_port(), flush=True)
    GLib.MainLoop().run()
    return 0


def protect(server: Any, factory: Any, user: str, password: str) -> None:
    """Ask for a name and a password (basic authentication)."""
    auth = GstRtspServer.RTSPAuth()
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "viewer")
    auth.add_basic(GstRtspServer.RTSPAuth.make_basic(user, password), token)
    server.set_auth(auth)
    permissions = GstRtspServer.RTSPPermissions()
    permissions.add_permission_for_role("viewer", "media.factory.access", True)
    permissions.add_permission_for_role("viewer", "media.factory.construct", True)
    factory.set_permissions(permissions)


if __name__ == "__main__":
    sys.exit(main())
