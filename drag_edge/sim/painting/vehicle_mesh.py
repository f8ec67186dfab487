"""Car and truck bodies as flat polygons in the vehicle's own frame, by size and seed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np

from drag_edge.sim.reference_line import FloatArray
from drag_edge.sim.render_look import Colour

Part = Literal[
    "paint", "glass", "trim", "tyre", "plate", "headlamp", "tail", "brake", "left", "right"
]
Corner = tuple[float, float, float]
Rectangle = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Polygon:
    """``start``/``end`` index the mesh's points; ``detail`` parts are skipped far away."""

    start: int
    end: int
    part: Part
    colour: Colour
    detail: bool


@dataclass(frozen=True, slots=True)
class Face:
    """A flat side with its outward normal; its polygons are painted in order."""

    normal: Corner
    centre: Corner
    polygons: tuple[Polygon, ...]


@dataclass(frozen=True, slots=True, eq=False)
class VehicleMesh:
    """``points_m`` (N, 3) in the vehicle's frame: footprint centre on the ground, x forward."""

    points_m: FloatArray
    faces: tuple[Face, ...]


CAR_COLOURS: tuple[Colour, ...] = (
    (235, 235, 235),
    (40, 38, 36),
    (150, 150, 152),
    (95, 95, 98),
    (45, 40, 160),
    (140, 70, 30),
    (70, 90, 50),
    (60, 110, 150),
    (190, 200, 205),
    (110, 60, 20),
    (30, 130, 190),
    (25, 25, 90),
)
GLASS: Colour = (62.0, 52.0, 44.0)
TRIM: Colour = (34.0, 34.0, 34.0)
TYRE: Colour = (24.0, 24.0, 25.0)
RIM: Colour = (140.0, 140.0, 142.0)
PLATE: Colour = (225.0, 232.0, 232.0)
LAMP_GLASS: Colour = (215.0, 220.0, 220.0)
TAIL_RED: Colour = (45.0, 35.0, 165.0)


class _Builder:
    """Collects points and faces."""

    def __init__(self) -> None:
        self.points: list[FloatArray] = []
        self.count = 0
        self.faces: list[Face] = []

    def _add(self, points: FloatArray, part: Part, colour: Colour, detail: bool) -> Polygon:
        start = self.count
        self.points.append(points)
        self.count += len(points)
        return Polygon(start, self.count, part, colour, detail)

    def face(
        self,
        corners: tuple[Corner, Corner, Corner, Corner],
        part: Part,
        colour: Colour,
        details: tuple[tuple[Rectangle, Part, Colour], ...] = (),
        extra: tuple[tuple[FloatArray, Part, Colour], ...] = (),
    ) -> None:
        """Corners seen from outside: bottom left, bottom right, top right, top left.

        ``details`` are rectangles (u0, v0, u1, v1) in shares of the face; ``extra`` are
        polygons that already have their points.
        """
        quad = np.array(corners)
        normal = np.cross(quad[1] - quad[0], quad[3] - quad[0])
        normal /= np.linalg.norm(normal)
        polygons = [self._add(quad, part, colour, False)]
        for (u0, v0, u1, v1), kind, shade in details:
            shares = np.array([(u0, v0), (u1, v0), (u1, v1), (u0, v1)])
            polygons.append(self._add(_on_quad(quad, shares), kind, shade, kind == "trim"))
        for points, kind, shade in extra:
            polygons.append(self._add(points, kind, shade, False))
        centre = quad.mean(axis=0)
        self.faces.append(Face(tuple(normal), tuple(centre), tuple(polygons)))

    def mesh(self) -> VehicleMesh:
        return VehicleMesh(np.concatenate(self.points), tuple(self.faces))


def _on_quad(quad: FloatArray, shares: FloatArray) -> FloatArray:
    u, v = shares[:, :1], shares[:, 1:]
    bottom = (1 - u) * quad[0] + u * quad[1]
    top = (1 - u) * quad[3] + u * quad[2]
    return np.asarray((1 - v) * bottom + v * top)


def _wheel(x_m: float, y_m: float, radius_m: float, share: float) -> FloatArray:
    angle = np.linspace(0.0, 2.0 * np.pi, 12, endpoint=False)
    r = radius_m * share
    x = x_m + r * np.cos(angle)
    z = radius_m + r * np.sin(angle)
    return np.column_stack((x, np.full_like(x, y_m), z))


