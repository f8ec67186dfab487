"""Sky, clouds and the distant skyline, painted once as a panorama and cropped for each frame."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from drag_edge.sim.painting.canvas import Canvas
from drag_edge.sim.render_look import Look, palette_of
from drag_edge.sim.road import SceneryKind
from drag_edge.sim.world import Weather

PANORAMA_WIDTH = 4096
PANORAMA_HEIGHT = 300
"""One pixel is 360°/4096 both ways; the last row is the horizon."""

PIXELS_PER_RAD = PANORAMA_WIDTH / (2.0 * np.pi)

Picture = npt.NDArray[np.uint8]


def smooth_noise(
    rng: np.random.Generator, height: int, width: int, cells: tuple[int, int]
) -> npt.NDArray[np.float32]:
    """Noise in −1…1 with about ``cells`` (rows, columns) features; wraps horizontally."""
    grid = rng.uniform(-1.0, 1.0, cells).astype(np.float32)
    grid = np.concatenate((grid, grid[:, :1]), axis=1)
    enlarged = cv2.resize(grid, (width + width // cells[1], height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(enlarged[:, :width], np.float32)


@lru_cache(maxsize=16)
def panorama(seed: int, weather: Weather, scenery: SceneryKind) -> Picture:
    """The sky all round, column 0 towards world azimuth π and azimuth falling to the right."""
    rng = np.random.default_rng([seed, 202])
    palette = palette_of(weather)
    share = np.linspace(0.0, 1.0, PANORAMA_HEIGHT, dtype=np.float32)[:, None, None] ** 1.5
    sky = (1.0 - share) * np.array(palette.zenith, np.float32)
    sky = sky + share * np.array(palette.horizon, np.float32)
    sky = np.repeat(sky, PANORAMA_WIDTH, axis=1)
    cover = rng.uniform(-0.5, 0.3) if weather.daylight != "overcast" else 0.2
    clouds = 0.65 * smooth_noise(rng, PANORAMA_HEIGHT, PANORAMA_WIDTH, (5, 24))
    clouds += 0.35 * smooth_noise(rng, PANORAMA_HEIGHT, PANORAMA_WIDTH, (14, 90))
    clouds = np.clip(clouds + cover, 0.0, 0.7)[..., None]
    cloud_colour = np.array([250.0, 248.0, 246.0], np.float32) * palette.brightness
    sky = sky * (1.0 - clouds) + cloud_colour * clouds
    if weather.daylight == "low_sun" and weather.precipitation == "clear":
        _add_sun(sky, weather.sun_azimuth_rad)
    picture: Picture = np.clip(sky, 0, 255).astype(np.uint8)
    _draw_skyline(picture, rng, weather, scenery)
    return picture


def _column_of(azimuth_rad: float) -> float:
    return float(((np.pi - azimuth_rad) % (2.0 * np.pi)) * PIXELS_PER_RAD)


def _add_sun(sky: npt.NDArray[np.float32], azimuth_rad: float) -> None:
    columns = np.arange(PANORAMA_WIDTH, dtype=np.float32) - _column_of(azimuth_rad)
    columns = (columns + PANORAMA_WIDTH / 2) % PANORAMA_WIDTH - PANORAMA_WIDTH / 2
    rows = np.arange(PANORAMA_HEIGHT, dtype=np.float32) - (PANORAMA_HEIGHT - 110)
    distance = np.hypot(columns[None, :], rows[:, None])
    glare = 190.0 * np.exp(-distance / 60.0) + 255.0 * (distance < 14.0)
    sky += glare[..., None] * np.array([0.75, 0.92, 1.0], np.float32)


def _draw_skyline(
    picture: Picture, rng: np.random.Generator, weather: Weather, scenery: SceneryKind
) -> None:
    palette = palette_of(weather)
    horizon = np.array(palette.horizon)
    columns = np.arange(0, PANORAMA_WIDTH + 1, 8)
    for layer in range(3):
        near = layer / 2.0
        base = np.array([95.0, 105.0, 88.0]) * rng.uniform(0.75, 1.1) * palette.brightness
        veil = np.clip((0.75 - 0.45 * near) + 350.0 / weather.visibility_m, 0.0, 1.0)
        colour = tuple((1.0 - veil) * base + veil * horizon)
        noise = smooth_noise(rng, 4, PANORAMA_WIDTH + 8, (4, int(rng.integers(9, 60))))[1]
        height = rng.uniform(6, 26) * (1.0 - 0.5 * near) * (1.0 + 0.8 * noise[columns])
        rows = PANORAMA_HEIGHT - np.maximum(height, 2.0)
        outline = np.stack((columns, rows), axis=1)
        corners = np.array([[PANORAMA_WIDTH, PANORAMA_HEIGHT], [0, PANORAMA_HEIGHT]])
        cv2.fillPoly(picture, [np.concatenate((outline, corners)).astype(np.int32)], colour)
    if scenery == "rural":
        return
    for column in rng.integers(0, PANORAMA_WIDTH, 70 if scenery == "city" else 25):
        width, height = int(rng.integers(14, 60)), int(rng.integers(10, 60))
        veil = float(np.clip(rng.uniform(0.35, 0.7) + 350.0 / weather.visibility_m, 0, 1))
        base = rng.uniform(70, 160) * np.ones(3) * palette.brightness
        colour = tuple((1.0 - veil) * base + veil * horizon)
        top = PANORAMA_HEIGHT - height
        cv2.rectangle(
            picture, (int(column), top), (int(column) + width, PANORAMA_HEIGHT), colour, -1
        )


def paint_background(canvas: Canvas, look: Look, scenery: SceneryKind, horizon_row: int) -> None:
    """Fill the picture above the horizon with the part of the panorama that the camera faces."""
    camera = canvas.projector.camera
    if horizon_row <= 0:
        return
    picture = panorama(look.seed, canvas.weather, scenery)
    forward = canvas.projector.forward
    azimuth = float(np.arctan2(forward[1], forward[0]))
    left = _column_of(azimuth + float(np.arctan(camera.cx / camera.fx)))
    right_angle = azimuth - float(np.arctan((camera.width - camera.cx) / camera.fx))
    span = (_column_of(right_angle) - left) % PANORAMA_WIDTH
    columns = int(np.ceil(span)) + 2
    first = int(left)
    top_angle = float(np.arctan(horizon_row / camera.fy))
    rows = min(PANORAMA_HEIGHT, int(np.ceil(top_angle * PIXELS_PER_RAD)) + 1)
    strip = picture[PANORAMA_HEIGHT - rows :]
    if first + columns <= PANORAMA_WIDTH:
        strip = strip[:, first : first + columns]
    else:
        rest = first + columns - PANORAMA_WIDTH
        strip = np.concatenate((strip[:, first:], strip[:, :rest]), axis=1)
    scale = camera.width / span
    enlarged_width = round(columns * scale)
    enlarged = cv2.resize(strip, (enlarged_width, horizon_row), interpolation=cv2.INTER_LINEAR)
    skip = min(round((left - first) * scale), enlarged_width - camera.width)
    canvas.image[:horizon_row] = enlarged[:, skip : skip + camera.width]
