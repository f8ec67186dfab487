"""Shared fixtures."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# Continuous integration repeats itself to the bit; a person's runs look for what is new.
settings.register_profile("ci", derandomize=True, deadline=None)
if os.environ.get("CI"):
    settings.load_profile("ci")

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real clips, models and logs; tests that need it skip where it is absent."""
    default = REPOSITORY.parent / "shared" / "data"
    folder = Path(os.environ.get("DRAG_EDGE_SHARED_DATA", default))
    if not folder.is_dir():
        pytest.skip(
            f"real material not found at {folder}; set DRAG_EDGE_SHARED_DATA to the folder with "
            "video/, models/, can/ and kitti_seq/"
        )
    return folder


@pytest.fixture(scope="session")
def repository() -> Path:
    """The checkout's root."""
    return REPOSITORY
