"""Pictures that a stuck camera or encoder sends again: nothing is measured in them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from drag_edge.inference.results import Perceived


def without_repeats(
    perceived: Mapping[str, Perceived], repeating: Collection[str]
) -> Mapping[str, Perceived]:
    """What the models said, but nothing of the cameras in `repeating`, as if none had been due.

    Tracks then go on by themselves and fade. Measured again and again, an old picture would freeze
    every distance, and the first new one would look like a car that brakes.
    """
    again = {
        camera: replace(perceived[camera], results={})
        for camera in repeating
        if camera in perceived
    }
    return {**perceived, **again} if again else perceived
