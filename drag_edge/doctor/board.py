"""Power mode, clocks and heat of a Jetson: why the same engine can be three times slower."""

from __future__ import annotations

import re
from collections.abc import Iterator

from drag_edge.doctor.finding import Finding, State
from drag_edge.doctor.jetpack import jetson
from drag_edge.doctor.machine import Machine
from drag_edge.doctor.needs import Subject

HOT_C = 85.0  # an Orin throttles from 99 °C on; above this there is no reserve for a summer's day
_CPU = "/sys/devices/system/cpu/cpu0/cpufreq"
_DEVFREQ = "/sys/class/devfreq"
_THERMAL = "/sys/class/thermal"


def check_board(subject: Subject) -> Iterator[Finding]:
    """Only on a Jetson."""
    machine = subject.machine
    if jetson(machine) is None:
        return
    yield _power_mode(machine)
    yield _clocks(machine)
    yield _heat(machine)


def _power_mode(machine: Machine) -> Finding:
    ran = machine.run("nvpmodel", "-q")
    if ran is None:
        return Finding("power mode", State.NOTE, "unknown: nvpmodel is not installed")
    lines = [line for line in ran.output.splitlines() if "Power Mode" in line]
    if ran.code != 0 or not lines:
        why = "nvpmodel took too long" if ran.code is None else "nvpmodel -q did not tell"
        return Finding("power mode", State.NOTE, f"unknown: {why}", "try: sudo nvpmodel -q")
    mode = lines[0].partition(":")[2].strip()
    if mode.upper().startswith("MAXN"):
        return Finding("power mode", State.OK, mode)
    advice = "for full speed, where power supply and cooling allow it: "
    advice += f"sudo nvpmodel -m {_number_of_maxn(machine)}"
    return Finding(
        "power mode", State.NOTE, f"{mode}: fewer cores or lower clocks than MAXN", advice
    )


def _number_of_maxn(machine: Machine) -> str:
    """0 on most boards, 2 on an Orin Nano with its Super modes."""
    modes = re.findall(
        r"POWER_MODEL\s+ID=(\d+)\s+NAME=MAXN", machine.text("/etc/nvpmodel.conf") or ""
    )
    return modes[-1] if modes else "NUMBER (nvpmodel -p --verbose lists them)"


def _clocks(machine: Machine) -> Finding:
    told, free = [], False
    for name, least, now, most in _frequencies(machine):
        told.append(f"{name} {now:.0f} of {most:.0f} MHz")
        free = free or least < most
    if not told:
        return Finding("clocks", State.NOTE, "cannot be read")
    if free:
        advice = "sudo jetson_clocks keeps them at their most; without, each burst starts slowly"
        return Finding("clocks", State.NOTE, f"{', '.join(told)}: they vary with the load", advice)
    return Finding("clocks", State.OK, f"{', '.join(told)}, held there")


def _frequencies(machine: Machine) -> Iterator[tuple[str, float, float, float]]:
    """Name, least, present and most frequency in MHz."""
    keys = ("scaling_min_freq", "scaling_cur_freq", "scaling_max_freq")
    cpu = [_number(machine, f"{_CPU}/{key}") for key in keys]
    if None not in cpu:
        yield ("CPU", *_megahertz(cpu, 1e3))
    for device in machine.names(_DEVFREQ):
        if not any(word in device for word in ("gpu", "ga10b", "gb10b")):
            continue
        folder = f"{_DEVFREQ}/{device}"
        gpu = [_number(machine, f"{folder}/{key}") for key in ("min_freq", "cur_freq", "max_freq")]
        if None not in gpu:
            yield ("GPU", *_megahertz(gpu, 1e6))
            return


def _megahertz(values: list[float | None], per_mhz: float) -> tuple[float, float, float]:
    least, now, most = (value / per_mhz for value in values if value is not None)
    return least, now, most


def _heat(machine: Machine) -> Finding:
    zones = []
    for zone in machine.names(_THERMAL):
        celsius = _number(machine, f"{_THERMAL}/{zone}/temp") if "zone" in zone else None
        if celsius is not None:
            kind = machine.text(f"{_THERMAL}/{zone}/type") or zone
            zones.append((celsius / 1000, kind.removesuffix("-thermal")))
    held_back = [
        machine.text(f"{_THERMAL}/{device}/type") or device
        for device in machine.names(_THERMAL)
        if "throttle-alert" in (machine.text(f"{_THERMAL}/{device}/type") or "")
        and _number(machine, f"{_THERMAL}/{device}/cur_state")
    ]
    if not zones:
        return Finding("temperature", State.NOTE, "cannot be read")
    hottest_c, where = max(zones)
    told = f"{hottest_c:.0f} °C at most ({where})"
    if held_back:
        advice = "cool it better, or take a lower power mode: it is slowed down by heat right now"
        return Finding("temperature", State.BROKEN, f"{told}; {', '.join(held_back)}", advice)
    if hottest_c >= HOT_C:
        advice = "cool it better: it slows itself down soon"
        return Finding("temperature", State.NOTE, told, advice)
    return Finding("temperature", State.OK, told)


def _number(machine: Machine, path: str) -> float | None:
    try:
        return float(machine.text(path) or "")
    except ValueError:
        return None
