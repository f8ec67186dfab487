"""Cameras and streams through OpenCV: V4L2, RTSP and its kin, CSI and any GStreamer pipeline."""

from __future__ import annotations

from enum import Enum

import cv2
import numpy as np

from drag_edge.clock import Clock
from drag_edge.config.cameras import CameraSettings
from drag_edge.frames.address import Address, Kind
from drag_edge.frames.first_pictures import FirstPictures
from drag_edge.frames.frame import Frame
from drag_edge.frames.openers import open_capture
from drag_edge.frames.picture_memory import PictureMemory
from drag_edge.frames.source import CameraError
from drag_edge.frames.stream_time import StreamTime

_LATE = (
    "every picture comes late: its link or our decoder is too slow for it (a smaller picture or "
    "fewer a second help), or its time stamps are wrong (time_stamps: false)"
)
_GROWS = (
    "its pictures come later and later: a queue on the way grows (its link or our decoder is too "
    "slow for it; a smaller picture or fewer a second help), or its time stamps count wrong "
    "(time_stamps: false)"
)
_NOT_BGR = (
    "sends no BGR pictures; end its pipeline with "
    "videoconvert ! video/x-raw,format=BGR ! appsink drop=true max-buffers=1 sync=false"
)


class Skipped(Enum):
    """In place of a frame that is not given."""

    YES = "late, or before the first whole one"


class OpenCvCamera:
    """One live camera, used by one thread. A frame's time is when it was taken: its arrival, less
    what its stream says it is late by, less the camera's own latency."""

    def __init__(self, name: str, address: Address, settings: CameraSettings, clock: Clock) -> None:
        self._name = name
        self._address = address
        self._settings = settings
        self._clock = clock
        self._capture: cv2.VideoCapture | None = None
        self._index = 0
        self._memory = PictureMemory()
        self._stream_time = StreamTime()
        self._first = FirstPictures(settings.settle_s)
        self._settled_s = 0.0
        # Pictures over HTTP carry no times: FFmpeg makes some up, by a rate of its own.
        unstamped = address.kind is Kind.STREAM and address.target.startswith("http")
        self._stamped = settings.time_stamps and not unstamped
        # One call to read() waits for the first whole picture, too.
        reading_s = settings.settle_s + settings.read_timeout_s
        self.patience_s = max(settings.open_timeout_s, reading_s)
        self.skipped = 0

    def open(self) -> None:
        """Open or open again. Raises CameraError."""
        self.close()
        self._capture = open_capture(self._name, self._address, self._settings)
        self._stream_time = StreamTime()
        self._first = FirstPictures(self._settings.settle_s)
        self._settled_s = self._clock.now_s() + self._settings.settle_s

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height that the device gives; (0, 0) before it is open."""
        if self._capture is None:
            return (0, 0)
        width = self._capture.get(cv2.CAP_PROP_FRAME_WIDTH)
        height = self._capture.get(cv2.CAP_PROP_FRAME_HEIGHT)
        return int(width), int(height)

    def read(self) -> Frame | None:
        """Wait for the next frame that is whole and not late; None when the stream broke.

        Raises CameraError when every picture of the whole read time-out was late, when they come
        later and later (opening it again drops what waits), and when one is not BGR.
        """
        if self._capture is None:
            return None
        # What is skipped while the stream settles is no sign of a bad link.
        begin_s = max(self._clock.now_s(), self._settled_s)
        end_s = begin_s + self._settings.read_timeout_s
        while self._clock.now_s() <= end_s:
            try:
                frame = self._grab(self._capture)
            except cv2.error:  # what a decoder makes of damaged data
                return None
            if frame is not Skipped.YES:
                return frame
        raise CameraError(self._name, str(self._address), _LATE)

    def _grab(self, capture: cv2.VideoCapture) -> Frame | Skipped | None:
        """The next frame; None when the stream broke."""
        if not capture.grab():
            return None
        arrived_s = self._clock.now_s()
        stamp_s = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000.0 if self._stamped else 0.0
        delay_s = self._stream_time.delay_s(arrived_s, stamp_s)
        if self._stream_time.forgiven_s > self._settings.late_s:
            raise CameraError(self._name, str(self._address), _GROWS)
        catching_up = not self._stream_time.settled and arrived_s < self._settled_s
        late = catching_up or delay_s > self._settings.late_s
        # A late one may be the key frame that makes those after it whole.
        if late and self._first.passing:
            self.skipped += 1
            return Skipped.YES
        ok, image = capture.retrieve(self._memory.free())
        if not ok or image is None or image.size == 0:
            return None
        if image.ndim != 3 or image.shape[2] != 3:
            raise CameraError(self._name, str(self._address), _NOT_BGR)
        picture = np.asarray(image, np.uint8)
        self._memory.keep(picture)
        if not self._first.pass_on(picture, _kind(capture), arrived_s) or late:
            self.skipped += 1
            return Skipped.YES
        time_s = arrived_s - delay_s - self._settings.latency_s
        frame = Frame(self._name, self._index, time_s, picture)
        self._index += 1
        return frame

    def close(self) -> None:
        """Release the device."""
        capture, self._capture = self._capture, None
        if capture is not None:
            capture.release()


def _kind(capture: cv2.VideoCapture) -> str | None:
    """I, P or B; None where the backend does not tell."""
    code = int(capture.get(cv2.CAP_PROP_FRAME_TYPE))
    kind = chr(code) if 0 < code < 128 else ""
    return kind if kind in ("I", "P", "B") else None
