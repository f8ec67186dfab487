"""A real RTSP camera for tests: GstRtspServer, run by the system's Python as a child process.

Each picture carries the moment it was made, as a bar of bits (see pattern.py); CLOCK_MONOTONIC is
the same in every process of a machine. Prints `ready PORT` when it answers.
"""

from __future__ import annotations

import argparse
import sys
import time
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
    """Feeds one client's (or all clients') pipeline until it is gone."""

    def __init__(self, source: Any, width: int, height: int, fps: float) -> None:
        self._source = source
        self._size = (width, height)
        self._index = 0
        GLib.timeout_add(round(1000 / fps), self._push)

    def _push(self) -> bool:
        data = picture(*self._size, self._index, round(time.monotonic() * 1000))
        self._index += 1
        flow = self._source.emit("push-buffer", Gst.Buffer.new_wrapped(data))
        return bool(flow == Gst.FlowReturn.OK)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--size", default="640x360")
    parser.add_argument("--fps", type=float, default=30.0)
    parser.add_argument("--codec", choices=ENCODERS, default="h264")
    parser.add_argument("--key-interval", type=int, default=30)
    parser.add_argument("--bitrate", type=int, default=1500)
    parser.add_argument("--user", default="")
    parser.add_argument("--password", default="")
    args = parser.parse_args()
    width, height = (int(one) for one in args.size.split("x"))
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(str(args.port))
    factory = GstRtspServer.RTSPMediaFactory()
    encoder = ENCODERS[args.codec].format(bitrate=args.bitrate, key_interval=args.key_interval)
    factory.set_launch(
        "( appsrc name=source is-live=true do-timestamp=true format=time "
        f"caps=video/x-raw,format=I420,width={width},height={height},"
        f"framerate={round(args.fps)}/1 ! {encoder} )"
    )
    factory.set_shared(True)
    factory.connect(
        "media-configure",
        lambda _, media: Camera(media.get_element().get_by_name("source"), width, height, args.fps),
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
