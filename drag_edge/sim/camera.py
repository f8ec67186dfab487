"""A pinhole camera on the ego vehicle, and the projection of world points into its picture.

Written independently of the perception's camera model, so that one can check the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from drag_edge.sim.reference_line import FloatArray
from drag_edge.sim.world import EgoPose

NEAR_M = 0.3
"""Geometry nearer to the image plane than this is cut away."""

EGO_LENGTH_M = 4.6
EGO_WIDTH_M = 1.85
EGO_REAR_OVERHANG_M = 0.95


@dataclass(frozen=True, slots=True)
class Mount:
    """Where a camera sits: metres from the rear axle centre on the ground, ISO 8855 angles.

    Positive yaw turns the view left, positive pitch turns it down, positive roll leans it to
    the right.
    """

    x_m: float
    y_m: float
    z_m: float
    yaw_deg: float = 0.0
    pitch_deg: float = 0.0
    roll_deg: float = 0.0


@dataclass(frozen=True, slots=True)
class Camera:
    """Pinhole without distortion; width, height, fx, fy, cx, cy in pixels."""

    name: str
    width: int
    height: int
    fx: float
    fy: float
    cx: float
    cy: float
    mount: Mount

    def cropped(self, roi: tuple[float, float, float, float], width: int, height: int) -> Camera:
        """The camera whose picture is this one's ``roi`` (fractions x0, y0, x1, y1), resized."""
        return _cropped(self, roi, width, height)


@lru_cache(maxsize=64)
def _cropped(
    camera: Camera, roi: tuple[float, float, float, float], width: int, height: int
) -> Camera:
    x0, y0, x1, y1 = roi
    scale_x = width / ((x1 - x0) * camera.width)
    scale_y = height / ((y1 - y0) * camera.height)
    return replace(
        camera,
        width=width,
        height=height,
        fx=camera.fx * scale_x,
        fy=camera.fy * scale_y,
        cx=(camera.cx - x0 * camera.width) * scale_x,
        cy=(camera.cy - y0 * camera.height) * scale_y,
    )


def front_camera() -> Camera:
    """The standard windscreen camera, 1280×720."""
    return Camera("front", 1280, 720, 1000.0, 1000.0, 640.0, 360.0, Mount(1.9, 0.0, 1.3))


def left_camera() -> Camera:
    """The left mirror camera looking back and outwards, 640×320."""
    mount = Mount(2.0, 0.95, 1.0, yaw_deg=155.0, pitch_deg=3.0)
    return Camera("left", 640, 320, 420.0, 420.0, 320.0, 160.0, mount)


def right_camera() -> Camera:
    """The right mirror camera looking back and outwards, 640×320."""
    mount = Mount(2.0, -0.95, 1.0, yaw_deg=-155.0, pitch_deg=3.0)
    return Camera("right", 640, 320, 420.0, 420.0, 320.0, 160.0, mount)


def rotation(yaw_rad: float, pitch_rad: float, roll_rad: float) -> FloatArray:
    """Body-to-parent rotation Rz(yaw)·Ry(pitch)·Rx(roll), 3×3."""
    cy, sy = np.cos(yaw_rad), np.sin(yaw_rad)
    cp, sp = np.cos(pitch_rad), np.sin(pitch_rad)
    cr, sr = np.cos(roll_rad), np.sin(roll_rad)
    about_z = np.array([[cy, -sy, 0.0], [sy, cy, 0.0], [0.0, 0.0, 1.0]])
    about_y = np.array([[cp, 0.0, sp], [0.0, 1.0, 0.0], [-sp, 0.0, cp]])
    about_x = np.array([[1.0, 0.0, 0.0], [0.0, cr, -sr], [0.0, sr, cr]])
    return np.asarray(about_z @ about_y @ about_x)


@lru_cache(maxsize=64)
def _mounted(mount: Mount) -> FloatArray:
    """Camera-to-body rotation, 3×3."""
    turned = rotation(*np.deg2rad([mount.yaw_deg, mount.pitch_deg, mount.roll_deg]))
    turned.flags.writeable = False
    return turned


BODY_TO_OPTICAL = np.array([[0.0, -1.0, 0.0], [0.0, 0.0, -1.0], [1.0, 0.0, 0.0]])
"""ISO 8855 body axes (x forward, y left, z up) to optical axes (x right, y down, z forward)."""


