from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from drag_edge.errors import DragEdgeError, InvalidConfigError, UnavailableError, UsageError
from drag_edge.inference.building.flags import Abilities, NetworkFacts, Recipe, make_recipe
from drag_edge.inference.building.offers import Offers
from drag_edge.inference.building.options import BuildOptions
from tests.inference.tensorrt_names import VERSIONS, dotted_names

PLAIN = NetworkFacts(quantised=False, half=False)
QUANTISED = NetworkFacts(quantised=True, half=False)
HALF = NetworkFacts(quantised=False, half=True)
FAST = Abilities(fast_fp16=True, fast_int8=True, dla_cores=2)
SLOW = Abilities(fast_fp16=False, fast_int8=False, dla_cores=0)
BY_FLAGS = [version for version in VERSIONS if version != "11.4.0"]


def recipe(
    version: str, facts: NetworkFacts = PLAIN, abilities: Abilities = FAST, **options: Any
) -> Recipe:
    offers = Offers(version, dotted_names(version))
    return make_recipe(BuildOptions(Path("m.onnx"), **options), offers, abilities, facts)


@pytest.mark.parametrize("version", BY_FLAGS)
@pytest.mark.parametrize(
    ("facts", "abilities", "asked", "precision", "flags"),
    [
        (PLAIN, FAST, None, "fp16", ("FP16",)),
        (PLAIN, SLOW, None, "fp32", ()),
        (PLAIN, SLOW, "fp16", "fp16", ("FP16",)),
        (PLAIN, FAST, "fp32", "fp32", ()),
        (HALF, FAST, "fp32", "fp32", ("FP16",)),  # TensorRT refuses fp16 weights without the flag
        (PLAIN, FAST, "int8", "int8", ("INT8", "FP16")),
        (PLAIN, SLOW, "int8", "int8", ("INT8",)),
        (QUANTISED, FAST, None, "int8", ("INT8", "FP16")),
        (QUANTISED, FAST, "fp16", "int8", ("INT8", "FP16")),
    ],
)
def test_up_to_tensorrt_10_flags_say_the_precision(
    version: str,
    facts: NetworkFacts,
    abilities: Abilities,
    asked: Any,
    precision: str,
    flags: tuple[str, ...],
) -> None:
    made = recipe(version, facts, abilities, precision=asked)
    assert (made.precision, made.set_flags) == (precision, flags)
    assert made.calibrated == (precision == "int8" and facts is PLAIN)
    assert made.clear_flags == (("TF32",) if precision == "fp32" else ())
    assert made.creation_flags == ("EXPLICIT_BATCH",)


@pytest.mark.parametrize(("facts", "holds"), [(PLAIN, "fp32"), (HALF, "fp16"), (QUANTISED, "int8")])
def test_from_tensorrt_11_on_the_onnx_says_it(facts: NetworkFacts, holds: str) -> None:
    made = recipe("11.4.0", facts)
    assert made.precision == holds
    assert made.set_flags == made.creation_flags == ()
    assert not made.calibrated
    assert "takes the precision from the ONNX" in made.notes[0]
    for asked in ("fp32", "fp16", "int8"):
        if asked == holds:
            assert recipe("11.4.0", facts, precision=asked).notes == ()
        else:
            with pytest.raises(InvalidConfigError, match=f"this one is {holds}: "):
                recipe("11.4.0", facts, precision=asked)


def test_what_was_decided_against_the_wish_is_said() -> None:
    assert "not fast at fp16" in recipe("10.3.0", abilities=SLOW).notes[0]
    assert "built as int8, not fp32" in recipe("10.3.0", QUANTISED, precision="fp32").notes[0]
    assert "stay fp16" in recipe("10.3.0", HALF, precision="fp32").notes[0]
    assert "not fast at int8" in recipe("10.3.0", abilities=SLOW, precision="int8").notes[0]
    assert recipe("10.3.0").notes == ()


@pytest.mark.parametrize("version", VERSIONS)
def test_a_dla_runs_fp16_and_int8_with_the_gpu_behind_it(version: str) -> None:
    facts = HALF if version == "11.4.0" else PLAIN
    assert "GPU_FALLBACK" in recipe(version, facts, dla=0).set_flags
    with pytest.raises(UnavailableError, match="no DLA core"):
        recipe(version, facts, SLOW, dla=0)
    with pytest.raises(UsageError, match="cores 0 to 1"):
        recipe(version, facts, dla=2)
    with pytest.raises(UsageError, match="not in fp32"):
        recipe(version, PLAIN, dla=0, precision="fp32")


@pytest.mark.parametrize("version", VERSIONS)
def test_no_cublas_leaves_both_libraries_out(version: str) -> None:
    assert recipe(version).tactic_sources is None
    chosen = recipe(version, tactics="no-cublas").tactic_sources
    assert chosen == ("EDGE_MASK_CONVOLUTIONS", "JIT_CONVOLUTIONS")


@pytest.mark.parametrize("facts", [PLAIN, QUANTISED])
def test_pictures_where_nothing_is_calibrated_are_a_mistake(facts: NetworkFacts) -> None:
    with pytest.raises(UsageError, match="--calibrate"):
        recipe("10.3.0", facts, precision="fp16", calibrate=Path("drive"))


def test_every_refusal_has_an_exit_code() -> None:
    assert issubclass(UsageError, DragEdgeError)
    assert UsageError.exit_code == 64
