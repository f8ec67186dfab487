"""Whether there can be a real RTSP server here."""

from __future__ import annotations

import pytest

from tests.rtsp.camera import missing


@pytest.fixture(scope="session")
def rtsp() -> None:
    """Skips, with what to install, where GstRtspServer is not there."""
    reason = missing()
    if reason:
        pytest.skip(f"no RTSP server: {reason}")
