"""The overlay's colours, BGR. One meaning each, the same on the road, in boxes and in panels."""

from __future__ import annotations

Colour = tuple[int, int, int]

INK: Colour = (250, 250, 246)  # text that must be read
SOFT: Colour = (205, 200, 192)  # text that may be read
FAINT: Colour = (140, 134, 126)  # units, captions, what is off
DARK: Colour = (92, 86, 80)  # parts that are not lit
PLATE: Colour = (30, 24, 20)  # behind text
EDGE: Colour = (96, 86, 78)  # hairlines of plates

TEAL: Colour = (196, 214, 62)  # the system is in control: lead, own lane, active states
BLUE: Colour = (255, 178, 84)  # information, standby
GREEN: Colour = (118, 214, 104)  # measured and fine
AMBER: Colour = (48, 184, 255)  # attention
RED: Colour = (72, 66, 246)  # act now
VIOLET: Colour = (255, 132, 214)  # vulnerable road users
STEEL: Colour = (226, 216, 200)  # other vehicles

LAMP_RED: Colour = (70, 70, 255)
LAMP_YELLOW: Colour = (60, 210, 255)
LAMP_GREEN: Colour = (130, 235, 90)
LAMP_DARK: Colour = (58, 54, 50)


TTC_URGENT_S = 2.5
TTC_CAUTION_S = 5.0


def ttc_colour(ttc_s: float | None) -> Colour:
    """Teal without hurry, then amber, then red."""
    if ttc_s is None or ttc_s >= TTC_CAUTION_S:
        return TEAL
    return RED if ttc_s < TTC_URGENT_S else AMBER


def mixed(a: Colour, b: Colour, share: float) -> Colour:
    """a when share is 0, b when it is 1."""
    return (
        round(a[0] + (b[0] - a[0]) * share),
        round(a[1] + (b[1] - a[1]) * share),
        round(a[2] + (b[2] - a[2]) * share),
    )
