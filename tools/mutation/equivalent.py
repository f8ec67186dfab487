"""Mutants that are no different from the original, and why. The shorter this table, the better."""

from __future__ import annotations

# (file, function, before, after): reason
EQUIVALENT: dict[tuple[str, str, str, str], str] = {
    ("e2e.py", "E2EReceiver.__init__", "False", "True"): (
        "whether a frame came since the last poll is not looked at before the first frame"
    ),
}