class Projector:
    """Projects world points for one ego pose and one camera."""

    def __init__(self, camera: Camera, ego: EgoPose) -> None:
        mount = camera.mount
        self.camera = camera
        self.focal = np.array([camera.fx, camera.fy])
        self.principal = np.array([camera.cx, camera.cy])
        self.ego_rotation = rotation(ego.yaw_rad, ego.pitch_rad, ego.roll_rad)
        self.ego_origin = np.array([ego.x_m, ego.y_m, 0.0])
        self.position = self.ego_origin + self.ego_rotation @ np.array(
            [mount.x_m, mount.y_m, mount.z_m]
        )
        body = self.ego_rotation @ _mounted(mount)
        self.forward = body[:, 0]
        self.world_to_optical = BODY_TO_OPTICAL @ body.T

    def to_optical(self, points_m: npt.ArrayLike) -> FloatArray:
        """(..., 3) world points to optical coordinates (right, down, forward), metres."""
        return np.asarray((np.asarray(points_m, float) - self.position) @ self.world_to_optical.T)

    def to_world(self, ego_points_m: npt.ArrayLike) -> FloatArray:
        """(..., 3) points in the ego vehicle's frame to world coordinates."""
        return np.asarray(np.asarray(ego_points_m, float) @ self.ego_rotation.T + self.ego_origin)

    def to_pixels(self, optical_m: FloatArray) -> FloatArray:
        """(..., 3) optical points with forward > 0 to (..., 2) pixels (u right, v down)."""
        return np.asarray(optical_m[..., :2] / optical_m[..., 2:] * self.focal + self.principal)

    def polygon_pixels(self, points_m: npt.ArrayLike) -> FloatArray | None:
        """Pixels of one world polygon (N, 3), cut at the near plane; None if nothing is left."""
        return self.optical_polygon_pixels(self.to_optical(points_m))

    def polygons_pixels(self, polygons_m: Sequence[FloatArray]) -> list[FloatArray | None]:
        """The same for several polygons at once, which is faster."""
        optical = self.to_optical(np.concatenate(polygons_m))
        ends = np.cumsum([len(polygon) for polygon in polygons_m])
        kept, count = _cut(optical, ends)
        pixels = self.to_pixels(kept)
        stops = np.cumsum(count)[ends - 1].tolist()
        starts = [0, *stops[:-1]]
        return [
            pixels[start:stop] if stop > start else None
            for start, stop in zip(starts, stops, strict=True)
        ]

    def optical_polygon_pixels(self, optical_m: FloatArray) -> FloatArray | None:
        """Like ``polygon_pixels`` for a polygon that is already in optical coordinates."""
        depth = optical_m[:, 2]
        if depth.min() >= NEAR_M:
            return self.to_pixels(optical_m)
        if depth.max() <= NEAR_M:
            return None
        return self.to_pixels(cut_at_near_plane(optical_m))

    def horizon_row(self) -> float:
        """Image row of the horizon at the picture's centre column."""
        flat = self.forward.copy()
        flat[2] = 0.0
        optical = self.world_to_optical @ (flat / np.linalg.norm(flat))
        return float(self.camera.cy + self.camera.fy * optical[1] / optical[2])


@lru_cache(maxsize=16)
def projector_of(camera: Camera, ego: EgoPose) -> Projector:
    """The projection of one instant, for all who ask for it. Its arrays are not to be changed."""
    return Projector(camera, ego)


def cut_at_near_plane(optical_m: FloatArray) -> FloatArray:
    """Sutherland–Hodgman for the single plane forward = NEAR_M; (N, 3) to (M, 3)."""
    return _cut(optical_m, np.array([len(optical_m)]))[0]


def _cut(
    optical_m: FloatArray, ends: npt.NDArray[np.intp]
) -> tuple[FloatArray, npt.NDArray[np.intp]]:
    """The same for polygons one after the other, each up to its end; and how many points each
    corner gave."""
    before = np.arange(-1, len(optical_m) - 1)
    before[0], before[ends[:-1]] = ends[0] - 1, ends[1:] - 1
    inside = optical_m[:, 2] >= NEAR_M
    crosses = inside != inside[before]
    edges = np.flatnonzero(crosses)
    previous, own = optical_m[before[edges]], optical_m[edges]
    share = (NEAR_M - previous[:, 2]) / (own[:, 2] - previous[:, 2])
    # Each corner gives up to two points: where its edge crosses the plane, then itself.
    points = np.empty((len(optical_m), 2, 3))
    points[:, 1] = optical_m
    points[edges, 0] = previous + share[:, None] * (own - previous)
    kept = np.empty((len(optical_m), 2), np.bool_)
    kept[:, 0], kept[:, 1] = crosses, inside
    return np.asarray(points[kept]), crosses.astype(np.intp) + inside
