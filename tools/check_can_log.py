#!/usr/bin/env python3
"""Judge a CAN log with other people's code: cantools decodes, autosar-e2e checks.

usage: .venv/bin/python tools/check_can_log.py LOG [--dbc FILE] [--json]

Every frame of drag_edge's messages must decode, have a right CRC under the independent autosar-e2e
package (pip install autosar-e2e) and the counter after its predecessor's. Prints counts and
cycle times per message. Exit code 0: all frames are right; 1: some are not, or there are none;
66: no such log; 69: autosar-e2e is missing.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import can
import cantools
from cantools.database.errors import DecodeError

from drag_edge.vehicle.data_ids import DATA_IDS
from drag_edge.vehicle.dbc import DBC_PATH

EXAMPLES = 5


@dataclass
class MessageReport:
    """What was found of one message; cycle times in milliseconds."""

    name: str
    expected_ms: float
    frames: int = 0
    undecodable: int = 0
    wrong_crc: int = 0
    wrong_counter: int = 0
    median_ms: float = 0.0
    p99_ms: float = 0.0
    longest_ms: float = 0.0
    times_s: list[float] = field(default_factory=list, repr=False)

    @property
    def faults(self) -> int:
        return self.undecodable + self.wrong_crc + self.wrong_counter

    def summarise(self) -> None:
        gaps = sorted(
            1000 * (after - before)
            for before, after in zip(self.times_s, self.times_s[1:], strict=False)
        )
        if gaps:
            self.median_ms = statistics.median(gaps)
            self.p99_ms = gaps[min(len(gaps) - 1, int(0.99 * len(gaps)))]
            self.longest_ms = gaps[-1]


class LogCheck:
    """Goes through a log frame by frame."""

    def __init__(self, dbc: Path) -> None:
        from e2e.p02 import e2e_p02_check

        self._crc_is_right = e2e_p02_check
        database = cantools.database.load_file(dbc)
        self._messages = {message.frame_id: message for message in database.messages}
        self.reports = {
            message.frame_id: MessageReport(message.name, float(message.cycle_time or 0))
            for message in database.messages
        }
        self._counters: dict[int, int] = {}
        self.foreign = 0
        self.examples: list[str] = []

    def take(self, frames: Iterable[can.Message]) -> None:
        for frame in frames:
            if frame.arbitration_id in self._messages and not frame.is_extended_id:
                self._judge(frame)
            else:
                self.foreign += 1
        for report in self.reports.values():
            report.summarise()

    def _judge(self, frame: can.Message) -> None:
        identifier, data = frame.arbitration_id, bytes(frame.data)
        message, report = self._messages[identifier], self.reports[identifier]
        report.frames += 1
        report.times_s.append(frame.timestamp)
        try:
            message.decode(data)
        except DecodeError as error:
            report.undecodable += 1
            self._tell(frame, f"cannot be decoded: {error}")
            return
        if not self._crc_is_right(data, DATA_IDS[message.name], length=len(data)):
            report.wrong_crc += 1
            self._tell(frame, "wrong CRC")
            return
        counter, last = data[1] & 0x0F, self._counters.get(identifier)
        if last is not None and counter != (last + 1) % 16:
            report.wrong_counter += 1
            self._tell(frame, f"counter {counter} after {last}")
        self._counters[identifier] = counter

    def _tell(self, frame: can.Message, what: str) -> None:
        if len(self.examples) < EXAMPLES:
            name = self._messages[frame.arbitration_id].name
            self.examples.append(f"{frame.timestamp:.6f} {name} {frame.data.hex()}: {what}")


def print_table(check: LogCheck) -> None:
    print(
        f"{'message':14} {'frames':>7} {'cycle':>6} {'median':>7} {'p99':>7} {'longest':>8}"
        f" {'decode':>7} {'CRC':>5} {'counter':>8}"
    )
    for report in check.reports.values():
        print(
            f"{report.name:14} {report.frames:7d} {report.expected_ms:6.0f} {report.median_ms:7.2f}"
            f" {report.p99_ms:7.2f} {report.longest_ms:8.2f} {report.undecodable:7d}"
            f" {report.wrong_crc:5d} {report.wrong_counter:8d}"
        )
    frames = sum(report.frames for report in check.reports.values())
    faults = sum(report.faults for report in check.reports.values())
    print(f"{frames} frames of drag_edge, {faults} wrong; {check.foreign} frames of others")
    for example in check.examples:
        print(f"  {example}")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("log", type=Path, help="a candump .log, .asc or .blf file")
    parser.add_argument("--dbc", type=Path, default=DBC_PATH, help="instead of drag_edge.dbc")
    parser.add_argument("--json", action="store_true", help="print the counts as JSON")
    options = parser.parse_args(arguments)
    if not options.log.is_file():
        print(f"{options.log}: no such log", file=sys.stderr)
        return 66
    try:
        check = LogCheck(options.dbc)
    except ImportError:
        print("the independent check needs `pip install autosar-e2e`", file=sys.stderr)
        return 69
    with can.LogReader(options.log) as frames:
        check.take(frames)
    reports = list(check.reports.values())
    if options.json:
        rows = [{k: v for k, v in asdict(r).items() if k != "times_s"} for r in reports]
        print(json.dumps({"messages": rows, "foreign": check.foreign}, indent=2))
    else:
        print_table(check)
    right = any(report.frames for report in reports) and not any(r.faults for r in reports)
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
