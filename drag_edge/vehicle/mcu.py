"""The serial link to a microcontroller: a command every 20 ms, its status back."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from drag_edge.adas.decision import Alert, Command, Decision, Mode
from drag_edge.config.serial_links import McuSettings
from drag_edge.events import Event
from drag_edge.perception.scene import Scene
from drag_edge.vehicle.dbc import drag_edge_dbc
from drag_edge.vehicle.mcu_frame import (
    FrameSplitter,
    FrameType,
    McuCommand,
    McuState,
    McuStatus,
    command_payload,
    frame_bytes,
    read_status,
)
from drag_edge.vehicle.outputs import Outputs
from drag_edge.vehicle.serial_port import Handle, SerialPort, open_serial

WRITE_TIMEOUT_S = 0.005  # a port that takes nothing must not hold its thread for a cycle
_LAST_FRAMES = 3  # the neutral end: one may be lost
_LAST_FRAME_GAP_S = 0.005
_CLOSING_S = 0.5
# A command that it does not act on must not come back as an old one: shorter than its own time-out.
_MOST_VALID_S = 0.2

_STARTING = McuCommand(Mode.INIT.value, 0)
_LATE = McuCommand(Mode.FALLBACK.value, 0)
_END = McuCommand(Mode.STANDBY.value, 0)


class McuLink:
    """Sends the newest published command and hears what becomes of it.

    `publish` may be called from any thread, `step` by one, every settings.period_s. As on the bus:
    before anything was published and once the command is too old, only neutral frames leave.
    Events (source: the port): mcu_lost and mcu_recovered once per change, mcu_fault with every
    status in which it says that it does not do what it is told.
    """

    def __init__(
        self,
        settings: McuSettings,
        now_s: float,
        on_event: Callable[[Event], None],
        open_port: Callable[[], Handle] | None = None,
    ) -> None:
        opener = open_port or (
            lambda: open_serial(settings.port, settings.baudrate, WRITE_TIMEOUT_S)
        )
        self._port = SerialPort(opener, settings.reopen_s, settings.reopen_longest_s)
        self._settings = settings
        self._on_event = on_event
        self._splitter = FrameSplitter()
        self._outputs: Outputs | None = None
        self._sequence = 0
        self._heard_s = now_s
        self._lost = False
        self._closed = threading.Event()
        self._using = threading.Lock()
        self.status: McuStatus | None = None
        self.sent = 0
        self.failed = 0

    @property
    def refused(self) -> int:
        """Damaged frames that arrived."""
        return self._splitter.refused

    @property
    def lost(self) -> bool:
        """Whether it has been silent for too long."""
        return self._lost

    def publish(self, scene: Scene, decision: Decision, command: Command) -> None:
        """Tell it this from now on."""
        self._outputs = Outputs(scene, decision, command)

    def step(self, now_s: float) -> None:
        """Read what it says, and send the next command."""
        with self._using:
            if self._closed.is_set():
                return
            opened = self._port.opened
            for frame in self._splitter.take(self._port.read(now_s)):
                status = read_status(frame.payload) if frame.type == FrameType.STATUS else None
                if status is not None:
                    self._hear(status, now_s)
            if self._closed.is_set():  # meanwhile
                self._port.close()
                return
            # Opening can take long: nothing that holds at now_s may leave after it.
            self._send(self._told(now_s if self._port.opened == opened else math.inf))
            self._notice_silence(now_s)

    def close(self) -> None:
        """Say neutral a last time, then nothing more; nothing at all where its port, while it is
        opened, holds the step. Idempotent.
        """
        closed = self._closed.is_set()
        self._closed.set()
        if closed or not self._using.acquire(timeout=_CLOSING_S):
            return
        try:
            for _ in range(_LAST_FRAMES):
                self._send(_END)
                time.sleep(_LAST_FRAME_GAP_S)
            self._port.close()
        finally:
            self._using.release()

    def _told(self, now_s: float) -> McuCommand:
        outputs = self._outputs
        if outputs is None:
            return _STARTING
        if not outputs.holds(now_s):
            return _LATE
        command, decision = outputs.command, outputs.decision
        return McuCommand(
            decision.mode.value,
            _alert_number(decision.alerts),
            command.actuation,
            command.accel_mps2 if command.actuation else None,
            command.aeb_decel_mps2 if command.actuation else None,
            command.curvature_1pm if command.actuation else None,
            min(command.valid_until_s - now_s, _MOST_VALID_S) if command.actuation else 0.0,
        )

    def _send(self, command: McuCommand) -> None:
        data = frame_bytes(FrameType.COMMAND, self._sequence, command_payload(command))
        self._sequence = (self._sequence + 1) % 256
        if self._port.write(data):
            self.sent += 1
        else:
            self.failed += 1

    def _hear(self, status: McuStatus, now_s: float) -> None:
        self.status = status
        self._heard_s = now_s
        if self._lost:
            self._lost = False
            self._emit("mcu_recovered", "its status arrives again", now_s)
        wrong = self._wrong(status)
        if wrong:
            self._emit("mcu_fault", wrong, now_s)

    def _wrong(self, status: McuStatus) -> str:
        if status.state is McuState.FAULT:
            return f"it reports faults 0x{status.faults:04x}"
        if status.state is McuState.TIMED_OUT:
            return "it has had no command in time"
        age_s = status.command_age_s
        if age_s is None or age_s > self._settings.timeout_s:
            return f"our commands do not reach it ({status.rejected} refused)"
        late_s = (self._sequence - 1 - status.acknowledged) % 256 * self._settings.period_s
        if late_s > self._settings.timeout_s:
            return f"it acts on commands {late_s:.1f} s old: its port is too slow, or stood still"
        return ""

    def _notice_silence(self, now_s: float) -> None:
        if self._lost or now_s - self._heard_s <= self._settings.timeout_s:
            return
        self._lost = True
        self.status = None
        why = self._port.last_error or f"no status for {self._settings.timeout_s:g} s"
        self._emit("mcu_lost", why, now_s)

    def _emit(self, name: str, detail: str, now_s: float) -> None:
        self._on_event(Event(name, self._settings.port, detail, now_s))


def _alert_number(alerts: Sequence[Alert]) -> int:
    """The number that the most urgent alert has on the bus, 0 for none."""
    first = max(alerts, key=lambda alert: alert.priority, default=None)
    numbers = _alert_numbers()
    return 0 if first is None else numbers.get(first.name.upper(), numbers["OTHER"])


@lru_cache(maxsize=1)
def _alert_numbers() -> Mapping[str, int]:
    signal = drag_edge_dbc().get_message_by_name("ALERT").get_signal_by_name("AlertId")
    return {str(label): int(number) for number, label in (signal.choices or {}).items()}
