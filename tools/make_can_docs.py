#!/usr/bin/env python3
"""Write docs/can.md's tables from the DBC and the data-ID table.

usage: tools/make_can_docs.py [--check]

With --check nothing is written; exit code 1 says that the page is stale.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from cantools.database.can import Message, Signal

from drag_edge.vehicle.data_ids import DATA_IDS
from drag_edge.vehicle.dbc import NOT_AVAILABLE, drag_edge_dbc

PAGE = Path(__file__).resolve().parent.parent / "docs" / "can.md"
START = "<!-- tables: made by tools/make_can_docs.py -->"
END = "<!-- end of the tables -->"


def tables() -> str:
    """The generated part of the page."""
    messages = drag_edge_dbc().messages
    overview = [
        "| identifier | message | cycle | what |",
        "|---|---|---|---|",
        *(
            f"| 0x{m.frame_id:03X} | [{m.name}](#{m.name.lower()}) | {m.cycle_time} ms "
            f"| {m.comment} |"
            for m in messages
        ),
    ]
    data_ids = [
        "| message | data IDs 0 … 15 |",
        "|---|---|",
        *(f"| {name} | `{ids.hex(' ')}` |" for name, ids in DATA_IDS.items()),
    ]
    details = [line for message in messages for line in message_table(message)]
    parts = ("## Messages", "", *overview, "", *details, "## Data IDs", "", *data_ids)
    return "\n".join(parts)


def message_table(message: Message) -> list[str]:
    """One message's signals."""
    rows = [
        f"| {s.name}{slot(s)} | {s.start}+{s.length} | {span(s)} | {step(s)} | {s.comment}"
        f"{labels(s)} |"
        for s in sorted(message.signals, key=lambda s: (s.multiplexer_ids or [-1], s.start))
    ]
    return [
        f"### {message.name}",
        "",
        f"0x{message.frame_id:03X}, every {message.cycle_time} ms. {message.comment}",
        "",
        "| signal | bits | range | step | what |",
        "|---|---|---|---|---|",
        *rows,
        "",
    ]


def slot(signal: Signal) -> str:
    return f" (slot {signal.multiplexer_ids[0]})" if signal.multiplexer_ids else ""


def span(signal: Signal) -> str:
    unit = f" {signal.unit}" if signal.unit else ""
    return "" if named_values(signal) else f"{signal.minimum:g} … {signal.maximum:g}{unit}"


def step(signal: Signal) -> str:
    return "" if named_values(signal) else f"{signal.scale:g}"


def named_values(signal: Signal) -> dict[int, str]:
    """The value table beside not available; empty for a number."""
    names = {int(raw): str(label) for raw, label in (signal.choices or {}).items()}
    return {raw: label for raw, label in names.items() if label != NOT_AVAILABLE}


def labels(signal: Signal) -> str:
    names = named_values(signal)
    if not names:
        return ""
    return " " + ", ".join(f"{raw} = {label}" for raw, label in sorted(names.items()))


def page() -> str:
    """The whole page as it should be."""
    before, _, rest = PAGE.read_text().partition(START)
    _, _, after = rest.partition(END)
    return f"{before}{START}\n\n{tables()}\n\n{END}{after}"


def main(arguments: list[str]) -> int:
    wanted = page()
    if "--check" in arguments:
        return 0 if PAGE.read_text() == wanted else 1
    PAGE.write_text(wanted)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
