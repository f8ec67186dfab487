"""Cameras: where the pictures come from, where the camera sits, what its lens does."""

from __future__ import annotations

from enum import Enum
from pathlib import Path

from pydantic import Field, model_validator

from drag_edge.config.base import Section, input_file, quantity


class Role(str, Enum):
    """Which way a camera looks; perception treats them differently."""

    FRONT = "front"
    LEFT = "left"
    RIGHT = "right"
    REAR = "rear"
    PARKING_LEFT = "parking_left"
    PARKING_RIGHT = "parking_right"


class Decode(str, Enum):
    """Who decodes a compressed stream."""

    AUTO = "auto"
    HARDWARE = "hardware"
    SOFTWARE = "software"


class Codec(str, Enum):
    """What an RTSP camera sends."""

    H264 = "h264"
    H265 = "h265"


class MountSettings(Section):
    """Where the camera sits on the vehicle (ISO 8855: origin on the ground under the rear axle)."""

    x: float = quantity(..., "m", "Forward of the rear axle", ge=-10, le=20)
    y: float = quantity(0.0, "m", "Left of the vehicle's centre line", ge=-3, le=3)
    z: float = quantity(..., "m", "Above the ground; ranges scale with it", gt=0.1, le=5)
    pitch_deg: float = quantity(0.0, "deg", "Positive looks down", ge=-90, le=90)
    yaw_deg: float = quantity(0.0, "deg", "Positive looks to the left", ge=-180, le=180)
    roll_deg: float = quantity(0.0, "deg", "Positive leans to the right", ge=-90, le=90)


class IntrinsicsSettings(Section):
    """The lens, for pictures of width × height; scaled when the source gives another size."""

    width: int = quantity(..., "px", "Picture width the numbers were measured at", gt=15, le=16384)
    height: int = quantity(..., "px", "Picture height they were measured at", gt=15, le=16384)
    fx: float = quantity(..., "px", "Focal length, horizontal", gt=0)
    fy: float = quantity(..., "px", "Focal length, vertical", gt=0)
    cx: float = quantity(..., "px", "Principal point from the left")
    cy: float = quantity(..., "px", "Principal point from the top")
    distortion: tuple[float, ...] = Field(
        (),
        description="Brown-Conrady k1 k2 p1 p2 k3 as OpenCV's calibration prints them; empty: none",
        json_schema_extra={"unit": "1"},
        max_length=5,
    )


class CameraSettings(Section):
    """One camera or stream."""

    source: str = Field(
        ...,
        description=(
            "/dev/video0 · csi://0 · rtsp://host/path · a video file · a folder of pictures · "
            "sim://scenario · gst: followed by a GStreamer pipeline that ends in appsink"
        ),
        min_length=1,
        json_schema_extra={"path": "source"},
    )
    role: Role = Field(
        Role.FRONT,
        description=(
            "Which way it looks: front, left and right (mirrors, looking back), rear; "
            "parking_left and parking_right look straight aside and only measure parking gaps"
        ),
    )
    mount: MountSettings = Field(..., description="Where it sits on the vehicle")
    intrinsics: IntrinsicsSettings | Path = input_file(
        ..., "The lens: numbers in place, or a YAML file with the same keys"
    )
    width: int | None = quantity(None, "px", "Ask a live camera for this width", gt=15, le=16384)
    height: int | None = quantity(None, "px", "Ask a live camera for this height", gt=15, le=16384)
    fps: float | None = quantity(
        None,
        "Hz",
        "Ask a live camera for this rate; for a folder of pictures, the rate they were taken at",
        gt=0,
        le=1000,
    )
    pixel_format: str | None = Field(
        None,
        description="V4L2 format as four letters, e.g. MJPG or YUYV; none leaves the camera's own",
        pattern="^[A-Za-z0-9 ]{4}$",
    )
    open_timeout_s: float = quantity(10.0, "s", "Give up opening a stream after this", gt=0, le=120)
    read_timeout_s: float = quantity(
        5.0, "s", "A live stream that sends nothing for this long is lost", gt=0, le=120
    )

    latency_s: float = quantity(
        0.0,
        "s",
        "From exposure until a picture arrives here at best (encoder, network, decoder); a "
        "picture that arrives later than that is known by its time stamp",
        ge=0,
        le=1,
    )
    time_stamps: bool = Field(
        True,
        description=(
            "Believe a stream's own time stamps about how late a picture is; off for a camera "
            "whose stamps are wrong, and always off over HTTP"
        ),
    )
    late_s: float = quantity(
        0.1, "s", "A picture that arrives later than usual by more than this is skipped", gt=0, le=5
    )
    settle_s: float = quantity(
        2.0,
        "s",
        "After opening, pictures before the first whole one are skipped, for this long at most",
        ge=0,
        le=30,
    )
    retry_s: float = quantity(
        0.5,
        "s",
        "A camera that was lost is tried again after half to all of this; the wait doubles with "
        "each try …",
        gt=0,
        le=60,
    )
    retry_longest_s: float = quantity(8.0, "s", "… up to this", gt=0, le=600)
    decode: Decode = Field(
        Decode.AUTO,
        description=(
            "Who decodes an RTSP stream or a USB camera's JPEG: hardware (a Jetson's, through "
            "GStreamer; FFmpeg where that does not start), software (FFmpeg), or auto: hardware "
            "where it is there"
        ),
    )
    codec: Codec = Field(
        Codec.H264, description="What the RTSP camera sends; only hardware decoding has to know"
    )
    decode_threads: int = quantity(
        1, "1", "For FFmpeg; each one more makes every picture one period older", ge=1, le=16
    )

    @model_validator(mode="after")
    def _size_is_whole(self) -> CameraSettings:
        if (self.width is None) != (self.height is None):
            raise ValueError("width and height go together: give both or neither")
        return self