@lru_cache(maxsize=256)
def car_mesh(length_m: float, width_m: float, height_m: float, seed: int) -> VehicleMesh:
    """A saloon, hatchback, estate or van, chosen by seed."""
    rng = np.random.default_rng([seed, 505])
    paint = CAR_COLOURS[int(rng.integers(len(CAR_COLOURS)))]
    paint = tuple(np.clip(np.array(paint) * rng.uniform(0.85, 1.1), 0, 255))
    half, w, h = 0.5 * length_m, 0.5 * width_m, height_m
    rear_deck = float(rng.choice([0.16, 0.03, 0.02]))
    bonnet = float(rng.uniform(0.2, 0.28))
    belt = h * rng.uniform(0.56, 0.63)
    sill = h * rng.uniform(0.13, 0.2)
    taper = rng.uniform(0.78, 0.92)
    rear, front = -half + rear_deck * length_m, half - bonnet * length_m
    roof_rear = rear + rng.uniform(0.03, 0.12) * length_m
    roof_front = front - rng.uniform(0.1, 0.17) * length_m
    b = _Builder()
    lamp_low = rng.uniform(0.5, 0.62)
    lamp_wide = rng.uniform(0.13, 0.24)
    b.face(
        ((-half, w, sill), (-half, -w, sill), (-half, -w, belt), (-half, w, belt)),
        "paint",
        paint,
        (
            ((0.0, 0.0, 1.0, 0.24), "trim", TRIM),
            ((0.03, lamp_low, 0.03 + lamp_wide, 0.93), "tail", TAIL_RED),
            ((0.97 - lamp_wide, lamp_low, 0.97, 0.93), "tail", TAIL_RED),
            ((0.05, lamp_low, 0.05 + 0.5 * lamp_wide, 0.72), "left", TAIL_RED),
            ((0.95 - 0.5 * lamp_wide, lamp_low, 0.95, 0.72), "right", TAIL_RED),
            ((0.36, 0.4, 0.64, 0.56), "plate", PLATE),
        ),
    )
    b.face(
        ((half, -w, sill), (half, w, sill), (half, w, belt * 0.86), (half, -w, belt * 0.86)),
        "paint",
        paint,
        (
            ((0.0, 0.0, 1.0, 0.22), "trim", TRIM),
            ((0.26, 0.42, 0.74, 0.85), "trim", TRIM),
            ((0.02, 0.58, 0.24, 0.9), "headlamp", LAMP_GLASS),
            ((0.76, 0.58, 0.98, 0.9), "headlamp", LAMP_GLASS),
            ((0.03, 0.45, 0.12, 0.56), "right", LAMP_GLASS),
            ((0.88, 0.45, 0.97, 0.56), "left", LAMP_GLASS),
            ((0.36, 0.26, 0.64, 0.4), "plate", PLATE),
        ),
    )
    for side in (1.0, -1.0):
        y = side * w
        low = ((half, y, sill), (-half, y, sill), (-half, y, belt), (half, y, belt * 0.86))
        corners = low if side > 0 else (low[1], low[0], low[3], low[2])
        radius = 0.215 * h
        wheels: list[tuple[FloatArray, Part, Colour]] = []
        for x in (-0.3 * length_m, 0.31 * length_m):
            wheels.append((_wheel(x, y * 1.005, radius * 1.12, 1.0), "trim", TRIM))
            wheels.append((_wheel(x, y * 1.01, radius, 1.0), "tyre", TYRE))
            wheels.append((_wheel(x, y * 1.015, radius, 0.6), "tyre", RIM))
        b.face(
            corners,
            "paint",
            paint,
            (((0.0, 0.0, 1.0, 0.15), "trim", TRIM), ((0.49, 0.15, 0.497, 1.0), "trim", TRIM)),
            tuple(wheels),
        )
    b.face(
        ((front, -w, belt), (half, -w, belt * 0.86), (half, w, belt * 0.86), (front, w, belt)),
        "paint",
        paint,
    )
    b.face(((-half, -w, belt), (rear, -w, belt), (rear, w, belt), (-half, w, belt)), "paint", paint)
    _cabin(b, paint, (rear, front, roof_rear, roof_front), (0.97 * w, taper * w), (belt, h))
    return b.mesh()


def _cabin(
    b: _Builder,
    paint: Colour,
    stations: tuple[float, float, float, float],
    half_widths: tuple[float, float],
    heights: tuple[float, float],
) -> None:
    """Windows and roof: ``stations`` = belt rear, belt front, roof rear, roof front."""
    rear, front, roof_rear, roof_front = stations
    w, t = half_widths
    belt, top = heights
    b.face(
        ((rear, w, belt), (rear, -w, belt), (roof_rear, -t, top), (roof_rear, t, top)),
        "paint",
        paint,
        (((0.08, 0.12, 0.92, 0.9), "glass", GLASS), ((0.42, 0.91, 0.58, 0.98), "brake", TAIL_RED)),
    )
    b.face(
        ((front, -w, belt), (front, w, belt), (roof_front, t, top), (roof_front, -t, top)),
        "paint",
        paint,
        (((0.05, 0.04, 0.95, 0.93), "glass", GLASS),),
    )
    for side in (1.0, -1.0):
        low = (
            (front, side * w, belt),
            (rear, side * w, belt),
            (roof_rear, side * t, top),
            (roof_front, side * t, top),
        )
        corners = low if side > 0 else (low[1], low[0], low[3], low[2])
        b.face(
            corners,
            "paint",
            paint,
            (((0.07, 0.1, 0.48, 0.88), "glass", GLASS), ((0.52, 0.1, 0.93, 0.88), "glass", GLASS)),
        )
    b.face(
        ((roof_rear, -t, top), (roof_front, -t, top), (roof_front, t, top), (roof_rear, t, top)),
        "paint",
        paint,
    )


