from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tidegauge.errors import ModelError, NotApplicable, SuiteError, Unscored
from tidegauge.models import Shelf
from tidegauge.scorer import Scorer
from tidegauge_evaluators.hallucination.self_consistency import self_consistency

from .conftest import FILLING, ORDER, MakeReader


@pytest.fixture(scope="module")
def reader(make_reader: MakeReader) -> Path:
    return make_reader(ORDER)


@pytest.fixture(scope="module")
def scorer(reader: Path) -> Scorer:
    return load(reader)


def load(folder: Path, **settings: Any) -> Scorer:
    return self_consistency(shelf=Shelf(device="cpu"), model=str(folder), **settings)


def score(scorer: Scorer, response: str, samples: list[str]) -> dict[str, float]:
    row = {"response": response, "samples": json.dumps(samples)}
    units = scorer.split(row)
    assert scorer.model is not None
    joined = scorer.join(row, units, scorer.model.infer(units).values)
    return dict(zip(scorer.outputs, map(float, joined.values), strict=True))  # type: ignore[arg-type]


@pytest.mark.parametrize("samples", ["", "[]", '["Maria lives in Oslo."]', "Maria lives in Oslo."])
def test_fewer_than_two_samples_say_nothing(scorer: Scorer, samples: str) -> None:
    with pytest.raises(NotApplicable, match="fewer than 2 samples"):
        scorer.split({"response": "Maria lives in Lisbon.", "samples": samples})


def test_refusals_are_not_scored(scorer: Scorer) -> None:
    with pytest.raises(NotApplicable, match="refusal"):
        scorer.split({"response": "I don't know.", "samples": '["Yes.", "No."]'})


def test_samples_that_agree_give_a_low_number_and_samples_that_differ_a_high_one(
    scorer: Scorer,
) -> None:
    told = "Maria lives in Lisbon."
    agree = score(scorer, told, [told, told])
    differ = score(scorer, told, ["Maria lives in Oslo.", "Maria lives in Rome."])
    half = score(scorer, told, [told, "Maria lives in Rome."])
    assert agree[""] < 0.1 < 0.4 < half[""] < 0.6 < 0.9 < differ[""]
    assert (agree["flagged"], differ["flagged"]) == (0.0, 1.0)
    assert (agree["sentences"], agree["samples"]) == (1.0, 2.0)


def test_the_sentence_comes_first_and_the_sample_second(scorer: Scorer) -> None:
    row = {"response": "One is told.", "samples": '["Two.", "Three."]'}
    assert scorer.split(row) == [("One is told.", "Two."), ("One is told.", "Three.")]


def test_the_mean_over_samples_and_the_rules_by_hand(reader: Path) -> None:
    row = {"response": "Otto is here. Vera is here.", "samples": '["No.", "Yes.", "So."]'}
    contradiction = np.array([0.9, 0.6, 0.3, 0.0, 0.1, 0.2])  # means 0.6 and 0.1
    outputs = np.stack([contradiction, 1 - contradiction, 0 * contradiction], axis=1)
    for rule, value in {"mean": 0.35, "any": 0.6, "share": 0.5}.items():
        scorer = load(reader, rollup=rule)
        units = scorer.split(row)
        joined = scorer.join(row, units, outputs.astype(np.float32))
        assert joined.values[0] == pytest.approx(value)
        assert joined.because == "Otto is here."


def test_a_long_sample_is_read_to_its_end(scorer: Scorer) -> None:
    long = " ".join([*FILLING * 12, "Maria lives in Rome."])
    assert score(scorer, "Maria lives in Lisbon.", [long, long])[""] > 0.9


def test_no_sentence_is_cut(scorer: Scorer) -> None:
    with pytest.raises(Unscored):
        scorer.split({"response": "word " * 600, "samples": '["One.", "Two."]'})


def test_a_model_without_contradiction_is_refused(make_reader: MakeReader) -> None:
    folder = make_reader(["not_entailment", "entailment"], outputs=["unsupport", "support"])
    with pytest.raises(ModelError, match="does not tell contradiction"):
        load(folder)


def test_wrong_labels_are_refused(make_reader: MakeReader) -> None:
    wrong = load(make_reader(ORDER[::-1]))
    with pytest.raises(ModelError, match="do not behave so"):
        score(wrong, "Maria lives in Lisbon.", ["One.", "Two."])


@pytest.mark.parametrize("settings", [{"rollup": "max"}, {"threshold": -1}, {"max_claims": 0}])
def test_settings_that_make_no_sense_are_refused(reader: Path, settings: dict[str, Any]) -> None:
    with pytest.raises(SuiteError, match="self_consistency"):
        load(reader, **settings)


@pytest.mark.parametrize(
    "text", ["\U0001f600" * 500, "a \x00 \udc80 b.", "مرحبا بالعالم", "<b>\x1b[31m", "x" * 20_000]
)
def test_hostile_texts_get_a_number_or_a_reason(scorer: Scorer, text: str) -> None:
    for response, other in ((text, "Yes it is."), ("Maria lives in Lisbon.", text)):
        try:
            found = score(scorer, response, [other, other])
        except (NotApplicable, Unscored):
            continue
        assert 0.0 <= found[""] <= 1.0
