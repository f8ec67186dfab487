import string

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drag_edge.display.alphabet import GLYPHS
from drag_edge.display.lettering import Lettering, Weight, ascent_px, draw_glyph

PRINTABLE = [c for c in string.printable if c.isprintable()]


def test_every_printable_ascii_character_has_a_glyph() -> None:
    assert [c for c in PRINTABLE if c not in GLYPHS] == []


def test_no_two_characters_look_the_same() -> None:
    drawn = {c: draw_glyph(c, 24, Weight.REGULAR).tobytes() for c in GLYPHS}
    twins = len(drawn) - len(set(drawn.values()))
    assert twins == 0


@pytest.mark.parametrize("capital_px", [8, 12, 46])
@pytest.mark.parametrize("weight", list(Weight))
def test_capitals_stand_on_the_base_line_and_are_as_high_as_asked(
    capital_px: int, weight: Weight
) -> None:
    rows = np.flatnonzero(draw_glyph("H", capital_px, weight).max(axis=1) > 100)
    assert rows[0] == ascent_px(capital_px) - capital_px
    assert rows[-1] == ascent_px(capital_px) - 1


def test_digits_are_equally_wide() -> None:
    lettering = Lettering()
    widths = {lettering.mask(d * 3, 14, Weight.BOLD).shape[1] for d in "023456789"}
    assert max(widths) - min(widths) <= 1


def test_a_string_is_rendered_once() -> None:
    lettering = Lettering()
    first = lettering.mask("34 m", 12, Weight.BOLD)
    assert lettering.mask("34 m", 12, Weight.BOLD) is first


def test_old_strings_are_forgotten() -> None:
    lettering = Lettering(capacity=2)
    first = lettering.mask("a", 12, Weight.BOLD)
    lettering.mask("b", 12, Weight.BOLD)
    lettering.mask("c", 12, Weight.BOLD)
    assert lettering.mask("a", 12, Weight.BOLD) is not first


@given(text=st.text(max_size=30), capital_px=st.integers(6, 60))
@settings(max_examples=60, deadline=None)
def test_any_text_at_any_size_gives_a_mask(text: str, capital_px: int) -> None:
    mask = Lettering().mask(text, capital_px, Weight.REGULAR)
    assert mask.dtype == np.uint8
    assert mask.shape[0] > capital_px
    assert mask.shape[1] >= 1
