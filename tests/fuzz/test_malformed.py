"""A few malformed inputs for every reader; tools/fuzz.py runs as many as are asked for."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.targets import TARGETS, in_time


@pytest.mark.parametrize("name", TARGETS)
def test_malformed_input_is_read_or_refused(name: str) -> None:
    inputs, check = TARGETS[name]

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(data=st.data())
    def run(data: Any) -> None:
        one = data.draw(inputs)
        with in_time():
            check(one)

    run()
