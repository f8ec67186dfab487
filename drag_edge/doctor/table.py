"""The findings as a table for a person and as JSON for a program."""

from __future__ import annotations

import json
from collections.abc import Sequence

from drag_edge import __version__
from drag_edge.doctor.finding import Finding

_INDENT = "→ "


def lines(findings: Sequence[Finding]) -> list[str]:
    """State, what, found; what to do below it; what the configuration lacks at the end."""
    width = max((len(finding.what) for finding in findings), default=0)
    said = []
    for finding in findings:
        mark = "!" if finding.fatal else " "
        found = _one_line(finding.found)
        said.append(f"{finding.state.value:<8}{mark} {finding.what:<{width}}  {found}")
        if finding.advice:
            said.append(f"{'':<{10 + width}}  {_INDENT}{_one_line(finding.advice)}")
    fatal = [finding.what for finding in findings if finding.fatal]
    if fatal:
        count = "1 thing that is" if len(fatal) == 1 else f"{len(fatal)} things that are"
        said.append(f"{count} needed cannot be used (!): {', '.join(fatal)}")
    return said


def as_json(findings: Sequence[Finding]) -> str:
    """The same: {drag_edge, ok, findings: [{what, state, found, advice, needed}]}."""
    document = {
        "drag_edge": __version__,
        "ok": not any(finding.fatal for finding in findings),
        "findings": [
            {
                "what": finding.what,
                "state": finding.state.value,
                "found": finding.found,
                "advice": finding.advice or None,
                "needed": finding.needed,
            }
            for finding in findings
        ],
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def _one_line(text: str) -> str:
    return " ".join(text.split())
