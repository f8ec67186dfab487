"""Where everything goes, in layout units, for a picture of any size."""

from __future__ import annotations

from dataclasses import dataclass

from drag_edge.display.panels import bird, statistics
from drag_edge.display.panels.kit import CLUSTER_HEIGHT

REFERENCE_WIDTH = 1280.0
REFERENCE_HEIGHT = 720.0
SMALLEST_SCALE = 0.4
WIDEST_ENLARGED_PX = 1920.0
MARGIN = 16.0
CLUSTER_WIDTH = 640.0
TALLEST_INSET = 0.24


def enlargement(width_px: int, height_px: int) -> float:
    """How much a small picture must grow for its text to be legible; 1 for 720p and larger."""
    fitting = max(REFERENCE_WIDTH / width_px, REFERENCE_HEIGHT / height_px)
    return max(1.0, min(fitting, WIDEST_ENLARGED_PX / width_px))


@dataclass(frozen=True, slots=True)
class Layout:
    """Pixel size of the picture, pixels per unit, and the places of the panels."""

    width_px: int
    height_px: int
    scale: float
    width: float
    height: float

    @classmethod
    def of(cls, width_px: int, height_px: int) -> Layout:
        """1280 × 720 units fit into the picture; what is left over widens the gaps."""
        scale = min(width_px / REFERENCE_WIDTH, height_px / REFERENCE_HEIGHT)
        scale = max(SMALLEST_SCALE, scale)
        return cls(width_px, height_px, scale, width_px / scale, height_px / scale)

    def px(self, x: float, y: float) -> tuple[int, int]:
        """Units to whole pixels."""
        return round(x * self.scale), round(y * self.scale)

    @property
    def mode(self) -> tuple[float, float]:
        """Top left corner of the mode panel."""
        return MARGIN, MARGIN

    @property
    def signals(self) -> tuple[float, float]:
        """Top left corner of the traffic light panel."""
        return MARGIN, MARGIN + 96.0

    @property
    def parking(self) -> tuple[float, float]:
        """Top left corner of the parking panel, below a light and a stop line."""
        return MARGIN, MARGIN + 224.0

    @property
    def watermark(self) -> tuple[float, float]:
        """Top left corner of the camera's name and time."""
        return self.width - MARGIN - statistics.WIDTH, MARGIN

    @property
    def statistics(self) -> tuple[float, float]:
        """Top left corner of the numbers."""
        return self.width - MARGIN - statistics.WIDTH, MARGIN + 27.0

    @property
    def cluster(self) -> tuple[float, float]:
        """Middle of the cluster's upper edge."""
        return self.width / 2, self.height - CLUSTER_HEIGHT - 4.0

    @property
    def banner(self) -> tuple[float, float]:
        """Middle of the alert banner's upper edge."""
        return self.width / 2, 22.0

    @property
    def notice(self) -> tuple[float, float]:
        """Middle of the upper edge of what says how old the picture is."""
        return self.width / 2, 0.32 * self.height

    def bird(self, above: float) -> tuple[float, float]:
        """Top left corner of the bird's-eye view; above: height of the numbers over it, units.

        It hides sky and trees there; lower down it would hide the traffic on the right.
        """
        return self.width - MARGIN - bird.WIDTH, self.statistics[1] + above + 8.0

    def inset_size_px(self, share: float, aspect: float) -> tuple[int, int]:
        """Pixels of a side picture; aspect: width over height. Cluster and road stay free."""
        free = (self.width - CLUSTER_WIDTH) / 2 - 2 * MARGIN
        highest = TALLEST_INSET * self.height * aspect
        width = max(48.0, min(share * self.width, free, highest)) * self.scale
        return round(width), max(1, round(width / aspect))
