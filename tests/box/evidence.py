"""What the checks have in common: how evidence is told, and what the bus proves."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tests.box.agent import BoxError
from tests.box.box import Box
from tests.box.wire import Heard, judge, longest_silence, requests

Evidence = Iterator[str]
# Yields its evidence and raises where it fails.
Check = Callable[[Box], Evidence]

# A receiver gives up after five cycles of AEB without a frame that passes (docs/can.md).
RECEIVER_TIMEOUT_S = 0.1


def need(holds: bool, what: str) -> None:
    """Or the check fails."""
    if not holds:
        raise BoxError(what)


def undisturbed(box: Box, position: int) -> str:
    """Evidence that frames kept coming, all right; raises where not."""
    frames = box.wire.since(position)
    verdict = judge(frames)
    need(verdict.frames > 0 and verdict.wrong == verdict.lost == 0, f"bus: {verdict}")
    need(not requests(frames), f"demands with actuation off: {requests(frames)[:3]}")
    modes = dict.fromkeys(mode(one) for one in frames if one.name == "STATUS")
    pair = longest_silence(frames, "AEB")
    longest_s = pair[1].time_s - pair[0].time_s if pair else 0.0
    need(longest_s < RECEIVER_TIMEOUT_S, f"a receiver timed out: no AEB for {longest_s:.3f} s")
    return f"{verdict}, longest AEB pause {longest_s:.2f} s, modes {', '.join(modes)}"


def silence(box: Box, position: int) -> str:
    """Evidence that a receiver heard nothing for long enough to let go, and then a fresh start."""
    frames = box.wire.since(position)
    verdict = judge(frames)
    pair = longest_silence(frames, "AEB")
    need(pair is not None, "nothing was heard")
    assert pair is not None
    quiet_s = pair[1].time_s - pair[0].time_s
    need(quiet_s > RECEIVER_TIMEOUT_S, f"only {quiet_s:.3f} s of silence")
    between = [one for one in frames if pair[0].time_s < one.time_s < pair[1].time_s and one.right]
    need(verdict.wrong == 0, f"wrong frames: {verdict}")
    need(not requests(frames), f"demands: {requests(frames)[:3]}")
    first = next(one for one in frames if one.name == "STATUS" and one.time_s >= pair[1].time_s)
    released_s = pair[0].time_s + RECEIVER_TIMEOUT_S
    return (
        f"receiver: last AEB frame at {pair[0].time_s:.3f}, timed out at {released_s:.3f}, next "
        f"one at {pair[1].time_s:.3f} ({quiet_s:.1f} s of silence, {len(between)} frames of other "
        f"messages in it); the first STATUS then says {mode(first)}"
    )


def last_of(frames: list[Heard]) -> dict[str, Heard]:
    return {frame.name: frame for frame in frames}


def mode(status: Heard) -> str:
    return str(status.values["StatusMode"])
