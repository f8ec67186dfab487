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
# slower than ours does not make its pictures old.
_DRIFT = 0.01


class StreamTime:
    """Of one connection; make another one for the next.

    settled: whether what it says can be believed: not before the pictures that waited at opening
    are through.
    """

    def __init__(self) -> None:
        self.settled = False
        self._offset_s: float | None = None
        self._stamp_s = 0.0
        self._arrival_s = 0.0

    def delay_s(self, arrival_s: float, stamp_s: float) -> float:
        """How late the picture is, seconds ≥ 0.

        arrival_s: on our clock. stamp_s: the stream's own time, from any origin; one that does
        not move on (a source without stamps, a camera that set its clock) says nothing.
        """
        if self._offset_s is None:
            self._offset_s = arrival_s - stamp_s
        elif stamp_s <= self._stamp_s:
            self.settled |= arrival_s - self._arrival_s > _STILL_CATCHING_UP_S
            late_s = self._arrival_s - self._stamp_s - self._offset_s
            self._offset_s = arrival_s - stamp_s - late_s
        else:
            drifted_s = self._offset_s + _DRIFT * (arrival_s - self._arrival_s)
            self.settled |= arrival_s - stamp_s > drifted_s - _STILL_CATCHING_UP_S
            self._offset_s = min(drifted_s, arrival_s - stamp_s)
        self._arrival_s, self._stamp_s = arrival_s, stamp_s
        return max(0.0, arrival_s - stamp_s - self._offset_s)
