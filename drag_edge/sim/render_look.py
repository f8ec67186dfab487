"""How a drive looks: colours of sky, ground and paint, and the camera's own flaws, by seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from drag_edge.sim.world import Daylight, Weather

Colour = tuple[float, float, float]
"""Blue, green, red; 0–255."""


@dataclass(frozen=True, slots=True)
class Look:
    """What stays the same over one drive. Made by ``look_from_seed``; fields may be replaced."""

    seed: int
    asphalt_level: float = 95.0
    """Grey level of dry asphalt by day."""
    paint_level: float = 220.0
    """Grey level of road paint by day; worn paint is darker."""
    texture_gain: float = 1.0
    terrain: Colour = (62.0, 112.0, 92.0)
    exposure: float = 1.0
    gamma: float = 1.0
    warmth: float = 0.0
    """Red gain minus blue gain of the white balance."""
    noise_level: float = 4.0
    """Standard deviation of the sensor noise in grey levels."""
    blur_px: float = 0.6
    bonnet: Colour | None = None
    """Colour of the ego bonnet where the front camera sees it."""
    bonnet_height: float = 0.1
    """Share of the picture's height that the bonnet covers."""


@dataclass(frozen=True, slots=True)
class Palette:
    """Light of one daylight kind: sky from zenith to horizon, and how bright things appear."""

    zenith: Colour
    horizon: Colour
    brightness: float
    sun_gain: float
    """Extra light on faces towards the sun."""
    lamps: bool
    """Vehicles and streets have their lamps on."""


PALETTES: dict[Daylight, Palette] = {
    "day": Palette((225, 160, 95), (235, 220, 200), 1.0, 0.28, False),
    "overcast": Palette((190, 185, 178), (215, 212, 208), 0.85, 0.06, False),
    "low_sun": Palette((205, 160, 120), (150, 205, 250), 0.9, 0.45, False),
    "dusk": Palette((95, 60, 45), (110, 115, 165), 0.45, 0.05, True),
}


def palette_of(weather: Weather) -> Palette:
    """The palette of this weather; rain and fog take colour and sun out of it."""
    palette = PALETTES[weather.daylight]
    if weather.precipitation == "clear":
        return palette
    grey = 205.0 * palette.brightness if weather.daylight != "dusk" else 95.0
    share = 0.75

    def dull(colour: Colour) -> Colour:
        return tuple((1.0 - share) * c + share * grey for c in colour)  # type: ignore[return-value]

    return Palette(
        dull(palette.zenith),
        dull(palette.horizon),
        palette.brightness * 0.92,
        palette.sun_gain * 0.2,
        True,
    )


def look_from_seed(seed: int) -> Look:
    """A look with every field drawn from ``seed``."""
    rng = np.random.default_rng([seed, 101])
    terrains: tuple[Colour, ...] = (
        (62, 112, 92),
        (58, 92, 70),
        (90, 140, 150),
        (105, 130, 140),
        (80, 120, 118),
    )
    terrain = terrains[int(rng.integers(len(terrains)))]
    bonnet: Colour | None = None
    if rng.random() < 0.3:
        level = rng.uniform(15, 190)
        bonnet = tuple(np.clip(level + rng.uniform(-25, 25, 3), 5, 230))
    return Look(
        seed=seed,
        asphalt_level=float(rng.uniform(70, 135)),
        paint_level=float(rng.uniform(185, 245)),
        texture_gain=float(rng.uniform(0.5, 1.5)),
        terrain=tuple(np.clip(np.array(terrain) * rng.uniform(0.85, 1.15), 0, 255)),
        exposure=float(rng.uniform(0.82, 1.15)),
        gamma=float(rng.uniform(0.9, 1.12)),
        warmth=float(rng.uniform(-0.06, 0.06)),
        noise_level=float(rng.uniform(1.5, 7.0)),
        blur_px=float(rng.uniform(0.4, 0.9)),
        bonnet=bonnet,
        bonnet_height=float(rng.uniform(0.06, 0.16)),
    )
