"""How each kind of address is opened with OpenCV."""

from __future__ import annotations

import logging
import os
import time
from pathlib import Path

import cv2

from drag_edge.config.cameras import CameraSettings, Decode
from drag_edge.frames.address import Address, Kind
from drag_edge.frames.hardware import jetson_decoder
from drag_edge.frames.pipelines import csi_pipeline, rtsp_pipeline, v4l2_jpeg_pipeline
from drag_edge.frames.source import CameraError
from drag_edge.frames.why import NO_VIDEO, answers, can_be_asked, why_no_video

log = logging.getLogger(__name__)

# To be asked why it gave no video, of what is left of its time-out.
_ASKING_S = 1.0
_LOG_ERRORS = 2  # OpenCV's LOG_LEVEL_ERROR

# UDP loses packets on a busy vehicle network and the decoder smears. fpsprobesize 0: do not hold
# pictures back at the start to find out how many come a second (1.0 s of age, measured). A user's
# own choice wins.
os.environ.setdefault("OPENCV_FFMPEG_CAPTURE_OPTIONS", "rtsp_transport;tcp|fpsprobesize;0")
# A dead camera would fill the log with each try; the events say why it failed, once.
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
if "OPENCV_LOG_LEVEL" not in os.environ:
    _set_log_level = (
        cv2.setLogLevel if hasattr(cv2, "setLogLevel") else cv2.utils.logging.setLogLevel
    )
    _set_log_level(_LOG_ERRORS)


def open_capture(name: str, address: Address, settings: CameraSettings) -> cv2.VideoCapture:
    """An open capture. Raises CameraError, for streams within the camera's open time-out."""
    end_s = time.monotonic() + settings.open_timeout_s
    try:
        capture = _OPENERS[address.kind](name, address, settings, end_s)
    except cv2.error as error:
        raise CameraError(name, str(address), str(error).strip().splitlines()[-1]) from error
    if not capture.isOpened():
        capture.release()
        raise CameraError(name, str(address), _why(address, end_s))
    return capture


def _why(address: Address, end_s: float) -> str:
    if address.kind is not Kind.STREAM or not can_be_asked(address.target):
        return _ADVICE[address.kind]
    left_s = end_s - time.monotonic()
    # It has answered before, and has taken all its time since.
    return why_no_video(address.target, min(left_s, _ASKING_S)) if left_s > 0 else NO_VIDEO


def _left_s(end_s: float) -> float:
    """Never nothing: OpenCV would take that for its own choice."""
    return max(0.001, end_s - time.monotonic())


def _open_v4l2(
    name: str, address: Address, settings: CameraSettings, end_s: float
) -> cv2.VideoCapture:
    if not Path(address.target).exists():
        raise CameraError(
            name, address.target, "no such device; `ls /dev/video*` lists those that are plugged in"
        )
    if settings.pixel_format == "MJPG" and _hardware(name, settings, "jpeg", end_s):
        size = (settings.width or 1280, settings.height or 720)
        pipeline = v4l2_jpeg_pipeline(address.target, size, settings.fps or 30.0)
        capture = _open_pipeline(pipeline, settings, end_s)
        if _works(name, capture):
            return capture
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


def _open_stream(
    name: str, address: Address, settings: CameraSettings, end_s: float
) -> cv2.VideoCapture:
    # OpenCV opens one stream at a time: a server that hangs would keep every other camera of this
    # process from being opened again. So it is asked before, outside of OpenCV's lock.
    if can_be_asked(address.target):
        problem = answers(address.target, _left_s(end_s))
        if problem:
            raise CameraError(name, str(address), problem)
    rtsp = address.target.partition("://")[0] in ("rtsp", "rtsps")
    if rtsp and _hardware(name, settings, settings.codec.value, end_s):
        # FFmpeg is to have its time where this does not start.
        half_s = _left_s(end_s) / 2
        pipeline = rtsp_pipeline(address.target, settings.codec, half_s)
        capture = _open_pipeline(pipeline, settings, time.monotonic() + half_s)
        if _works(name, capture):
            return capture
    # The time-outs take effect only when given at opening, with the backend named (opencv#23207).
    # Each thread of the decoder beyond the first holds one picture back: with one for each core of
    # an Orin, as is FFmpeg's own choice, pictures would be 0.4 s old.
    options = [
        *_timeouts(settings, end_s),
        cv2.CAP_PROP_N_THREADS,
        settings.decode_threads,
    ]
    return cv2.VideoCapture(address.target, cv2.CAP_FFMPEG, options)


def _timeouts(settings: CameraSettings, end_s: float) -> list[int]:
    return [
        cv2.CAP_PROP_OPEN_TIMEOUT_MSEC,
        max(1, round(_left_s(end_s) * 1000)),
        cv2.CAP_PROP_READ_TIMEOUT_MSEC,
        max(1, round(settings.read_timeout_s * 1000)),
    ]


def _open_pipeline(pipeline: str, settings: CameraSettings, end_s: float) -> cv2.VideoCapture:
    return cv2.VideoCapture(pipeline, cv2.CAP_GSTREAMER, _timeouts(settings, end_s))


def _open_gstreamer(
    name: str, address: Address, settings: CameraSettings, end_s: float
) -> cv2.VideoCapture:
    if not opencv_has_gstreamer():
        raise CameraError(
            name,
            str(address),
            "this OpenCV was built without GStreamer (pip's is); on a Jetson use the one of "
            "JetPack, in a virtual environment made with --system-site-packages",
        )
    return _open_pipeline(address.target, settings, end_s)


def _open_csi(
    name: str, address: Address, settings: CameraSettings, end_s: float
) -> cv2.VideoCapture:
    if not address.target.isdecimal():
        raise CameraError(name, f"csi://{address}", "csi:// takes a sensor number: csi://0")
    pipeline = csi_pipeline(
        int(address.target),
        settings.width or 1280,
        settings.height or 720,
        settings.fps or 30.0,
    )
    return _open_gstreamer(name, Address(Kind.GSTREAMER, pipeline), settings, end_s)


def _hardware(name: str, settings: CameraSettings, codec: str, end_s: float) -> bool:
    """Whether to try the hardware's decoder; says why not where the YAML asks for it."""
    if settings.decode is Decode.SOFTWARE:
        return False
    missing = "OpenCV is without GStreamer"
    if opencv_has_gstreamer():
        missing = jetson_decoder(codec, _left_s(end_s) / 2)
    if missing and settings.decode is Decode.HARDWARE:
        log.warning("camera %s: decoded in software, because %s", name, missing)
    return not missing


def _works(name: str, capture: cv2.VideoCapture) -> bool:
    if capture.isOpened():
        return True
    capture.release()
    log.warning("camera %s: the hardware's pipeline did not start; trying FFmpeg", name)
    return False


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
