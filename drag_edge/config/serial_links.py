"""`vehicle.mcu` and `vehicle.gnss`: what hangs on serial ports beside the bus."""

from __future__ import annotations

from pydantic import Field

from drag_edge.config.base import Section, quantity


class SerialSettings(Section):
    """A serial port that may be pulled out."""

    port: str = Field(
        ...,
        description="Best by /dev/serial/by-id/…, which survives plugging it in elsewhere",
        min_length=1,
    )
    reopen_s: float = quantity(
        0.2, "s", "A port that is gone is opened again; wait after the first try", gt=0, le=60
    )
    reopen_longest_s: float = quantity(
        1.0, "s", "That wait doubles with each try, up to this", gt=0, le=60
    )


class McuSettings(SerialSettings):
    """A microcontroller that moves the actuators; the frames are those of docs/mcu.md."""

    baudrate: int = quantity(
        115_200, "bit/s", "Of the port; USB ports ignore it", ge=9_600, le=4_000_000
    )
    period_s: float = quantity(0.02, "s", "A command leaves this often", ge=0.005, le=0.1)
    timeout_s: float = quantity(
        0.2, "s", "No status from it for this long: it counts as lost", gt=0, le=5
    )


class GnssSettings(SerialSettings):
    """A GNSS receiver that sends NMEA 0183: its speed is held against the vehicle's own."""

    baudrate: int = quantity(9_600, "bit/s", "Of the port", ge=4_800, le=921_600)
    timeout_s: float = quantity(
        1.5, "s", "A speed older than this is unknown; receivers send 1 to 10 a second", gt=0, le=10
    )
    latency_s: float = quantity(
        0.15, "s", "From the moment of a fix until its sentence arrives", ge=0, le=1
    )
