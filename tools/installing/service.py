"""systemd, where it runs."""

from __future__ import annotations

from pathlib import Path

from installing import layout
from installing.machine import Machine

NAME = "drag-edge.service"
NETWORKD = "systemd-networkd"
CAN_MODULE = "drag-edge-can.service"


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
    # After too many starts within an hour (StartLimitBurst) this one would be refused. That systemd
    # does not know the unit yet is no fault.
    machine.command("systemctl", "--quiet", "reset-failed", NAME,
                    why="let its starts be counted anew", must=False)  # fmt: skip
    verb = "restart" if changed else "start"
    machine.command("systemctl", verb, "--no-block", NAME, why=f"{verb} the service", must=False)


def start_networkd(machine: Machine) -> bool:
    """Let systemd-networkd bring CAN up; True where it did not run before and is ours to stop.

    Its waiting for the network at boot is not wanted with it: another program brings that up.
    """
    if not systemd_runs(machine):
        machine.note("no systemd here: later, systemctl enable --now systemd-networkd")
        return False
    if machine.ask("systemctl", "--quiet", "is-enabled", NETWORKD):
        return False
    machine.command("systemctl", "--quiet", "enable", "--now", NETWORKD,
                    why="let systemd-networkd bring CAN up, at every boot", must=False)  # fmt: skip
    machine.command("systemctl", "--quiet", "disable", f"{NETWORKD}-wait-online",
                    why="let nothing wait for it at boot", must=False)  # fmt: skip
    return True


def start_can_module(machine: Machine) -> None:
    """Load a Jetson's CAN driver, at every boot."""
    if systemd_runs(machine):
        machine.command("systemctl", "--quiet", "enable", "--now", CAN_MODULE,
                        why="load the Jetson's CAN driver, at every boot", must=False)  # fmt: skip


def stop_can_module(machine: Machine) -> None:
    """No more at boot; what is loaded stays until then."""
    if systemd_runs(machine):
        machine.command("systemctl", "--quiet", "disable", CAN_MODULE,
                        why="load the Jetson's CAN driver no more", must=False)  # fmt: skip


def stop_networkd(machine: Machine) -> None:
    """Where it was started for us, and nobody else gave it something to do since."""
    files = sorted(path.name for path in machine.at(layout.NETWORKS).glob("*.net*"))
    theirs = [name for name in files if not name.startswith("80-drag-edge-")]
    if theirs:
        machine.note(f"{NETWORKD} stays: {layout.NETWORKS} has {', '.join(theirs)}")
        return
    if systemd_runs(machine):
        machine.command("systemctl", "--quiet", "disable", "--now", NETWORKD,
                        why="stop systemd-networkd", must=False)  # fmt: skip


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
