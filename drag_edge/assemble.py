"""Settings → a daemon, ready to run. The only place that knows which part is real."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from drag_edge.clock import Clock, SystemClock, VirtualClock
from drag_edge.config.cameras import CameraSettings
from drag_edge.config.root import Settings
from drag_edge.errors import InvalidConfigError
from drag_edge.events import Event, EventBox
from drag_edge.frames.address import Address, Kind, parse_address

if TYPE_CHECKING:
    from drag_edge.daemon import Daemon
    from drag_edge.faults.fault import Fault
    from drag_edge.faults.plan import FaultPlan
    from drag_edge.frames.feed import Feed
    from drag_edge.frames.source import LiveSource, RecordedSource
    from drag_edge.perception.calibration_store import CalibrationStore
    from drag_edge.perception.perceive import Perception
    from drag_edge.sim.session import SimSession

OnEvent = Callable[[Event], None]


@contextmanager
def assembled(
    settings: Settings,
    *,
    headless: bool = False,
    faults: Sequence[Fault] = (),
    before_load: Callable[[], None] = lambda: None,
    stop: threading.Event | None = None,
) -> Iterator[tuple[Daemon, SimSession | None]]:
    """Build every part in the order in which it must come up, and close them in reverse.

    The second value is the simulated drive, whose truth a report or a test may read.

    The bus comes first: its receivers must hear that we are starting before the slow parts load.
    faults: broken on purpose, see drag_edge/faults. before_load: see ModelPool.
    stop: heeded while cameras are opened, see LiveFeed.
    """
    addresses = {
        name: parse_address(camera.source, Path.cwd()) for name, camera in settings.cameras.items()
    }
    clock = make_clock(settings, addresses)
    events = EventBox()
    # OpenCV's own threads only get in the way of the engines' and of the sender's.
    cv2.setNumThreads(1)
    with ExitStack() as stack:
        from drag_edge.faults.plan import FaultPlan
        from drag_edge.vehicle.bus import open_usual
        from drag_edge.vehicle.link import VehicleLink

        plan = FaultPlan(faults, settings, clock)
        vehicle = VehicleLink(settings.vehicle, clock, events.put, plan.adapter(open_usual))
        stack.callback(vehicle.close)

        from drag_edge.daemon import Daemon
        from drag_edge.display.show import Show
        from drag_edge.frames.watch import CameraWatch
        from drag_edge.inference.pool import ModelPool
        from drag_edge.parts import Parts
        from drag_edge.perception.camera import CameraModel
        from drag_edge.perception.perceive import Perception
        from drag_edge.service.device_watch import DeviceWatch

        session = _session(settings, addresses, clock, stack)
        feed = make_feed(settings, addresses, clock, session, events.put, plan, stop)
        stack.callback(feed.close)
        pool = ModelPool(settings.models, clock, events.put, before_load=before_load)
        stack.callback(pool.close)
        roles = {name: camera.role for name, camera in settings.cameras.items()}
        cameras = {
            name: CameraModel.from_settings(settings.cameras[name], width, height)
            for name, (width, height) in feed.sizes_px().items()
        }
        store = _calibrations(settings, clock, events.put)
        known = {} if store is None else store.load()
        perception = Perception(settings.perception, cameras, roles, settings.body, known)
        if store is not None:
            stack.callback(_keep(store, perception, settings.perception.calibration.save_s, clock))
        show = Show(
            settings.display,
            cameras,
            settings.body,
            roles,
            headless,
            events.put,
            lossless=isinstance(clock, VirtualClock),
            time_s=clock.now_s(),
        )
        stack.callback(show.close)
        device = None
        if isinstance(clock, SystemClock):
            # A recorded drive must not depend on this machine's heat.
            device = DeviceWatch(settings.adas.monitor.device, events.put)
            asking = clock.every(settings.adas.monitor.device.period_s, device.step, "device")
            stack.callback(asking.stop)
        watch = CameraWatch(
            settings.cameras, settings.adas.monitor, settings.run.frame_timeout_s, clock.now_s()
        )
        parts = Parts(
            clock, events, feed, watch, plan.pool(pool), perception, vehicle, show, store, device
        )
        yield Daemon(parts, settings), session


def make_clock(settings: Settings, addresses: Mapping[str, Address]) -> Clock:
    """The machine's clock when any camera is live; else one that the recordings move."""
    if any(address.live for address in addresses.values()):
        return SystemClock()
    return VirtualClock(pace=settings.run.pace)


