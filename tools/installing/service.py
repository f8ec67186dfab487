"""systemd, where it runs."""

from __future__ import annotations

from pathlib import Path

from installing import layout
from installing.machine import Machine

NAME = "drag-edge.service"


def systemd_runs(machine: Machine) -> bool:
    """Whether there is a systemd to talk to."""
    return machine.is_this and Path("/run/systemd/system").is_dir()


def start(machine: Machine, changed: bool, wanted: bool) -> None:
    """At boot and, where wanted, now; a running one is started anew only when something changed."""
    if not systemd_runs(machine):
        machine.note(f"no systemd here to talk to: later, systemctl enable --now {NAME}")
        return
    if changed:
        machine.command("systemctl", "daemon-reload", why="let systemd read the unit")
    machine.command("systemctl", "--quiet", "enable", NAME, why="start the service at every boot")
    if not wanted:
        return
    verb = "restart" if changed else "start"
    machine.command("systemctl", verb, "--no-block", NAME, why=f"{verb} the service", must=False)


def stop(machine: Machine) -> None:
    """Now and for good."""
    if systemd_runs(machine) and machine.at(layout.UNIT).exists():
        machine.command(
            "systemctl", "--quiet", "disable", "--now", NAME, why="stop the service", must=False
        )


def forget(machine: Machine) -> None:
    """After the unit is gone."""
    if systemd_runs(machine):
        machine.command("systemctl", "daemon-reload", why="let systemd forget the unit", must=False)
        machine.command("systemctl", "--quiet", "reset-failed", NAME, why="and its failures",
                        must=False)  # fmt: skip
