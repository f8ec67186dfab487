"""What a check says: rows of one table, written the moment they are known."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

OK, FAILED, NOT_MEASURED, INFO = "ok", "failed", "not measured", "info"
VERDICTS = (OK, FAILED, NOT_MEASURED, INFO)


@dataclass(frozen=True)
class Row:
    """One line of the table.

    part: the letter. what: what was measured. value, limit: as a person reads them. verdict: one of
    VERDICTS. detail: how, or why not. figures: the raw numbers, for programs.
    """

    part: str
    what: str
    value: str = ""
    limit: str = ""
    verdict: str = INFO
    detail: str = ""
    figures: Mapping[str, Any] = field(default_factory=dict)

    def line(self) -> str:
        """For the terminal while it runs."""
        limit = f" (limit {self.limit})" if self.limit else ""
        detail = f" - {self.detail}" if self.detail else ""
        return f"[{self.part}] {self.verdict:12} {self.what}: {self.value}{limit}{detail}"


def append_row(file: Path, row: Row) -> None:
    """One JSON line; what was written stays when the process dies in the next step."""
    with file.open("a", encoding="utf-8") as out:
        out.write(json.dumps(asdict(row), default=_plain) + "\n")


def read_rows(file: Path) -> list[Row]:
    """The rows of one part; none if it never wrote."""
    if not file.is_file():
        return []
    lines = file.read_text(encoding="utf-8").splitlines()
    return [Row(**json.loads(line)) for line in lines if line.strip()]


def one_line(error: object, longest: int = 400) -> str:
    """An error's text for a table."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _plain(value: Any) -> Any:
    """Numbers of numpy, and whatever else has no JSON of its own."""
    return value.item() if hasattr(value, "item") else str(value)
