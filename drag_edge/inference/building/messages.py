"""What a building process tells its parent, a JSON object a line."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Literal, TextIO

Kind = Literal["say", "log", "trying", "tactics", "built", "failed"]


@dataclass(frozen=True, slots=True)
class Message:
    """say: a line for a person. trying: TensorRT's line about a tactic that it tries next. log:
    another line of its; detail is the severity. tactics: the file of what is known of them. built:
    the sidecar's text. failed: detail is the class of drag_edge.errors.
    """

    kind: Kind
    text: str = ""
    detail: str = ""


def write(stream: TextIO, message: Message) -> None:
    """At once."""
    stream.write(json.dumps(asdict(message)) + "\n")
    stream.flush()


def read(line: str) -> Message | None:
    """None for what is no message."""
    try:
        return Message(**json.loads(line))
    except (ValueError, TypeError):
        return None
