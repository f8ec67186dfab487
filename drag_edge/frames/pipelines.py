"""GStreamer pipelines as text: pure functions, so that they can be tested without a camera."""

from __future__ import annotations

from drag_edge.config.cameras import Codec

NEWEST_ONLY = "appsink drop=true max-buffers=1 sync=false"
# BGRx is the nearest that nvvidconv can give; the last step to BGR costs one copy on the CPU.
_TO_BGR = "nvvidconv ! video/x-raw,format=BGRx ! videoconvert ! video/x-raw,format=BGR"
_DECODED = f"nvv4l2decoder ! {_TO_BGR} ! {NEWEST_ONLY}"
JITTER_MS = 100


def csi_pipeline(sensor_id: int, width: int, height: int, fps: float) -> str:
    """A Jetson CSI camera through Argus, scaled and converted by the image processor."""
    return (
        f"nvarguscamerasrc sensor-id={sensor_id} ! "
        f"video/x-raw(memory:NVMM),width={width},height={height},framerate={_rate(fps)} ! "
        f"{_TO_BGR} ! {NEWEST_ONLY}"
    )


def rtsp_pipeline(url: str, codec: Codec, timeout_s: float) -> str:
    """An RTSP camera over TCP, decoded by a Jetson's hardware.

    timeout_s: for connecting and for silence. media=video: a camera that also sends sound would
    otherwise break the pipeline.
    """
    name = codec.value
    patience_us = round(timeout_s * 1e6)
    return (
        f"rtspsrc location={_quoted(url)} protocols=tcp latency={JITTER_MS} drop-on-latency=true "
        f"timeout={patience_us} tcp-timeout={patience_us} ! "
        "application/x-rtp,media=video ! "
        f"queue ! rtp{name}depay ! {name}parse ! {_DECODED}"
    )


def v4l2_jpeg_pipeline(device: str, size_px: tuple[int, int], fps: float) -> str:
    """A USB camera that sends JPEG, decoded by a Jetson's hardware."""
    return (
        f"v4l2src device={_quoted(device)} ! "
        f"image/jpeg,width={size_px[0]},height={size_px[1]},framerate={_rate(fps)} ! "
        f"nvv4l2decoder mjpeg=1 ! {_TO_BGR} ! {NEWEST_ONLY}"
    )


def _rate(fps: float) -> str:
    return f"{round(fps * 1000)}/1000"


def _quoted(text: str) -> str:
    """As GStreamer's parser reads it back: whatever is in it, it stays one value."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
