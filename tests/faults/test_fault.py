"""How a person writes a fault down, and what is said when it cannot be meant."""

from __future__ import annotations

import contextlib
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drag_edge.faults.fault import KINDS, Fault, FaultError, Part, check_targets, fault_of
from drag_edge.faults.fault import parse_fault as parse


def test_a_fault_in_full() -> None:
    fault = parse("drop:front@5+2.5,share=0.3")
    assert fault == Fault("drop", 5.0, 2.5, "front", {"share": 0.3})
    assert fault.at(5.0)
    assert fault.at(7.49)
    assert not fault.at(7.5)
    assert fault.hits("front")
    assert not fault.hits("left")


def test_without_a_length_it_lasts_and_without_a_target_it_hits_all() -> None:
    fault = parse("freeze@1")
    assert fault.end_s == math.inf
    assert fault.hits("anything")
    assert fault.parameters == {}


def test_a_mapping_says_the_same_as_a_line() -> None:
    values = {"kind": "delay", "target": "front", "start_s": 1, "seconds": 2, "by_s": 0.2}
    assert fault_of(values) == parse("delay:front@1+2,by_s=0.2")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_reads_back_what_it_prints(kind: str) -> None:
    target = "x" if KINDS[kind].part in (Part.CAMERA, Part.MODEL, Part.MESSAGE) else None
    fault = Fault(kind, 1.5, 2.0, target, dict(KINDS[kind].parameters))
    assert parse(str(fault)) == fault


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("freze:front@5", "did you mean freeze"),
        ("bus-of@5", "did you mean bus_off"),
        ("explode@1", "the kinds are freeze, black"),
        ("freeze:front", "KIND"),
        ("freeze:front@soon", "'soon' is no number"),
        ("freeze:front@-1", "start"),
        ("freeze:front@1+0", "length"),
        ("freeze:front@nan", "no number"),
        ("drop:front@1,shares=0.5", "did you mean share"),
        ("drop:front@1,share=2", "from 0 to 1"),
        ("stall:front@1", "no target"),
        ("silence@1", "names a message"),
        ("freeze:front@1,by_s=3", "it has none"),
        ("", "KIND"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_what_was(spec: str, says: str) -> None:
    with pytest.raises(FaultError, match="fault ") as refused:
        parse(spec)
    assert says in str(refused.value)
    assert refused.value.exit_code == 64


def test_a_camera_that_there_is_not_is_named_with_the_nearest() -> None:
    known = {Part.CAMERA: ["front", "left"], Part.MODEL: ["objects"]}
    check_targets([parse("freeze:front@1"), parse("nan:objects@1"), parse("stall@1")], known)
    with pytest.raises(FaultError, match="no camera 'frnt'; did you mean front"):
        check_targets([parse("freeze:frnt@1")], known)
    with pytest.raises(FaultError, match="the models are objects"):
        check_targets([parse("nan:xyz@1")], known)


@given(st.text(max_size=30))
def test_any_text_is_a_fault_or_a_usage_error(text: str) -> None:
    with contextlib.suppress(FaultError):
        parse(text)
