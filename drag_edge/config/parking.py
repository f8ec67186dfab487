"""`perception.parking`: parked vehicles and the gaps between them, while driving past."""

from __future__ import annotations

from pydantic import Field

from drag_edge.config.base import Section, quantity


class ParkingSettings(Section):
    """What the cameras to the side measure of parked vehicles."""

    enabled: bool = Field(True, description="Measure gaps between parked vehicles")
    max_speed_mps: float = quantity(
        8.5, "m/s", "Faster than this nothing new is measured", gt=0, le=15
    )
    memory_m: float = quantity(
        40.0, "m", "What lies further back along the way driven is forgotten", ge=10, le=200
    )
    max_lateral_m: float = quantity(
        4.0, "m", "Parked vehicles further beside the own body do not count", gt=0.5, le=8
    )
    edge_sigma_px: float = quantity(1.5, "px", "Scatter of a box' edge", gt=0, le=20)
    edge_sigma_share: float = quantity(0.015, "1", "… and as a share of the box", ge=0, le=0.2)
    slant_sigma: float = quantity(
        0.02, "1", "An edge seen askew lies wrong by this share of how far ahead it is", ge=0, le=1
    )
    odometry_sigma_share: float = quantity(
        0.005, "1", "Error of the distance driven, as a share of it", ge=0, le=0.1
    )
    odometry_noise_m: float = quantity(
        0.01, "m", "Error of where a picture was taken, beside that of the others", ge=0, le=0.5
    )
    confirm_frames: int = quantity(
        4, "1", "A vehicle counts from this many pictures on", ge=2, le=50
    )
    free_looks: int = quantity(
        3, "1", "A place is free when this many pictures showed it empty", ge=1, le=50
    )
    misfit: float = quantity(
        3.0, "1", "Residuals beyond this many σ (r.m.s.): it does not stand still", gt=1, le=20
    )
    foot_tolerance: float = quantity(
        0.25, "1", "Distance by its foot and by the own motion may differ by this share", gt=0, le=1
    )
    turned_below_m: float = quantity(
        2.9, "m", "A vehicle shorter than this along the road stands across it", gt=1, le=4
    )
