"""The camera's own part of a picture: bonnet, flank, rain, exposure, blur and noise."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from drag_edge.sim.camera import EGO_REAR_OVERHANG_M, EGO_WIDTH_M, Projector
from drag_edge.sim.painting.canvas import Canvas
from drag_edge.sim.reference_line import FloatArray
from drag_edge.sim.render_look import Look

NOISE_PX = 512
FLANK_INSET_M = 0.1


def bonnet_outline(projector: Projector, look: Look) -> FloatArray | None:
    """Pixels (N, 2) of the ego bonnet in a camera that faces forward, or None."""
    camera = projector.camera
    if look.bonnet is None or camera.mount.x_m < 0 or abs(camera.mount.yaw_deg) > 45:
        return None
    return _bonnet(camera.width, camera.height, look.bonnet_height)


@lru_cache(maxsize=16)
def _bonnet(width: int, height: int, share: float) -> FloatArray:
    u = np.linspace(-0.02, 1.02, 15)
    rise = 1.0 - np.abs(2.0 * u - 1.0) ** 2.5
    v = height * (1.0 - share * (0.35 + 0.65 * rise))
    edge = np.column_stack((u * width, v))
    corners = np.array([[1.02 * width, height + 2.0], [-0.02, height + 2.0]])
    outline = np.concatenate((edge, corners))
    outline.flags.writeable = False
    return outline


def flank_outline(
    projector: Projector, low_m: float = 0.2, high_m: float = 1.45
) -> FloatArray | None:
    """Pixels (N, 2) of the ego's own side in a camera that looks back, or None.

    Lies inside the widest point of the body: sides lean in and mirrors stand out.
    """
    mount = projector.camera.mount
    if abs(mount.yaw_deg) <= 90:
        return None
    y = np.copysign(0.5 * EGO_WIDTH_M - FLANK_INSET_M, mount.y_m)
    rear, lean = -EGO_REAR_OVERHANG_M, np.copysign(0.1 * max(0.0, high_m - 1.0), mount.y_m)
    side = np.array(
        [
            (1.95, y, low_m),
            (rear, y, low_m),
            (rear + 0.5 * max(0.0, high_m - 1.0), y - lean, high_m),
            (1.95, y - lean, high_m),
        ]
    )
    return projector.polygon_pixels(projector.to_world(side))


def paint_ego_parts(canvas: Canvas, look: Look) -> None:
    """The parts of the ego vehicle that its cameras see."""
    bonnet = bonnet_outline(canvas.projector, look)
    if bonnet is not None and look.bonnet is not None:
        canvas.fill_pixels(bonnet, canvas.lit(look.bonnet, 0.8))
        sheen = bonnet[2:13] + np.array([0.0, 0.012 * canvas.projector.camera.height])
        pixels = np.round(sheen * 16).astype(np.int32)
        gloss = canvas.lit(tuple(0.6 * c + 80.0 for c in look.bonnet), 0.9)  # type: ignore[arg-type]
        cv2.polylines(canvas.image, [pixels], False, gloss, 3, cv2.LINE_AA, 4)
    whole = flank_outline(canvas.projector)
    lower = flank_outline(canvas.projector, high_m=0.95)
    if whole is not None and lower is not None:
        paint = look.bonnet if look.bonnet is not None else (120.0, 118.0, 116.0)
        canvas.fill_pixels(whole, canvas.lit((50.0, 46.0, 42.0)))
        canvas.fill_pixels(lower, canvas.lit(paint, 0.75))


def paint_rain(canvas: Canvas, rng: np.random.Generator) -> None:
    """Streaks in the air and a few drops on the glass."""
    height, width = canvas.image.shape[:2]
    level = 200.0 * canvas.palette.brightness
    count = width // 10
    x, y = rng.uniform(0, width, count), rng.uniform(0, height, count)
    length = rng.uniform(8, 30, count) * height / 720
    streaks = np.stack((x, y, x - 0.12 * length, y + length), axis=1)
    lines = np.round(streaks * 16).astype(np.int32).reshape(-1, 2, 2)
    overlay_colour = (level, level, level)
    cv2.polylines(canvas.image, list(lines), False, overlay_colour, 1, cv2.LINE_AA, 4)
    for _ in range(14):
        radius = int(rng.uniform(4, 13) * height / 720) + 2
        u = int(rng.integers(radius, width - radius))
        v = int(rng.integers(radius, height - radius))
        patch = canvas.image[v - radius : v + radius, u - radius : u + radius]
        mask = np.zeros(patch.shape[:2], np.uint8)
        cv2.circle(mask, (radius, radius), radius, 255, -1)
        drop = cv2.convertScaleAbs(cv2.blur(patch, (9, 9))[::-1], alpha=0.95, beta=6)
        cv2.copyTo(drop, mask, patch)


@lru_cache(maxsize=4)
def _noise_tile(height: int, width: int) -> npt.NDArray[np.uint8]:
    rng = np.random.default_rng(909)
    shape = (height + NOISE_PX, width + NOISE_PX, 3)
    noise = rng.standard_normal(shape, np.float32) * 16.0 + 128.0
    return np.asarray(np.clip(noise, 0, 255).astype(np.uint8))


@lru_cache(maxsize=16)
def _response(exposure: float, gamma: float, warmth: float) -> npt.NDArray[np.uint8]:
    """Tone curve (1, 256, 3) from scene brightness to grey levels."""
    scene = (np.arange(256) / 255.0)[:, None]
    gains = exposure * np.array([1.0 - warmth, 1.0, 1.0 + warmth])
    levels = np.clip(255.0 * np.clip(scene * gains, 0.0, 1.0) ** gamma, 0, 255)
    return np.asarray(levels.astype(np.uint8)[None], np.uint8)


def finish_picture(canvas: Canvas, look: Look, rng: np.random.Generator) -> None:
    """Blur, exposure and noise, in place."""
    image = canvas.image
    height, width = image.shape[:2]
    if look.blur_px >= 0.4:
        cv2.GaussianBlur(image, (3, 3), look.blur_px, dst=image)
    cv2.LUT(image, _response(look.exposure, look.gamma, look.warmth), dst=image)
    row, column = rng.integers(0, NOISE_PX, 2)
    tile = _noise_tile(height, width)[row : row + height, column : column + width]
    gain = look.noise_level / 16.0
    cv2.addWeighted(image, 1.0, tile, gain, -128.0 * gain, dst=image)
