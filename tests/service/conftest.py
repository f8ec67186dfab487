"""Settings that name a few cameras and models; nothing of them is opened."""

from __future__ import annotations

import pytest

from drag_edge.config.load import load
from drag_edge.config.root import Settings
from tests.drive.drives import CONFIGS


@pytest.fixture(scope="session")
def settings() -> Settings:
    """The demo's."""
    return load(CONFIGS / "demo.yaml")
