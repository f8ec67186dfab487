"""A run's document as JSON, as a table for the terminal, and as one for docs/gpu.md."""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from gpu_check_parts.registry import PARTS
from gpu_check_parts.rows import FAILED, VERDICTS, Row

BEGIN = "<!-- gpu_check: written by tools/gpu_check.py --markdown -->"
END = "<!-- end of gpu_check -->"
UNMEASURED = "unmeasured"
_WIDEST = 58


def document_of(rows: Sequence[Row], options: argparse.Namespace, took_s: float) -> dict[str, Any]:
    """Everything a run knows so far."""
    ordered = sorted(rows, key=lambda row: row.part)
    machine: dict[str, Any] = {}
    for row in ordered:
        if row.part == "0" and row.what == "machine":
            machine = dict(row.figures)
    return {
        "date": datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "machine": machine,
        "quick": bool(options.quick),
        "seed": options.seed,
        "took_s": round(took_s, 1),
        "rows": [asdict(row) for row in ordered],
    }


def write_document(file: Path, document: Mapping[str, Any]) -> None:
    """At once or not at all: a reader never sees half of it."""
    fresh = file.with_suffix(".new")
    fresh.write_text(json.dumps(document, indent=1, ensure_ascii=False), encoding="utf-8")
    os.replace(fresh, file)


def count(document: Mapping[str, Any], verdict: str) -> int:
    return sum(row["verdict"] == verdict for row in document["rows"])


def text_table(document: Mapping[str, Any]) -> str:
    """For the terminal; below a row that is not ok, its details."""
    lines = [_headline(document)]
    for row in document["rows"]:
        what = str(row["what"])[:_WIDEST]
        limit = f"  limit {row['limit']}" if row["limit"] else ""
        lines.append(f"{row['part']}  {row['verdict']:12}  {what:{_WIDEST}}  {row['value']}{limit}")
        if row["detail"] and row["verdict"] != "ok":
            lines.append(f"{'':17}{row['detail']}")
    counts = ", ".join(f"{count(document, verdict)} {verdict}" for verdict in VERDICTS)
    return "\n".join([*lines, counts])


def markdown(document: Mapping[str, Any] | None) -> str:
    """The section for docs/gpu.md; None: nobody has measured yet."""
    if document is None:
        lines = [
            "No run yet.",
            "",
            "| line | what | value | limit | verdict |",
            "|---|---|---|---|---|",
        ]
        lines += [
            f"| {part.letter} | {part.title} | {UNMEASURED} | | {UNMEASURED} |"
            for part in PARTS_BY_LETTER
        ]
        return "\n".join(lines)
    lines = [_headline(document), "", "| line | what | value | limit | verdict | how, or why not |"]
    lines.append("|---|---|---|---|---|---|")
    measured = {row["part"] for row in document["rows"]}
    for part in PARTS_BY_LETTER:
        if part.letter not in measured:
            lines.append(f"| {part.letter} | {part.title} | {UNMEASURED} | | {UNMEASURED} | |")
        for row in document["rows"]:
            if row["part"] == part.letter:
                keys = ("part", "what", "value", "limit", "verdict", "detail")
                lines.append("| " + " | ".join(_cell(row.get(key, "")) for key in keys) + " |")
    return "\n".join(lines)


def merged(documents: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Several runs on one machine as one; of a part that was run twice, the later run counts."""
    rows: list[dict[str, Any]] = []
    for document in documents:
        again = {row["part"] for row in document["rows"]}
        rows = [row for row in rows if row["part"] not in again] + list(document["rows"])
    last = dict(documents[-1])
    machines = [document["machine"] for document in documents if document.get("machine")]
    last["machine"] = machines[-1] if machines else {}
    last["quick"] = any(document.get("quick") for document in documents)
    last["took_s"] = sum(document.get("took_s", 0) for document in documents)
    last["rows"] = sorted(rows, key=lambda row: str(row["part"]))
    return last


def write_into(results: Sequence[Path], page: Path) -> int:
    """Replace the page's marked section by the runs' table; an exit code."""
    try:
        documents = [json.loads(file.read_text(encoding="utf-8")) for file in results]
    except (OSError, ValueError) as error:
        print(f"gpu_check: {error}", file=sys.stderr)
        return 66
    text = page.read_text(encoding="utf-8")
    before, mark, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not mark or not end:
        print(f"{page} has no section between {BEGIN} and {END}", file=sys.stderr)
        return 66
    section = markdown(merged(documents))
    page.write_text(f"{before}{BEGIN}\n\n{section}\n\n{END}{after}", encoding="utf-8")
    return 0


_FOLDERS = re.compile(r"(?<![\w.])(?:/[\w.-]+)+/(?=[\w.-]+\.(?:engine|onnx)\b)")
PARTS_BY_LETTER = sorted(PARTS, key=lambda part: part.letter)


def _headline(document: Mapping[str, Any]) -> str:
    machine = document.get("machine") or {}
    named = ", ".join(f"{key} {value}" for key, value in machine.items() if value is not None)
    kind = "quick run (small counts), " if document.get("quick") else ""
    failed = count(document, FAILED)
    return (
        f"{document.get('date', '?')}: {kind}{named or 'machine unknown'}; "
        f"{document.get('took_s', 0):.0f} s; {failed} failed."
    )


def _cell(value: object) -> str:
    """One line, without the folders that only that machine has."""
    text = _FOLDERS.sub("", " ".join(str(value).split()))
    return text.replace("|", "\\|")
