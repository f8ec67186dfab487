"""Whole drives: the judge can pass, it can fail, and it says the same thing twice."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from drag_edge.adas.decision import AebStage, Decision
from drag_edge.cli import main
from drag_edge.score.card import chosen, load_card
from drag_edge.score.judge import Task, do
from drag_edge.score.loop import Alter
from drag_edge.score.result import Driver, DriveResult
from tests.conftest import REPOSITORY

DEMO = REPOSITORY / "configs" / "demo.yaml"
BRAKING = (AebStage.PARTIAL, AebStage.FULL)


def judged(
    case_id: str, alter: Alter | None = None, driver: Driver = "ours", seed: int = 1
) -> DriveResult:
    (row,) = chosen(load_card(), (), case_id)
    return do(Task(row.cases[0], seed, driver, trace=False), DEMO, alter)


def figures(result: DriveResult) -> dict[str, float]:
    return {name: value for one in result.judged for name, value in one.figures.items()}


def late(seconds: float) -> Alter:
    """Emergency braking comes this much later than it was decided."""
    begun: list[float] = []

    def alter(decision: Decision) -> Decision:
        aeb = decision.aeb
        if aeb.stage not in BRAKING:
            return decision
        begun.append(decision.time_s)
        if decision.time_s - begun[0] >= seconds:
            return decision
        held = replace(aeb, stage=AebStage.WARN, decel_mps2=None)
        return replace(decision, aeb=held)

    return alter


def over_eager(decision: Decision) -> Decision:
    """Full braking for whatever time to collision."""
    full = replace(decision.aeb, stage=AebStage.FULL, decel_mps2=-9.0, warning=True)
    return replace(decision, aeb=full) if 2.0 < decision.time_s < 3.0 else decision


def sign_flipped(decision: Decision) -> Decision:
    """Steers and drives the wrong way."""
    lka, acc = decision.lka, decision.acc
    if lka.curvature_1pm is not None:
        lka = replace(lka, curvature_1pm=-lka.curvature_1pm)
    if acc.accel_mps2 is not None:
        acc = replace(acc, accel_mps2=-acc.accel_mps2)
    return replace(decision, lka=lka, acc=acc)


def test_a_fast_case_end_to_end_with_everything_that_is_written(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "score"
    arguments = ["score", "--case", "fcw-stopped", "--jobs", "1", "--out", str(out)]
    assert main([*arguments, "--config", str(DEMO), "--only", "collision-warning"]) == 0
    told = capfd.readouterr().out
    assert "fcw-stopped: 1/1" in told
    assert "fcw-stopped [baseline]: 1/1" in told
    assert "ours: 100.0 of 100" in told
    content = json.loads((out / "score.json").read_text())
    assert content["passed"]
    (page,) = (out / "plots").glob("*.html")
    text = page.read_text()
    assert "Time to collision" in text
    assert "collision warning" in text
    assert "http" not in text.replace("http://www.w3.org", "")  # nothing is loaded from elsewhere


def test_a_failing_case_exits_with_1_and_says_how_to_see_it(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    # Without emergency braking the stationary car is hit.
    config = tmp_path / "blind.yaml"
    text = DEMO.read_text().replace("policy: brake_now", "enabled: off\n    policy: brake_now")
    config.write_text(text.replace("../", f"{REPOSITORY}/"))
    arguments = ["score", "--case", "ccrs-20", "--jobs", "1", "--no-baseline", "--config"]
    assert main([*arguments, str(config), "--out", str(tmp_path / "out")]) == 1
    told = capfd.readouterr().out
    assert "contact at 20" in told
    assert "replay: drag-edge score --only 1 --case ccrs-20 --seed 1" in told
    assert list((tmp_path / "out" / "plots").glob("01-ccrs-20-seed1.html"))


def test_the_same_seed_gives_the_same_drive_to_the_bit() -> None:
    first, again, other = (judged("crossing-30", seed=seed) for seed in (1, 1, 2))
    assert first.judged == again.judged
    assert first.judged != other.judged


@pytest.mark.parametrize("seconds", [0.6])
def test_late_braking_hits_harder(seconds: float) -> None:
    good, bad = judged("ccrs-40"), judged("ccrs-40", late(seconds))
    assert figures(good)["impact_kmh"] == 0.0
    assert figures(bad)["impact_kmh"] > 5.0
    assert not bad.passed


def test_over_eager_braking_is_a_false_positive() -> None:
    case = "steel-plate"
    good, bad = judged(case), judged(case, over_eager)
    assert good.passed
    assert good.false_brakings == 0
    assert not bad.passed
    assert bad.false_brakings == 1
    assert figures(bad)["hardest_g"] > 0.25


@pytest.mark.parametrize(
    ("case", "figure", "at_least"),
    [("catches-left-72-0.5", "outside_m", 0.3), ("follow-30-1s", "steady_error_percent", 20.0)],
)
def test_a_flipped_sign_is_seen(case: str, figure: str, at_least: float) -> None:
    bad = judged(case, sign_flipped)
    assert not bad.passed
    assert figures(bad).get(figure, 1e3) > at_least  # without the figure it is worse still


@pytest.mark.slow
@pytest.mark.parametrize("case", ["catches-left-72-0.5", "follow-30-1s"])
def test_with_the_right_sign_both_pass(case: str) -> None:
    assert judged(case).passed


def test_what_raises_in_a_drive_fails_it_and_nothing_else() -> None:
    def breaks(decision: Decision) -> Decision:
        raise ZeroDivisionError("on purpose")

    result = judged("ccrs-20", breaks)
    assert not result.passed
    assert result.error is not None
    assert "on purpose" in result.error


@pytest.mark.slow
@pytest.mark.parametrize("case", ["child-20", "cut-out-50", "auto-stop-1.5s", "frozen", "bus_off"])
def test_broader_cases_can_be_judged(case: str) -> None:
    result = judged(case)
    assert result.error is None
    assert all(one.figures or one.passed for one in result.judged)


@pytest.mark.slow
def test_the_simple_rules_score_worse_on_a_few_cases() -> None:
    cases = ("ccrs-60", "follow-30-1s", "overtaken-left-5", "crossing-40")
    ours = sum(judged(case).passed for case in cases)
    simple = sum(judged(case, driver="baseline").passed for case in cases)
    assert simple < len(cases)
    assert simple <= ours
