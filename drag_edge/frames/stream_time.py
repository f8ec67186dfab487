"""When a stream's picture was taken: arrival, less what its own time stamp says it is late by.

A picture that waited in a socket or a decoder arrives later than its time stamp promises; by its
arrival alone it would pass for new. The least difference between arrival and stamp that was seen
stands for "not late"; what a picture has more than that is its delay.
"""

from __future__ import annotations

# Pictures that waited while the stream was opened come one after another: each is less late than
# the one before by more than this. The first that is not stands for "not late".
_STILL_CATCHING_UP_S = 0.01
# Many cameras count their stamps by a rate that they do not quite keep: a clock that runs this much
# slower than ours does not make its pictures old at once.
_DRIFT = 0.01
# The most that a crystal's clock runs slower, for ever. What "not late" has grown by beyond that is
# a queue that grows, or a clock that counts wrong; nothing here tells which.
_CRYSTAL_DRIFT = 200e-6


class StreamTime:
    """Of one connection; make another one for the next.

    settled: whether what it says can be believed: not before the pictures that waited at opening
    are through. forgiven_s: how much later than at best a picture may come by now without being
    told as late, seconds ≥ 0, beyond what a crystal's drift explains.
    """

    def __init__(self) -> None:
        self.settled = False
        self._offset_s: float | None = None
        self._best_s = 0.0
        self._stamp_s = 0.0
        self._arrival_s = 0.0

    @property
    def forgiven_s(self) -> float:
        """See above."""
        return 0.0 if self._offset_s is None else max(0.0, self._offset_s - self._best_s)

    def delay_s(self, arrival_s: float, stamp_s: float) -> float:
        """How late the picture is, seconds ≥ 0.

        arrival_s: on our clock. stamp_s: the stream's own time, from any origin; one that does
        not move on (a source without stamps, a camera that set its clock) says nothing.
        """
        passed_s = arrival_s - self._arrival_s
        if self._offset_s is None:
            self._offset_s = self._best_s = arrival_s - stamp_s
        elif stamp_s <= self._stamp_s:
            self.settled |= passed_s > _STILL_CATCHING_UP_S
            late_s = self._arrival_s - self._stamp_s - self._offset_s
            forgiven_s = self.forgiven_s
            self._offset_s = arrival_s - stamp_s - late_s
            self._best_s = self._offset_s - forgiven_s
        else:
            drifted_s = self._offset_s + _DRIFT * passed_s
            self.settled |= arrival_s - stamp_s > drifted_s - _STILL_CATCHING_UP_S
            self._offset_s = min(drifted_s, arrival_s - stamp_s)
            self._best_s = min(self._best_s + _CRYSTAL_DRIFT * passed_s, self._offset_s)
        self._arrival_s, self._stamp_s = arrival_s, stamp_s
        return max(0.0, arrival_s - stamp_s - self._offset_s)
