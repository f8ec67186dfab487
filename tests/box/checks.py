"""What is asked of the box, in order."""

from __future__ import annotations

from tests.box.evidence import Check
from tests.box.faults import (
    is_aborted_when_it_hangs,
    is_restarted_when_killed,
    outlives_a_full_disk,
    outlives_its_bus,
    outlives_its_camera,
    survives_a_power_cut,
)
from tests.box.reload import refuses_bad_settings, serves_a_person, takes_good_settings
from tests.box.service import (
    becomes_ready,
    installs,
    leaves_nothing_behind,
    may_load_for_longer_than_its_watchdog,
    powers_off,
    speaks_on_the_bus,
    stops_neutrally,
)

CHECKS: tuple[Check, ...] = (
    installs,
    becomes_ready,
    speaks_on_the_bus,
    outlives_its_camera,
    takes_good_settings,
    refuses_bad_settings,
    outlives_its_bus,
    outlives_a_full_disk,
    is_aborted_when_it_hangs,
    is_restarted_when_killed,
    survives_a_power_cut,
    serves_a_person,
    stops_neutrally,
    may_load_for_longer_than_its_watchdog,
    leaves_nothing_behind,
    powers_off,
)
