"""The mark in a test picture: its time in milliseconds, as a bar of black and white blocks."""

from __future__ import annotations

BITS = 40


def picture(width: int, height: int, index: int, time_ms: int) -> bytes:
    """I420: a grey road with a bar that moves, the time in the top eighth."""
    row = bytearray((60 + (x * 90) // width) for x in range(width))
    left = (index * 7) % max(1, width - width // 8)
    row[left : left + width // 8] = bytes([200]) * (width // 8)
    block, tall = width // BITS, height // 8
    bits = bytearray()
    for bit in range(BITS):
        bits += bytes([235 if time_ms >> bit & 1 else 16]) * block
    bits += bytes(width - len(bits))
    chroma = bytes([110]) * (width * height // 4) + bytes([140]) * (width * height // 4)
    return bytes(bits) * tall + bytes(row) * (height - tall) + chroma
