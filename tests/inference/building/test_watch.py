from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from drag_edge.errors import DragEdgeError, InvalidConfigError, UnavailableError, UsageError
from drag_edge.inference.building import watch
from drag_edge.inference.building.builder import build_engine
from drag_edge.inference.building.options import BuildOptions
from drag_edge.inference.building.selector import Choice
from drag_edge.inference.building.tactics import (
    KnownTactics,
    keep_tactics,
    parse_tactic,
    read_tactics,
    unsigned,
)
from drag_edge.inference.building.watch import build_watched
from drag_edge.inference.sidecar import Sidecar
from tests.inference import tiny_onnx
from tests.inference.engines import CERTIFICATE

LINE = (
    "/model.0/conv/Conv Set Tactic Name: sm90_xmma_fprop_implicit_gemm_f16_warpgroupsize1x1x1_g1 "
    "Tactic: 0xaa86ccea3b6a5612"
)
BAD = "0xaa86ccea3b6a5612"

# A building process without TensorRT. `avoided` is what it was told; `tell` speaks.
SCRIPT = """
import json, sys, time
options = json.loads(sys.stdin.readline())
avoided = options["avoid_tactics"]
def tell(kind, text="", detail=""):
    print(json.dumps({"kind": kind, "text": text, "detail": detail}), flush=True)
def trying(number, name, layer="conv1"):
    tell("trying", f"{layer} Set Tactic Name: {name} Tactic: {number}")
tell("tactics", %(table)r)
%(body)s
tell("built", %(sidecar)r)
"""


class Process:
    """Runs `body` in place of the build."""

    def __init__(self, folder: Path) -> None:
        self.table = folder / "known.json"
        self.said: list[str] = []
        self._script = folder / "process.py"

    def build(self, body: str, **options: Any) -> Sidecar:
        said = {"table": str(self.table), "body": body, "sidecar": CERTIFICATE.as_text()}
        self._script.write_text(SCRIPT % said)
        command = (sys.executable, str(self._script))
        wanted = BuildOptions(Path("m.onnx"), **{"hang_s": 0.4, **options})
        return build_watched(wanted, self.said.append, command)


@pytest.fixture
def process(tmp_path: Path) -> Process:
    return Process(tmp_path)


def test_a_tactic_is_read_from_the_log() -> None:
    tactic = parse_tactic(LINE)
    assert tactic is not None
    assert (tactic.hexadecimal, tactic.layer) == (BAD, "/model.0/conv/Conv")
    assert tactic.name.endswith("warpgroupsize1x1x1_g1")
    assert unsigned(tactic.number - (1 << 64)) == tactic.number
    assert parse_tactic("Tactic: 0xaa86ccea3b6a5612 Time: 0.0123") is None
    assert parse_tactic("Set Tactic Name: x Tactic: later") is None


def test_a_build_that_goes_well_is_handed_on(process: Process) -> None:
    body = "tell('say', 'building'); trying('0x11', 'sm80_one'); tell('log', 'Time: 0.1')"
    assert process.build(body) == CERTIFICATE
    assert process.said == ["building"]
    assert read_tactics(process.table).names == {"0x0000000000000011": "sm80_one"}


HANGS = f"""
trying("0x11", "fine")
if {BAD!r} not in avoided:
    trying({BAD!r}, "sm90_bad", "conv2")
    time.sleep(60)
"""


def test_what_hangs_is_killed_remembered_and_left_out(process: Process) -> None:
    began_s = time.monotonic()
    assert process.build(HANGS) == CERTIFICATE
    assert time.monotonic() - began_s < 20
    assert process.said == [f"tactic sm90_bad ({BAD}) of layer conv2 hangs: building without it"]
    assert read_tactics(process.table).hung == {BAD: "conv2"}


def test_without_retries_the_option_that_helps_is_said(process: Process) -> None:
    with pytest.raises(UnavailableError, match=rf"sm90_bad.*conv2 hangs.*--avoid-tactics {BAD}$"):
        process.build(HANGS, retry_hangs=False)
    assert read_tactics(process.table).hung == {BAD: "conv2"}


def test_what_hangs_although_it_was_left_out_ends_it(process: Process) -> None:
    body = f"trying({BAD!r}, 'sm90_bad'); time.sleep(60)"
    with pytest.raises(UnavailableError, match="--avoid-tactics"):
        process.build(body)
    assert len(process.said) == 1


def test_a_name_that_matches_is_left_out_as_soon_as_it_is_seen(process: Process) -> None:
    body = """
for number in ("0x1", "0x2", "0x3", "0x4", "0x5", "0x6"):
    if f"0x{int(number, 16):016x}" not in avoided and not options["known_tactics_only"]:
        trying(number, "sm90_warpgroup_" + number)
        time.sleep(0.2)
trying("0x7", "sm80_fine")
"""
    began_s = time.monotonic()
    assert process.build(body, avoid_tactics=("sm90_.*group",), hang_s=30) == CERTIFICATE
    assert time.monotonic() - began_s < 20
    assert len(read_tactics(process.table).names) == 6  # five times, then only known ones
    assert "from here on only" in process.said[-1]
    with pytest.raises(UsageError, match="no regular expression"):
        process.build("", avoid_tactics=("(",))


