"""The vehicle's bus: the adapter, the log, and where the vehicle says how it moves."""

from __future__ import annotations

from enum import Enum
from pathlib import Path

from pydantic import Field, model_validator

from drag_edge.config.base import Section, input_file, output_file, quantity
from drag_edge.config.serial_links import GnssSettings, McuSettings

LOG_KINDS = (".log", ".asc", ".blf")
SLCAN_BITRATES = (10_000, 20_000, 50_000, 100_000, 125_000, 250_000, 500_000, 750_000, 1_000_000)


class CanInterface(str, Enum):
    """How the bus is reached."""

    SOCKETCAN = "socketcan"
    SLCAN = "slcan"
    VIRTUAL = "virtual"


class Protection(str, Enum):
    """What proves that a frame of the vehicle is whole and new."""

    NONE = "none"
    E2E_P02 = "e2e_p02"


class CanSettings(Section):
    """The adapter and the log."""

    interface: CanInterface = Field(
        CanInterface.VIRTUAL,
        description=(
            "socketcan (the kernel's, e.g. a Jetson's own controller), slcan (a serial adapter), "
            "or virtual (inside this process: laptop, simulation)"
        ),
    )
    channel: str = Field(
        "drag_edge",
        description="socketcan: the interface (can0); slcan: the serial port (/dev/ttyACM0)",
        min_length=1,
    )
    bitrate: int = quantity(
        500_000,
        "bit/s",
        "Of the bus. Set by the daemon for slcan only; socketcan's is set with `ip link`",
        ge=10_000,
        le=1_000_000,
    )
    serial_baudrate: int = quantity(
        115_200, "bit/s", "Of the serial port of an slcan adapter", ge=9_600, le=4_000_000
    )
    serial_open_wait_s: float = quantity(
        0.1,
        "s",
        "Wait after opening an slcan adapter's port; those that restart then (Arduino) need 2 s",
        ge=0,
        le=10,
    )
    log: Path | None = output_file(
        None,
        "Write every frame, sent and received, here: .log (candump), .asc or .blf; the one of the "
        "run before is kept as ….previous; one of seconds after a longer one as ….short",
    )
    log_flush_s: float = quantity(
        1.0, "s", "The log reaches the disk at least this often", gt=0, le=60
    )
    bus_off_after_s: float = quantity(
        0.1, "s", "No frame could be sent for this long: the bus counts as off", gt=0, le=10
    )
    send_fault_share: float = quantity(
        0.1,
        "1",
        "More than this share of a second's frames could not be sent: nobody may act on the bus",
        gt=0,
        le=1,
    )
    reopen_s: float = quantity(
        0.2, "s", "A bus that is off is closed and opened again; wait after the first try", gt=0
    )
    reopen_longest_s: float = quantity(
        1.0, "s", "That wait doubles with each try, up to this", gt=0, le=60
    )

    replay: Path | None = input_file(
        None,
        "Virtual bus only: put the received frames of this log (.log, .asc, .blf) on the bus at "
        "their own times, so that a recorded drive brings its own speed",
    )
    replay_channel: str | None = Field(
        None, description="Only the log's frames of this channel, e.g. can0; none takes all"
    )
    replay_start_s: float = quantity(
        0.0, "s", "Where in the log the drive starts, after its first frame", ge=0
    )

    @model_validator(mode="after")
    def _logs_are_of_a_known_kind(self) -> CanSettings:
        for key, file in (("log", self.log), ("replay", self.replay)):
            if file is not None and file.suffix.lower() not in LOG_KINDS:
                raise ValueError(f"{key}: a file that ends in .log (candump), .asc or .blf")
        return self

    @model_validator(mode="after")
    def _interface_can_do_it(self) -> CanSettings:
        if self.replay is not None and self.interface is not CanInterface.VIRTUAL:
            raise ValueError("replay: only with interface virtual, never onto a real bus")
        if self.interface is CanInterface.SLCAN and self.bitrate not in SLCAN_BITRATES:
            known = ", ".join(str(bitrate) for bitrate in SLCAN_BITRATES)
            raise ValueError(f"bitrate: one that slcan adapters know ({known})")
        return self


class SignalSettings(Section):
    """Where one thing is found on the vehicle's bus."""

    message: str = Field(..., description="The message's name in the DBC", min_length=1)
    signal: str = Field(..., description="The signal's name in that message", min_length=1)
    timeout_s: float | None = quantity(
        None,
        "s",
        "Unknown when not received for this long; none takes the section's",
        gt=0,
        le=3600,
    )
    invalid: tuple[float | str, ...] = Field(
        (),
        json_schema_extra={"unit": "1"},
        description=(
            "Values or labels of the signal by which the vehicle says that it does not know"
        ),
    )


