"""The bus as the rest of the room sees it: frames in and out, logged, its failures as events."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import can

from drag_edge.clock import Clock
from drag_edge.config.vehicle import CanInterface, CanSettings
from drag_edge.errors import CannotCreateError, UnavailableError
from drag_edge.events import Event
from drag_edge.vehicle.adapters import SocketcanAdapter, VirtualAdapter, refuse_if_dead
from drag_edge.vehicle.health import BusHealth
from drag_edge.vehicle.log import FrameLog
from drag_edge.vehicle.losses import SendLosses
from drag_edge.vehicle.retry import Retry
from drag_edge.vehicle.slcan import SlcanBus

SEND_TIMEOUT_S = 0.002  # a full transmit queue or a stuck serial port must not hold the sender
_LAST_FRAME_TRIES = 5
_MOST_ERROR_FRAMES = 100  # in one call: a bus that reports nothing else must not hold the reader
_CLOSING_S = 0.5  # an adapter that hangs must not hold the end

OpenAdapter = Callable[[CanSettings], can.BusABC]


class VehicleBus:
    """A python-can bus that counts failures instead of raising, and logs both directions.

    Frames that we send are never received. `transmit` and `receive` may be called from different
    threads, each from one. A bus that counts as off is closed and opened again by `retry`, in the
    thread that sends; without it, it stays as it is. opening_restarts: that also restarts a
    controller that went bus-off; otherwise only it can say that it works again. Whatever an adapter
    raises counts as its failure: its libraries are many, and the sender must live on.
    """

    def __init__(
        self,
        bus: can.BusABC,
        health: BusHealth,
        log: FrameLog | None,
        clock: Clock,
        retry: Retry[can.BusABC] | None = None,
        losses: SendLosses | None = None,
        opening_restarts: bool = False,
    ) -> None:
        self.health = health
        self._opening_restarts = opening_restarts
        self._losses = losses
        self._bus: can.BusABC | None = bus
        self._log = log
        self._clock = clock
        self._retry = retry
        self._swapping = threading.Lock()

    def transmit(self, message: can.Message) -> bool:
        """Send one frame; False when it could not leave (the failure is counted)."""
        try:
            if self._bus is None:
                raise can.CanOperationError("the adapter is gone")
            self._bus.send(message, timeout=SEND_TIMEOUT_S)
        except Exception as error:  # noqa: BLE001 - counted, told, and ended by opening it again
            now_s = self._clock.now_s()
            self.health.failed(error, now_s)
            self._count(False, now_s)
            if self.health.off:
                self._reopen(now_s)
            return False
        now_s = self._clock.now_s()
        self.health.worked(now_s)
        self._count(True, now_s)
        if self.health.off:
            return False
        if self._retry is not None:
            self._retry.worked()
        self._write(message, False)
        return True

    def transmit_surely(self, message: can.Message) -> bool:
        """Send one frame, waiting a little where the transmit queue is full.

        For the last frames before silence: a kernel's queue holds fewer than a whole set.
        """
        for _ in range(_LAST_FRAME_TRIES - 1):
            if self.transmit(message):
                return True
            time.sleep(SEND_TIMEOUT_S)
        return self.transmit(message)

    def receive(self) -> can.Message | None:
        """The next frame of others that is waiting, None when there is none. Does not block."""
        for _ in range(_MOST_ERROR_FRAMES):
            try:
                with self._swapping:
                    message = None if self._bus is None else self._bus.recv(timeout=0)
            except Exception as error:  # noqa: BLE001 - counted; the signals' time-outs tell it
                self.health.could_not_read(error)
                return None
            if message is None:
                return None
            if not message.is_error_frame:
                self.health.controller_works()
                self._write(message, True)
                return message
            self.health.error_frame(message.arbitration_id, self._clock.now_s())
        return None

    def shutdown(self) -> None:
        """Close the log and the bus: in this order, for the log can be relied on."""
        if self._log is not None:
            self._log.close()
        self._close()

    def _reopen(self, now_s: float) -> None:
        if self._retry is None or not self._retry.due(now_s):
            return
        self._close()
        try:
            self._bus = self._retry.open()
        except Exception as error:  # noqa: BLE001 - counted, and tried again
            self.health.failed(error, now_s)
            return
        if self._opening_restarts:
            self.health.controller_works()

    def _close(self) -> None:
        swapping = self._swapping.acquire(timeout=_CLOSING_S)  # a reader that hangs has it for ever
        bus, self._bus = self._bus, None
        try:
            if bus is not None:
                bus.shutdown()
        except Exception as error:  # noqa: BLE001 - counted; it is let go of all the same
            self.health.failed(error, self._clock.now_s())
        finally:
            if swapping:
                self._swapping.release()

    def _count(self, left: bool, now_s: float) -> None:
        if self._losses is None:
            return
        if self.health.off:
            self._losses.forget()
        elif left:
            self._losses.left(now_s, self.health.last_error)
        else:
            self._losses.failed()

    def _write(self, message: can.Message, received: bool) -> None:
        if self._log is not None:
            self._log.write(message, received, self._clock.now_s())


def open_bus(
    settings: CanSettings,
    clock: Clock,
    on_event: Callable[[Event], None],
    open_adapter: OpenAdapter | None = None,
) -> VehicleBus:
    """Open the bus of the YAML; open_adapter: how, when not as usual.

    Raises UnavailableError when it does not exist or is down, CannotCreateError when the log
    cannot be written.
    """
    open_adapter = open_adapter if open_adapter is not None else open_usual
    try:
        bus = open_adapter(settings)
    except (can.CanError, OSError, ValueError, ImportError) as error:
        raise UnavailableError(_why(settings, error)) from error
    # The log second: a bus that is not there must not cost the log of the drive before.
    log = None
    if settings.log is not None:
        try:
            log = FrameLog(settings.log, settings.channel, settings.log_flush_s, clock, on_event)
        except CannotCreateError:
            bus.shutdown()
            raise
    health = BusHealth(settings.channel, settings.bus_off_after_s, on_event)
    retry = Retry(lambda: open_adapter(settings), settings.reopen_s, settings.reopen_longest_s)
    losses = SendLosses(settings.channel, settings.send_fault_share, on_event)
    # The kernel's controllers restart by themselves (restart-ms), not with a new socket.
    restarts = settings.interface is not CanInterface.SOCKETCAN
    return VehicleBus(bus, health, log, clock, retry, losses, restarts)


def open_usual(settings: CanSettings) -> can.BusABC:
    """The adapter that the YAML names. Raises what python-can raises."""
    if settings.interface is CanInterface.SLCAN:
        return SlcanBus(
            settings.channel,
            settings.serial_baudrate,
            settings.bitrate,
            settings.serial_open_wait_s,
        )
    if settings.interface is CanInterface.SOCKETCAN:
        refuse_if_dead(settings.channel)
        return SocketcanAdapter(settings.channel)
    return VirtualAdapter(settings.channel)


def _why(settings: CanSettings, error: Exception) -> str:
    where = f"{settings.interface.value} {settings.channel}"
    if settings.interface is CanInterface.SOCKETCAN:
        channel, bitrate = settings.channel, settings.bitrate
        remedy = (
            f"list the interfaces with `ip -details link show type can`, and bring it up with "
            f"`sudo ip link set {channel} up type can bitrate {bitrate} "
            f"restart-ms 100`"
        )
    elif settings.interface is CanInterface.SLCAN:
        remedy = (
            "plug in the adapter, name its port (`ls -l /dev/serial/by-id`), and be in the group "
            "dialout; or set vehicle.can.interface"
        )
    else:
        remedy = "choose another vehicle.can.interface"
    return f"CAN bus {where} cannot be opened: {error}. What to do: {remedy}"
