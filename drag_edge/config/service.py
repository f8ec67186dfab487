"""`service`: running unattended: the log, the settings file that changes, and the health page."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Literal

from pydantic import Field, field_validator

from drag_edge.config.base import Section, quantity


class HttpSettings(Section):
    """Health and numbers for programs: /healthz, /readyz, /metrics."""

    listen: str = Field(
        "127.0.0.1",
        description=(
            "Address to listen on: 127.0.0.1 answers this computer alone; 0.0.0.0 answers "
            "everybody, without password or encryption"
        ),
        min_length=1,
    )
    port: int | None = quantity(
        8730, "1", "TCP port; null: nobody listens; 0: any that is free", ge=0, le=65535
    )
    fresh_s: float = quantity(
        1.0, "s", "A camera whose newest picture is older is not ready", gt=0, le=60
    )
    stalled_s: float = quantity(
        5.0, "s", "A loop whose last round is longer ago is not alive", gt=0, le=600
    )

    @field_validator("listen")
    @classmethod
    def _listen_is_an_address(cls, listen: str) -> str:
        try:
            ip_address(listen)
        except ValueError:
            raise ValueError("an IP address: 127.0.0.1, ::1, 0.0.0.0 …") from None
        return listen


class ReloadSettings(Section):
    """A settings file that changes while the daemon runs."""

    watch: bool = Field(
        True,
        description="Take a changed file by itself; `systemctl reload` (SIGHUP) does in any case",
    )
    period_s: float = quantity(0.5, "s", "How often the file is looked at", gt=0.05, le=60)
    settle_s: float = quantity(
        0.5, "s", "It must have stayed as it is for this long before it is read", ge=0, le=60
    )
    notice_s: float = quantity(
        10.0, "s", "The overlay says for this long what became of it", ge=0, le=600
    )


class LogSettings(Section):
    """What is told, and how often."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        "warning", description="Less important lines are left out; -v on the command line is info"
    )
    again_s: float = quantity(
        10.0, "s", "An event that repeats is told again after this long, with its count", gt=0
    )
    burst: int = quantity(
        20, "1", "Of one kind of event, from whatever source, at most so many in that time", ge=1
    )


class ServiceSettings(Section):
    """Running unattended."""

    http: HttpSettings = Field(HttpSettings(), description="Health and numbers for programs")
    reload: ReloadSettings = Field(ReloadSettings(), description="The settings file that changes")
    log: LogSettings = Field(LogSettings(), description="What is told, and how often")
