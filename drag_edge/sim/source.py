"""A simulated camera: a source of frames like any recording."""

from __future__ import annotations

from drag_edge.config.cameras import CameraSettings, IntrinsicsSettings
from drag_edge.errors import InvalidConfigError
from drag_edge.frames.frame import Frame
from drag_edge.sim.camera import Camera, Mount
from drag_edge.sim.render import render
from drag_edge.sim.render_look import look_from_seed
from drag_edge.sim.session import SimSession

USUAL_FPS = 20.0
NEARLY = 1e-6
"""Of a period: multiples of it are reached in spite of rounding."""


class SimSource:
    """One camera of a session; the clock must have reached a frame's time before it is read.

    Frames come at the camera's ``fps`` (20 Hz where none is given) until the scenario ends.
    Raises InvalidConfigError for a lens that the renderer does not have.
    """

    def __init__(self, session: SimSession, camera: str, settings: CameraSettings) -> None:
        self.camera = camera
        self._session = session
        self._view = simulated_camera(camera, settings)
        self._look = look_from_seed(session.seed)
        self._period_s = 1.0 / (settings.fps or USUAL_FPS)
        self._index = 0
        self._closed = False

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height of its pictures."""
        return self._view.width, self._view.height

    @property
    def next_time_s(self) -> float | None:
        """Capture time of the next frame on the daemon's clock; None at the end."""
        time_s = self._session.start_s + self._index * self._period_s
        return None if self._closed or self._session.finished(time_s) else time_s

    def read(self) -> Frame | None:
        """The world as it is now; None at the end. Whoever reads late has missed frames."""
        if self.next_time_s is None:
            return None
        snapshot = self._session.snapshot()
        passed_s = snapshot.time_s - self._session.start_s
        self._index = max(self._index, int(passed_s / self._period_s + NEARLY))
        image = render(snapshot.world, snapshot.ego_pose, self._view, self._look)
        frame = Frame(self.camera, self._index, snapshot.time_s, image)
        self._index += 1
        return frame

    def close(self) -> None:
        """No more frames. Idempotent."""
        self._closed = True


def simulated_camera(name: str, settings: CameraSettings) -> Camera:
    """The renderer's camera for a camera of the YAML."""
    lens, mount = settings.intrinsics, settings.mount
    assert isinstance(lens, IntrinsicsSettings)  # loading has read the file by now
    if any(lens.distortion):
        raise InvalidConfigError(
            f"cameras.{name}.intrinsics.distortion: simulated cameras have none; leave it out"
        )
    width = settings.width if settings.width is not None else lens.width
    height = settings.height if settings.height is not None else lens.height
    scale_x, scale_y = width / lens.width, height / lens.height
    return Camera(
        name=name,
        width=width,
        height=height,
        fx=lens.fx * scale_x,
        fy=lens.fy * scale_y,
        cx=lens.cx * scale_x,
        cy=lens.cy * scale_y,
        mount=Mount(mount.x, mount.y, mount.z, mount.yaw_deg, mount.pitch_deg, mount.roll_deg),
    )
