from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drag_edge.errors import UsageError
from drag_edge.inference.building.profiles import decide_profiles, parse_shape

SHAPES = st.lists(st.integers(1, 9999), min_size=1, max_size=5).map(tuple)


@given(st.text(min_size=1, max_size=20), SHAPES)
def test_one_shape_is_all_three(name: str, shape: tuple[int, ...]) -> None:
    assert parse_shape(f"{name}={'x'.join(map(str, shape))}") == (name, (shape, shape, shape))


def test_three_shapes_go_up() -> None:
    assert parse_shape("a:b=c=1x3:2x3:4x3") == ("a:b=c", ((1, 3), (2, 3), (4, 3)))
    for wrong in ("1x3", "=1x3", "a=", "a=1x", "a=0x3", "a=1:2", "a=2:1:3", "a=1x3:1:1", "a=1x-3"):
        with pytest.raises(ValueError, match=r"expected|differ|invalid"):
            parse_shape(wrong)


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        _, (low, best, high) = parse_shape(text)
    except ValueError:
        return
    assert all(0 < a <= b <= c for a, b, c in zip(low, best, high, strict=True))


def test_what_the_onnx_fixes_needs_no_profile() -> None:
    inputs = {"images": (1, 3, 32, 64)}
    assert decide_profiles(inputs, {}, (9, 9)) == {}
    size = (1, 3, 32, 64)
    assert decide_profiles(inputs, {"images": (size, size, size)}, None) == {}


def test_the_metadata_fill_what_is_open() -> None:
    shape = (1, 3, 32, 64)
    assert decide_profiles({"images": (-1, 3, -1, 64)}, {}, (99, 32)) == {
        "images": (shape, shape, shape)
    }


def test_what_nobody_says_or_does_not_fit_is_a_mistake() -> None:
    size = (1, 3, 32, 64)
    with pytest.raises(UsageError, match="--shape images="):
        decide_profiles({"images": (1, 3, -1, -1)}, {}, None)
    with pytest.raises(UsageError, match="--shape length="):
        decide_profiles({"length": (1, -1)}, {}, (64, 32))
    with pytest.raises(UsageError, match=r"is 1×1×\?×\? in the ONNX"):
        decide_profiles({"images": (1, 1, -1, -1)}, {"images": (size, size, size)}, None)
    with pytest.raises(UsageError, match="no input 'image'; its inputs: images"):
        decide_profiles({"images": (1, 3, -1, -1)}, {"image": (size, size, size)}, None)
