"""GStreamer pipelines as text: pure functions, so that they can be tested without a camera."""

from __future__ import annotations

NEWEST_ONLY = "appsink drop=true max-buffers=1 sync=false"


def csi_pipeline(sensor_id: int, width: int, height: int, fps: float) -> str:
    """A Jetson CSI camera through Argus, scaled and converted by the image processor.

    BGRx is the nearest that nvvidconv can give; the last step to BGR costs one copy on the CPU.
    """
    rate = f"{round(fps * 1000)}/1000"
    return (
        f"nvarguscamerasrc sensor-id={sensor_id} ! "
        f"video/x-raw(memory:NVMM),width={width},height={height},framerate={rate} ! "
        "nvvidconv ! video/x-raw,format=BGRx ! videoconvert ! video/x-raw,format=BGR ! "
        + NEWEST_ONLY
    )