@lru_cache(maxsize=128)
def truck_mesh(length_m: float, width_m: float, height_m: float, seed: int) -> VehicleMesh:
    """A box lorry: cargo body behind, cab in front."""
    rng = np.random.default_rng([seed, 606])
    cargo: Colour = tuple(np.clip(rng.uniform(90, 240) + rng.uniform(-40, 40, 3), 20, 250))
    cab = CAR_COLOURS[int(rng.integers(len(CAR_COLOURS)))]
    half, w, h = 0.5 * length_m, 0.5 * width_m, height_m
    deck = rng.uniform(0.95, 1.15)
    cab_rear = half - max(1.6, 0.22 * length_m)
    b = _Builder()
    b.face(
        ((-half, w, 0.45), (-half, -w, 0.45), (-half, -w, deck), (-half, w, deck)),
        "trim",
        TRIM,
        (
            ((0.04, 0.5, 0.17, 0.85), "tail", TAIL_RED),
            ((0.83, 0.5, 0.96, 0.85), "tail", TAIL_RED),
            ((0.18, 0.5, 0.23, 0.85), "left", TAIL_RED),
            ((0.77, 0.5, 0.82, 0.85), "right", TAIL_RED),
            ((0.4, 0.45, 0.6, 0.75), "plate", PLATE),
        ),
        (
            (_tyre_block(-half + 0.9, w, 0.52), "tyre", TYRE),
            (_tyre_block(-half + 0.9, -w + 0.5, 0.52), "tyre", TYRE),
        ),
    )
    b.face(
        ((-half, w, deck), (-half, -w, deck), (-half, -w, h), (-half, w, h)),
        "paint",
        cargo,
        (((0.49, 0.02, 0.505, 0.98), "trim", TRIM), ((0.0, 0.0, 1.0, 0.03), "trim", TRIM)),
    )
    stripe = rng.uniform(0.3, 0.7)
    for side in (1.0, -1.0):
        y = side * w
        box = ((cab_rear - 0.15, y, deck), (-half, y, deck), (-half, y, h), (cab_rear - 0.15, y, h))
        under = ((cab_rear, y, 0.5), (-half, y, 0.5), (-half, y, deck), (cab_rear, y, deck))
        door = ((half, y, 0.5), (cab_rear, y, 0.5), (cab_rear, y, 0.88 * h), (half, y, 0.88 * h))
        order = (0, 1, 2, 3) if side > 0 else (1, 0, 3, 2)
        wheels: list[tuple[FloatArray, Part, Colour]] = []
        for x in (-half + 0.9, -half + 2.0, cab_rear + 0.9):
            wheels.append((_wheel(x, y * 1.005, 0.5, 1.0), "tyre", TYRE))
            wheels.append((_wheel(x, y * 1.01, 0.5, 0.5), "tyre", RIM))
        b.face(
            tuple(box[i] for i in order),  # type: ignore[arg-type]
            "paint",
            cargo,
            (((0.1, stripe, 0.9, stripe + 0.12), "paint", cab),),
        )
        b.face(
            tuple(door[i] for i in order),  # type: ignore[arg-type]
            "paint",
            cab,
            (((0.2, 0.55, 0.8, 0.88), "glass", GLASS),),
        )
        b.face(
            tuple(under[i] for i in order),  # type: ignore[arg-type]
            "trim",
            TRIM,
            (),
            tuple(wheels),
        )
    b.face(
        ((half, -w, 0.4), (half, w, 0.4), (half, w, 0.88 * h), (half, -w, 0.88 * h)),
        "paint",
        cab,
        (
            ((0.04, 0.5, 0.96, 0.85), "glass", GLASS),
            ((0.2, 0.2, 0.8, 0.42), "trim", TRIM),
            ((0.0, 0.0, 1.0, 0.1), "trim", TRIM),
            ((0.04, 0.12, 0.2, 0.22), "headlamp", LAMP_GLASS),
            ((0.8, 0.12, 0.96, 0.22), "headlamp", LAMP_GLASS),
            ((0.02, 0.24, 0.08, 0.3), "right", LAMP_GLASS),
            ((0.92, 0.24, 0.98, 0.3), "left", LAMP_GLASS),
            ((0.4, 0.1, 0.6, 0.16), "plate", PLATE),
        ),
    )
    front = cab_rear - 0.15
    b.face(((front, -w, deck), (front, w, deck), (front, w, h), (front, -w, h)), "paint", cargo)
    return b.mesh()


def _tyre_block(x_m: float, y_m: float, height_m: float) -> FloatArray:
    return np.array(
        [(x_m, y_m, 0.0), (x_m, y_m - 0.5, 0.0), (x_m, y_m - 0.5, height_m), (x_m, y_m, height_m)]
    )
