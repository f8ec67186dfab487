"""Consistent overhead byte stuffing: bytes without zeros, so that a zero can end a frame.

After S. Cheshire and M. Baker, "Consistent Overhead Byte Stuffing", 1999.
"""

from __future__ import annotations

_LONGEST_RUN = 254


def encode(data: bytes) -> bytes:
    """The data without zeros and without the ending zero; at most 1 byte in 254 longer, plus 1."""
    out = bytearray()
    parts = data.split(b"\0")
    for i, part in enumerate(parts):
        run = part
        while len(run) >= _LONGEST_RUN:
            out.append(_LONGEST_RUN + 1)
            out += run[:_LONGEST_RUN]
            run = run[_LONGEST_RUN:]
        if run or i + 1 < len(parts) or not part:  # a full run at the very end needs no more
            out.append(len(run) + 1)
            out += run
    return bytes(out)


def decode(stuffed: bytes) -> bytes | None:
    """The data of a frame without its ending zero; None when it cannot be one."""
    out = bytearray()
    at = 0
    while at < len(stuffed):
        code = stuffed[at]
        run = stuffed[at + 1 : at + code]
        if code == 0 or len(run) != code - 1 or 0 in run:
            return None
        out += run
        at += code
        if code <= _LONGEST_RUN and at < len(stuffed):
            out.append(0)
    return bytes(out) if stuffed else None
