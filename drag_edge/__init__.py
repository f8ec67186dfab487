"""drag_edge: from cameras to CAN, on the edge of a vehicle."""

__version__ = "0.1.0"