class NumberSignal(SignalSettings):
    """A measured quantity: value = ±((signal + plus) · scale + offset), then from `unit` to SI."""

    plus: str | None = Field(
        None,
        description="A second signal of the same message to be added, e.g. the angle's fraction",
    )
    unit: str | None = Field(
        None,
        description=(
            "Unit after scale and offset (km/h, deg, deg/s, % …); none takes the DBC's own unit, "
            "or SI where `scale` is given"
        ),
    )
    scale: float | None = quantity(None, "1", "Factor on the DBC's physical value")
    offset: float = quantity(0.0, "1", "Added after the factor")
    invert: bool = Field(False, description="Turn the sign: for signals that are right positive")


class SwitchSignal(SignalSettings):
    """Something that is on or off; on is any value but 0 unless told otherwise."""

    on: tuple[float | str, ...] | None = Field(
        None,
        json_schema_extra={"unit": "1"},
        description="The values, or labels of the DBC's value table, that mean on",
    )
    above: float | None = quantity(None, "1", "On above this value (a pressure, a torque)")
    invert: bool = Field(False, description="On means off, as for a signal named ..._RELEASED")

    @model_validator(mode="after")
    def _one_rule(self) -> SwitchSignal:
        if self.on is not None and self.above is not None:
            raise ValueError("either `on` or `above`, not both")
        return self


class ChoiceSignal(SignalSettings):
    """A choice of the driver: 1, 2, 3 …"""

    values: dict[str, int] = Field(
        default_factory=dict,
        json_schema_extra={"unit": "1"},
        description=(
            "What the vehicle sends (a number or a label of the value table) and which choice "
            "that is, e.g. {LONG: 3, MEDIUM: 2, SHORT: 1}; empty takes the number as it is"
        ),
    )


class EgoSettings(Section):
    """What the vehicle says about itself; whatever is not mapped stays unknown."""

    dbc: Path = input_file(..., "The DBC file of the vehicle's own bus")
    timeout_s: float = quantity(
        0.5,
        "s",
        "A signal not received for this long is unknown; where the DBC states its message's cycle "
        "time, also after ten cycles",
        gt=0,
        le=3600,
    )
    protection: Protection = Field(
        Protection.NONE,
        description=(
            "e2e_p02: take frames of the mapped messages only with a right CRC and counter "
            "(AUTOSAR E2E profile 2)"
        ),
    )
    data_ids: dict[str, str] = Field(
        default_factory=dict,
        description=(
            "E2E data-ID list of a message as 32 hex digits; a message that is not named here has "
            "the list that drag_edge's own rule gives its identifier"
        ),
    )
    speed: NumberSignal | None = Field(None, description="Speed over ground")
    accel: NumberSignal | None = Field(None, description="Longitudinal acceleration")
    yaw_rate: NumberSignal | None = Field(None, description="Yaw rate, left positive")
    steering_wheel_angle: NumberSignal | None = Field(
        None, description="Angle of the steering wheel, left positive"
    )
    driver_torque: NumberSignal | None = Field(
        None, description="The driver's torque on the wheel, left positive"
    )
    accelerator: NumberSignal | None = Field(None, description="Accelerator pedal, 0 to 1")
    brake_pressed: SwitchSignal | None = Field(None, description="The driver brakes")
    indicator_left: SwitchSignal | None = Field(None, description="Left indicator")
    indicator_right: SwitchSignal | None = Field(None, description="Right indicator")
    acc_enabled: SwitchSignal | None = Field(None, description="The driver wants ACC")
    set_speed: NumberSignal | None = Field(None, description="The driver's set speed")
    gap_setting: ChoiceSignal | None = Field(
        None, description="The driver's choice of the gap, 1 is the shortest"
    )
    hands_on: SwitchSignal | None = Field(None, description="The driver's hands are on the wheel")
    resume: SwitchSignal | None = Field(
        None, description="The button that calls ACC back after a brake or a longer stop"
    )
    reverse: SwitchSignal | None = Field(None, description="The reverse gear is engaged")

    @model_validator(mode="after")
    def _data_ids_are_whole(self) -> EgoSettings:
        for message, digits in self.data_ids.items():
            try:
                whole = len(bytes.fromhex(digits)) == 16
            except ValueError:
                whole = False
            if not whole:
                raise ValueError(f"data_ids: 16 bytes as 32 hex digits for {message}")
        return self


class VehicleSettings(Section):
    """The vehicle's bus."""

    can: CanSettings = Field(CanSettings(), description="The adapter and the log")
    ego: EgoSettings | None = Field(
        None, description="What the vehicle says about itself; without it, speed is unknown"
    )
    mcu: McuSettings | None = Field(
        None, description="A microcontroller on a serial port that gets our commands too"
    )
    gnss: GnssSettings | None = Field(
        None, description="A GNSS receiver whose speed is held against the vehicle's own"
    )
