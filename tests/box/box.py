"""What every check needs: the service's state, its journal, its health page, and the bus."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from tests.box.agent import BoxError
from tests.box.machine import Machine
from tests.box.wire import Wire

SETTINGS = "/etc/drag-edge/drag-edge.yaml"
# Of our time, not of the box's: as much as a machine with other work needs.
START_S = 900.0


class Box:
    """A machine with the service in it."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.wire = Wire(machine.bus)
        self.run = machine.run
        self.must = machine.must

    def unit(self, *names: str) -> dict[str, str]:
        """Properties of the service as systemd has them."""
        wanted = ",".join(names)
        lines = self.must(f"systemctl show --property={wanted} drag-edge").splitlines()
        return dict(line.split("=", 1) for line in lines if "=" in line)

    def pid(self) -> str:
        """Of the service; raises BoxError when it does not run."""
        unit = self.unit("MainPID", "ActiveState")
        if unit["ActiveState"] != "active" or unit["MainPID"] == "0":
            raise BoxError(f"the service does not run: {unit}")
        return unit["MainPID"]

    def until_ready(self, other_than: str = "", timeout_s: float = START_S) -> str:
        """Until a process (another than that) said READY=1; its id."""
        found = {"MainPID": ""}

        def ready() -> bool:
            found.update(self.unit("ActiveState", "MainPID", "SubState"))
            if found["ActiveState"] == "failed":
                raise BoxError(f"the service failed:\n{self.journal_tail()}")
            return found["ActiveState"] == "active" and found["MainPID"] not in ("0", other_than)

        try:
            self.machine.wait("READY", ready, timeout_s)
        except BoxError as error:
            raise BoxError(f"{error}\n{self.journal_tail()}") from None
        return found["MainPID"]

    def until_healthy(self, timeout_s: float = 300.0) -> str:
        """Until /readyz answers 200; what it says."""
        answer = ""

        def healthy() -> bool:
            nonlocal answer
            answer = self.page("/readyz")
            return " 200 " in answer.split("\n", 1)[0]

        try:
            self.machine.wait("/readyz 200", healthy, timeout_s)
        except BoxError as error:
            raise BoxError(f"{error}; it says {answer!r}") from None
        return " ".join(answer.split("\r\n\r\n", 1)[-1].split())

    def page(self, path: str) -> str:
        """Of the health page, with its head; bash alone, a Python takes seconds to start here."""
        request = f"GET {path} HTTP/1.0\\r\\n\\r\\n"
        return self.run(
            f'bash -c \'exec 3<>/dev/tcp/127.0.0.1/8730 && printf "{request}" >&3 && '
            "timeout 10 cat <&3'"
        ).text

    def mark(self) -> str:
        """Where the journal is now."""
        text = self.must("journalctl --quiet --lines=0 --show-cursor")
        return text.split("cursor:", 1)[1].strip()

    def journal(self, mark: str, event: str = "") -> list[str]:
        """What the service and systemd said of it since then; event: only lines of that EVENT.

        Chosen here: journalctl 252 skips the first line after a cursor where it chooses itself.
        """
        text = self.must(
            f"journalctl --quiet --all --after-cursor='{mark}' --output=json "
            "--output-fields=MESSAGE,EVENT,UNIT,_SYSTEMD_UNIT"
        )
        found = []
        for line in text.splitlines():
            entry = json.loads(line)
            ours = "drag-edge.service" in (entry.get("UNIT"), entry.get("_SYSTEMD_UNIT"))
            if ours and event in ("", entry.get("EVENT")):
                found.append(str(entry.get("MESSAGE")))
        return found

    def journal_tail(self) -> str:
        """For whoever has to find out."""
        return self.run("journalctl --unit=drag-edge --output=cat --lines=25").text

    def until_event(self, mark: str, name: str, timeout_s: float = 300.0) -> str:
        """Until the service told that event; its text."""
        found: list[str] = []

        def told() -> bool:
            found[:] = self.journal(mark, name)
            return bool(found)

        try:
            self.machine.wait(f"event {name}", told, timeout_s)
        except BoxError as error:
            raise BoxError(f"{error}\n{self.journal_tail()}") from None
        return found[-1]

    def status(self) -> dict[str, object]:
        """The health page's own JSON."""
        content = json.loads(self.page("/status").split("\r\n\r\n", 1)[-1])
        assert isinstance(content, dict)
        return content

    def until_heard(self, position: int, what: str, wanted: Callable[[str], bool]) -> float:
        """Until a message with such a name is on the bus; the seconds."""
        return self.machine.wait(
            what, lambda: any(wanted(one.name) for one in self.wire.since(position)), 300.0
        )


def names_of_files(without: str, list_file: str) -> str:
    """The command that lists what is on the disk, but for what comes and goes by itself."""
    busy = "/proc /sys /dev /run /tmp /var/tmp /media /var/log/journal"
    pruned = " -o ".join(f"-path {path}" for path in f"{busy} {without}".split())
    return rf"find / -xdev \( {pruned} \) -prune -o -print | sort >{list_file}"


def settings_text() -> str:
    """The box's own YAML."""
    return (Path(__file__).parent / "settings.yaml").read_text()
