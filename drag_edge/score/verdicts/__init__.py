"""Verdicts by the names a row's YAML uses: pure functions of a drive and its thresholds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from pydantic import ValidationError

from drag_edge.config.base import Section
from drag_edge.score.drive import Drive
from drag_edge.score.row import Check
from drag_edge.score.verdicts import (
    braking,
    faults,
    following,
    lanes,
    mirrors,
    parking,
    quiet,
    strings,
    warning,
)
from drag_edge.score.verdicts.verdict import Verdict


class Kind(NamedTuple):
    """What a verdict may be told, and the verdict."""

    thresholds: type[Section]
    judge: Callable[[Drive, Any], Verdict]


VERDICTS: Mapping[str, Kind] = {
    "impact": Kind(braking.Impact, braking.impact),
    "warned_before_braking": Kind(warning.Lead, warning.warned_before_braking),
    "demanded": Kind(braking.Demanded, braking.demanded),
    "warned_at_ttc": Kind(warning.AtTtc, warning.warned_at_ttc),
    "quiet": Kind(quiet.Quiet, quiet.quiet),
    "time_gap": Kind(following.TimeGap, following.time_gap),
    "comfort": Kind(following.Comfort, following.comfort),
    "stop_and_go": Kind(following.StopAndGo, following.stop_and_go),
    "never_selected": Kind(following.NeverSelected, following.never_selected),
    "gain": Kind(strings.Gain, strings.gain),
    "departure": Kind(lanes.Departure, lanes.departure),
    "no_departure": Kind(lanes.NoDeparture, lanes.no_departure),
    "keeps_lane": Kind(lanes.KeepsLane, lanes.keeps_lane),
    "mirror": Kind(mirrors.Mirror, mirrors.mirror),
    "dark": Kind(mirrors.Dark, mirrors.dark),
    "offered": Kind(parking.Offered, parking.offered),
    "parked": Kind(parking.Parked, parking.parked),
    "named": Kind(faults.Named, faults.named),
    "nothing_new": Kind(faults.NothingNew, faults.nothing_new),
    "braking_ends": Kind(faults.BrakingEnds, faults.braking_ends),
    "recovers": Kind(faults.Recovers, faults.recovers),
    "times_out": Kind(faults.TimesOut, faults.times_out),
    "lets_go": Kind(faults.LetsGo, faults.lets_go),
    "neutral": Kind(faults.Neutral, faults.neutral),
}


def thresholds_of(check: Check) -> Section:
    """A check's thresholds, validated. Raises ValueError naming the check."""
    kind = VERDICTS.get(check.name)
    if kind is None:
        raise ValueError(f"checks.{check.name}: no such verdict; there are: {', '.join(VERDICTS)}")
    try:
        return kind.thresholds.model_validate(dict(check.thresholds))
    except ValidationError as error:
        told = "; ".join(
            f"{'.'.join(str(part) for part in one['loc'])}: {one['msg']}" for one in error.errors()
        )
        raise ValueError(f"checks.{check.name}: {told}") from error


def judged(drive: Drive, check: Check) -> Verdict:
    """A drive's verdict on one check."""
    return VERDICTS[check.name].judge(drive, thresholds_of(check))
