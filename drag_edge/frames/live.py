"""Cameras and streams through OpenCV: V4L2, RTSP and its kin, CSI and any GStreamer pipeline."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np

from drag_edge.clock import Clock
from drag_edge.config.cameras import CameraSettings
from drag_edge.frames.address import Address, Kind
from drag_edge.frames.frame import Frame
from drag_edge.frames.pipelines import csi_pipeline
from drag_edge.frames.source import CameraError

# UDP loses packets on a busy vehicle network and the decoder smears; a user's own choice wins.
os.environ.setdefault("OPENCV_FFMPEG_CAPTURE_OPTIONS", "rtsp_transport;tcp")


class OpenCvCamera:
    """One live camera. A frame's time is the clock's when the frame arrived."""

    def __init__(self, name: str, address: Address, settings: CameraSettings, clock: Clock) -> None:
        self._name = name
        self._address = address
        self._settings = settings
        self._clock = clock
        self._capture: cv2.VideoCapture | None = None
        self._index = 0

    def open(self) -> None:
        """Open or open again. Raises CameraError."""
        self.close()
        capture = _OPENERS[self._address.kind](self._name, self._address, self._settings)
        if not capture.isOpened():
            capture.release()
            raise CameraError(self._name, str(self._address), _ADVICE[self._address.kind])
        self._capture = capture

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height that the device gives; (0, 0) before it is open."""
        if self._capture is None:
            return (0, 0)
        return _size(self._capture)

    def read(self) -> Frame | None:
        """Wait for the next frame; None when the camera stopped sending."""
        if self._capture is None or not self._capture.grab():
            return None
        time_s = self._clock.now_s()
        ok, image = self._capture.retrieve()
        if not ok or image is None or image.size == 0:
            return None
        frame = Frame(self._name, self._index, time_s, np.asarray(image, np.uint8))
        self._index += 1
        return frame

    def close(self) -> None:
        """Release the device."""
        if self._capture is not None:
            self._capture.release()
            self._capture = None


def _size(capture: cv2.VideoCapture) -> tuple[int, int]:
    width = capture.get(cv2.CAP_PROP_FRAME_WIDTH)
    height = capture.get(cv2.CAP_PROP_FRAME_HEIGHT)
    return int(width), int(height)


def _open_v4l2(name: str, address: Address, settings: CameraSettings) -> cv2.VideoCapture:
    if not Path(address.target).exists():
        raise CameraError(
            name, address.target, "no such device; `ls /dev/video*` lists those that are plugged in"
        )
    capture = cv2.VideoCapture(address.target, cv2.CAP_V4L2)
    if settings.pixel_format is not None:
        capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*settings.pixel_format))
    if settings.width is not None and settings.height is not None:
        capture.set(cv2.CAP_PROP_FRAME_WIDTH, settings.width)
        capture.set(cv2.CAP_PROP_FRAME_HEIGHT, settings.height)
    if settings.fps is not None:
        capture.set(cv2.CAP_PROP_FPS, settings.fps)
    capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
    return capture


def _open_stream(name: str, address: Address, settings: CameraSettings) -> cv2.VideoCapture:
    # The time-outs take effect only when given at opening, with the backend named (opencv#23207).
    timeouts = [
        cv2.CAP_PROP_OPEN_TIMEOUT_MSEC,
        round(settings.open_timeout_s * 1000),
        cv2.CAP_PROP_READ_TIMEOUT_MSEC,
        round(settings.read_timeout_s * 1000),
    ]
    return cv2.VideoCapture(address.target, cv2.CAP_FFMPEG, timeouts)


def _open_gstreamer(name: str, address: Address, settings: CameraSettings) -> cv2.VideoCapture:
    if not opencv_has_gstreamer():
        raise CameraError(
            name,
            str(address),
            "this OpenCV was built without GStreamer (pip's is); on a Jetson use the one of "
            "JetPack, in a virtual environment made with --system-site-packages",
        )
    return cv2.VideoCapture(address.target, cv2.CAP_GSTREAMER)


def _open_csi(name: str, address: Address, settings: CameraSettings) -> cv2.VideoCapture:
    if not address.target.isdigit():
        raise CameraError(name, f"csi://{address}", "csi:// takes a sensor number: csi://0")
    pipeline = csi_pipeline(
        int(address.target),
        settings.width or 1280,
        settings.height or 720,
        settings.fps or 30.0,
    )
    return _open_gstreamer(name, Address(Kind.GSTREAMER, pipeline), settings)


def opencv_has_gstreamer() -> bool:
    """Whether this OpenCV can open GStreamer pipelines."""
    lines = cv2.getBuildInformation().splitlines()
    return any(line.strip().startswith("GStreamer:") and "YES" in line for line in lines)


_OPENERS = {
    Kind.V4L2: _open_v4l2,
    Kind.STREAM: _open_stream,
    Kind.GSTREAMER: _open_gstreamer,
    Kind.CSI: _open_csi,
}
_ADVICE = {
    Kind.V4L2: "the device did not open; is another program using it, and are you in group video?",
    Kind.STREAM: "no answer or no video; check the address, the password and the camera's power",
    Kind.GSTREAMER: "the pipeline did not start; try it with gst-launch-1.0",
    Kind.CSI: "Argus gave no picture; is nvargus-daemon running and the sensor number right?",
}
