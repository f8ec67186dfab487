"""TensorRT's entropy calibrator (up to TensorRT 10) over our pictures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from drag_edge.errors import InvalidConfigError
from drag_edge.inference.building.calibration import Calibration, write_cache
from drag_edge.inference.building.pictures import Picture, pictures
from drag_edge.inference.preprocess import Preprocessor

if TYPE_CHECKING:
    from drag_edge.inference.cuda import Gpu


class Feed:
    """Pictures on their way into the calibrator, one at a time. Free it with `close`.

    failure: what went wrong, if something did: TensorRT gets the end of the pictures instead,
    because an exception must not pass through it. count: pictures that were used.
    """

    def __init__(self, gpu: Gpu, calibration: Calibration) -> None:
        self.failure: Exception | None = None
        self.count = 0
        self._gpu = gpu
        self._calibration = calibration
        spec = calibration.spec
        self._host = gpu.pinned(spec.shape, spec.dtype)
        self._device = gpu.allocate(self._host.array.nbytes)
        self._preprocessor = Preprocessor(calibration.recipe, self._host.array)
        self._pictures: Iterator[Picture] = iter(())
        if calibration.pictures is not None:
            self._pictures = pictures(calibration.pictures, calibration.most)

    @property
    def cached(self) -> bytes | None:
        """Ranges of an earlier build."""
        return self._calibration.cached

    @property
    def source(self) -> str:
        """Where the pictures lie, or lay when the cached ranges were found."""
        return self._calibration.key.source

    def next_batch(self, names: list[str]) -> list[int] | None:
        """The address of the next picture, None at the end or after a failure."""
        if self.failure is not None:
            return None
        try:
            return self._next(names)
        except Exception as error:  # noqa: BLE001 - told after the build, see `failure`
            self.failure = error
            return None

    def keep(self, data: bytes) -> None:
        """Remember the ranges for the next build, unless they are of half of the pictures."""
        if self.failure is not None:
            return
        try:
            write_cache(self._calibration.file, self._calibration.key, data)
        except Exception as error:  # noqa: BLE001 - told after the build, see `failure`
            self.failure = error

    def close(self) -> None:
        """Free the memory."""
        self._device.free()
        self._host.free()

    def _next(self, names: list[str]) -> list[int] | None:
        name = self._calibration.spec.name
        if list(names) != [name]:
            raise InvalidConfigError(f"TensorRT asks for {names}, the only input is {name}")
        picture = next(self._pictures, None)
        if picture is None:
            return None
        self._preprocessor.fill(picture)
        self._gpu.copy_in(self._device.pointer, self._host.array)
        self._gpu.synchronise()
        self.count += 1
        return [self._device.pointer]


def make_calibrator(trt: Any, feed: Feed) -> Any:
    """An IInt8EntropyCalibrator2 over `feed`, which it has as an attribute."""

    class Calibrator(trt.IInt8EntropyCalibrator2):  # type: ignore[misc]
        """Called by TensorRT."""

        def __init__(self) -> None:
            trt.IInt8EntropyCalibrator2.__init__(self)
            self.feed = feed

        def get_batch_size(self) -> int:
            """One picture at a time."""
            return 1

        def get_batch(self, names: list[str]) -> list[int] | None:
            """Device addresses in the order of `names`, None at the end."""
            return feed.next_batch(names)

        def read_calibration_cache(self) -> bytes | None:
            """What an earlier build found."""
            return feed.cached

        def write_calibration_cache(self, cache: Any) -> None:
            """What this build found."""
            feed.keep(bytes(memoryview(cache)))

    return Calibrator()