def test_silence_where_no_kernel_is_tried_is_borne_longer(process: Process) -> None:
    body = "trying('0x11', 'x'); tell('log', 'compiling'); time.sleep(0.5)"
    assert process.build(body, hang_s=0.2) == CERTIFICATE
    with pytest.raises(UnavailableError, match="has said nothing for"):
        process.build("tell('log', 'compiling'); time.sleep(60)", hang_s=0.1)


def test_progress_is_no_sign_that_a_kernel_came_back(process: Process) -> None:
    body = HANGS.replace(
        "time.sleep(60)", "[(tell('say', 'x'), time.sleep(0.1)) for _ in range(99)]"
    )
    assert process.build(body) == CERTIFICATE


def test_what_is_learnt_is_kept_before_the_end(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "_KEEP_EVERY_S", 0.05)
    body = f"""
trying("0x11", "sm80_one")
time.sleep(0.2)
trying("0x12", "sm80_two")
tell("log")
time.sleep(0.3)
tell("say", open({str(process.table)!r}).read())
"""
    process.build(body, hang_s=30)
    assert "sm80_two" in process.said[0]


def test_an_error_keeps_its_class_and_words(process: Process) -> None:
    with pytest.raises(InvalidConfigError, match=r"^node 3$"):
        process.build("tell('failed', 'node 3', 'InvalidConfigError'); sys.exit(78)")
    with pytest.raises(DragEdgeError, match=r"^odd$"):
        process.build("tell('failed', 'odd', 'DragEdgeError'); sys.exit(70)")


def test_a_crash_says_where(process: Process) -> None:
    body = f"import os; trying({BAD!r}, 'sm90_bad'); os.kill(os.getpid(), 11)"
    with pytest.raises(UnavailableError, match=rf"SIGSEGV in tactic sm90_bad \({BAD}\)"):
        process.build(body)
    with pytest.raises(UnavailableError, match="exit code 3"):
        process.build("sys.exit(3)")
    with pytest.raises(UnavailableError, match="exit code 0"):
        process.build("print('no message'); sys.exit(0)")


def test_what_is_known_of_tactics_is_read_or_nothing(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "known.json"
    assert read_tactics(file) == read_tactics(None) == KnownTactics()
    known = KnownTactics({"0x01": "a", "0x02": "b"}, {"0x02": "conv"})
    assert keep_tactics(file, known) == ""
    assert read_tactics(file) == known
    assert known.matching(["^a$", "0x7"]) == {1, 7}
    assert known.hung_numbers() == {2}
    for nonsense in ("", "[]", '{"names": 3}', '{"hung": {"x": "y"}}', '{"names": {"x": "y"}}'):
        file.write_text(nonsense)
        assert read_tactics(file) == KnownTactics()
    assert "was not kept" in keep_tactics(tmp_path / "deep" / "known.json" / "x", known)


def test_the_real_process_says_that_there_is_no_tensorrt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where there is one: the child finds a `tensorrt` that is none."""
    (tmp_path / "tensorrt.py").write_text("raise ImportError('libnvinfer.so.8')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    onnx = tiny_onnx.echo(tmp_path / "m.onnx", (1, 3, 8, 8))
    with pytest.raises(UnavailableError, match=r"cannot be imported: libnvinfer"):
        build_engine(BuildOptions(onnx))


def test_only_known_tactics_where_a_layer_has_any() -> None:
    hashes = [1 << 40, 1 << 41, 1 << 42]
    avoided, known = frozenset(hashes[:1]), frozenset(hashes[:2])
    assert Choice(avoided, None).of(hashes) == [1, 2]
    assert Choice(avoided, known).of(hashes) == [1]
    assert Choice(avoided, known).of([*hashes, 3]) == [1, 3]  # a variant without a name
    assert Choice(avoided, known).of([hashes[0], hashes[2]]) == [1]  # nothing known: the unknown
    assert Choice(avoided, known).of(hashes[:1]) == []
    assert Choice(most=2).of(hashes) == [0, 1]
    assert Choice(avoided, most=1).of(hashes) == [1]


def test_a_building_process_ends_with_its_parent(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(
        "import subprocess, sys\n"
        "code = 'from drag_edge.inference.building.child import _end_with_parent as f; f();'\n"
        "code += 'print(1, flush=True); import time; time.sleep(60)'\n"
        "child = subprocess.Popen([sys.executable, '-c', code], stdout=subprocess.PIPE)\n"
        "child.stdout.readline()\n"
        "print(child.pid)\n"
    )
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=50)
    stat = Path("/proc") / done.stdout.strip() / "stat"
    for _ in range(100):
        if not stat.exists() or stat.read_text().split()[2] == "Z":
            return
        time.sleep(0.05)
    pytest.fail("it still runs")
