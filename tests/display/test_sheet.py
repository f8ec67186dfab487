import numpy as np

from drag_edge.display.lettering import Lettering, Weight
from drag_edge.display.panels.kit import Kit, Slots
from drag_edge.display.sheet import Sheet


def sheet(width: float = 40, height: float = 20, scale: float = 1.0) -> Sheet:
    return Sheet(width, height, scale, Lettering())


def grey(value: int = 100) -> np.ndarray:
    return np.full((50, 80, 3), value, np.uint8)


def test_an_empty_sheet_changes_nothing() -> None:
    frame = grey()
    sheet().lay_over(frame, 5, 5)
    assert (frame == 100).all()


def test_opacity_mixes_colour_and_frame() -> None:
    painted = sheet()
    painted.polygon([(-5, -5), (60, -5), (60, 60), (-5, 60)], (200, 0, 100), 0.5)
    frame = grey()
    painted.lay_over(frame, 0, 0)
    np.testing.assert_allclose(frame[10, 20], (150, 50, 100), atol=1)
    assert (frame[30:, :] == 100).all()


def test_a_sheet_that_hangs_over_the_border_is_cut() -> None:
    for left, top in ((-20, -10), (70, 45), (-100, 0), (0, 200)):
        frame = grey()
        painted = sheet()
        painted.rounded(0, 0, 40, 20, 4, (255, 255, 255))
        painted.lay_over(frame, left, top)
        assert frame.shape == (50, 80, 3)


def test_text_lies_over_the_plate_and_stays_inside_it() -> None:
    painted = sheet()
    painted.text("88888888888888888", 0, 14, 10, (255, 255, 255), Weight.BOLD)
    assert painted.ink.max() == 255
    frame = grey(0)
    painted.lay_over(frame, 10, 10)
    assert frame[10:30, 10:50].max() == 255
    assert frame[:, 50:].max() == 0


def test_edges_are_soft() -> None:
    painted = sheet()
    painted.disc(20, 10, 7, (255, 255, 255))
    levels = np.unique(painted.ink)
    assert len(levels) > 10


def test_scale_gives_more_pixels() -> None:
    assert sheet(scale=2.0).ink.shape == (40, 80, 3)


def test_a_slot_is_rebuilt_only_when_its_values_change() -> None:
    slots, kit = Slots(), Kit(1.0, Lettering(), "km/h")
    first = slots.get("speed", 80, lambda: kit.sheet(10, 10))
    assert slots.get("speed", 80, lambda: kit.sheet(10, 10)) is first
    assert slots.get("speed", 81, lambda: kit.sheet(10, 10)) is not first
    assert slots.builds == 2


def test_speed_units() -> None:
    assert Kit(1.0, Lettering(), "km/h").speed(27.8) == 100
    assert Kit(1.0, Lettering(), "mph").speed(26.8224) == 60
    assert Kit(1.0, Lettering(), "mph").speed(None) is None