def make_feed(
    settings: Settings,
    addresses: Mapping[str, Address],
    clock: Clock,
    session: SimSession | None,
    on_event: OnEvent,
    plan: FaultPlan,
    stop: threading.Event | None = None,
) -> Feed:
    """All cameras. Raises RecordingError for one that cannot be opened, CameraError when no live
    one can, StoppedError when stop is set meanwhile."""
    from drag_edge.frames.backoff import Backoff
    from drag_edge.frames.feed import LiveFeed, RecordedFeed
    from drag_edge.frames.reader import CameraReader

    def recording(name: str) -> RecordedSource:
        return _recording(name, settings.cameras[name], addresses[name], clock, session)

    if isinstance(clock, VirtualClock):
        sources = [plan.recording(recording(name)) for name in settings.cameras]
        return plan.feed(RecordedFeed(sources, clock, settings.run.simulated_latency_s))

    def live(name: str, camera: CameraSettings) -> LiveSource:
        from drag_edge.frames.live import OpenCvCamera
        from drag_edge.frames.paced import PacedRecording

        address = parse_address(camera.source, Path.cwd())
        if address.live:
            return OpenCvCamera(name, address, camera, clock)
        return PacedRecording(lambda: recording(name), clock)

    def reader(name: str, camera: CameraSettings, arrived: threading.Condition) -> CameraReader:
        source = plan.camera(name, live(name, camera))
        rng = np.random.default_rng([settings.run.seed, *name.encode()])
        backoff = Backoff(camera.retry_s, camera.retry_longest_s, rng)
        size_px = expected_size_px(camera)
        return CameraReader(
            name, source, clock, on_event, arrived, expected_px=size_px, backoff=backoff
        )

    return plan.feed(LiveFeed(settings.cameras, reader, stop=stop))


def expected_size_px(camera: CameraSettings) -> tuple[int, int]:
    """Width and height to count on for a camera that has not opened yet."""
    if camera.width is not None and camera.height is not None:
        return camera.width, camera.height
    lens = camera.intrinsics
    return (0, 0) if isinstance(lens, Path) else (lens.width, lens.height)


def _recording(
    name: str,
    camera: CameraSettings,
    address: Address,
    clock: Clock,
    session: SimSession | None,
) -> RecordedSource:
    from drag_edge.frames.recording import ImageFolder, VideoFile

    if session is not None and address.kind is Kind.SIMULATION:
        from drag_edge.sim.source import SimSource

        return SimSource(session, name, camera)
    if address.kind is Kind.IMAGE_FOLDER:
        return ImageFolder(name, Path(address.target), camera.fps, clock.now_s())
    return VideoFile(name, Path(address.target), clock.now_s())


def _calibrations(settings: Settings, clock: Clock, on_event: OnEvent) -> CalibrationStore | None:
    """Where calibrations are kept; None when they are not."""
    folder = settings.perception.calibration.folder
    if folder is None:
        return None
    from drag_edge.perception.calibration_store import CalibrationStore

    mounts = {name: camera.mount for name, camera in settings.cameras.items()}
    return CalibrationStore(folder, mounts, clock.now_s, on_event)


def _keep(
    store: CalibrationStore, perception: Perception, every_s: float, clock: Clock
) -> Callable[[], None]:
    """Save what perception learns now and then; the way to stop saves a last time."""

    def save(_: float) -> None:
        store.save(perception.calibrations)

    saving = clock.every(every_s, save, "calibration")

    def stop() -> None:
        saving.stop()
        store.save(perception.calibrations)

    return stop


def _session(
    settings: Settings, addresses: Mapping[str, Address], clock: Clock, stack: ExitStack
) -> SimSession | None:
    """The simulation that the sim:// cameras look at, started, on the virtual bus's other end."""
    simulated = [a.target for a in addresses.values() if a.kind is Kind.SIMULATION]
    if not simulated:
        return None
    names = {target for target in simulated if target}
    if len(names) != 1:
        raise InvalidConfigError(
            "cameras: one of the sim:// cameras names the scenario (sim://highway) and the others "
            f"name the same or none (sim://); here: {', '.join(sorted(names)) or 'none named'}"
        )
    import can

    from drag_edge.sim.scenario_files import load_scenario
    from drag_edge.sim.session import SimSession

    scenario = load_scenario(names.pop())
    bus = stack.enter_context(can.Bus(interface="virtual", channel=settings.vehicle.can.channel))
    session = SimSession(scenario, clock, bus, settings.run.seed)
    stack.callback(session.close)
    session.start()
    return session
