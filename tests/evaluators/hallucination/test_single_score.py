from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tidegauge.errors import ModelError, NotApplicable, SuiteError, Unscored
from tidegauge.models import Shelf
from tidegauge.scorer import Joined, Scorer
from tidegauge_evaluators.hallucination.single_score import putter, single_score

from .conftest import FILLING, ORDER, MakeReader

CONTEXT = "Maria lives in Lisbon. The sky is grey. Otto plays the harp."


@pytest.fixture(scope="module")
def reader(make_reader: MakeReader) -> Path:
    return make_reader(["score"], outputs=["support"])


def load(folder: Path, **settings: Any) -> Scorer:
    return single_score(shelf=Shelf(device="cpu"), model=str(folder), **settings)


def score(scorer: Scorer, response: str, context: str = CONTEXT) -> Joined:
    row = {"response": response, "context": context}
    units = scorer.split(row)
    assert scorer.model is not None
    return scorer.join(row, units, scorer.model.infer(units).values)


def main(scorer: Scorer, response: str, context: str = CONTEXT) -> float:
    value = score(scorer, response, context).values[0]
    assert isinstance(value, float)
    return value


def test_refusals_and_missing_contexts_are_not_scored(reader: Path) -> None:
    scorer = load(reader)
    with pytest.raises(NotApplicable, match="refusal"):
        scorer.split({"response": "I don't know.", "context": CONTEXT})
    with pytest.raises(NotApplicable, match="no context"):
        scorer.split({"response": "Maria lives in Lisbon."})


def test_one_output_is_the_probability_of_support(reader: Path) -> None:
    scorer = load(reader)
    assert list(scorer.outputs) == [
        "",
        "unsupported_share",
        "sentences",
        "windows_unseen",
        "length",
        "flagged",
    ]
    assert main(scorer, "Maria lives in Lisbon.") < 0.1
    assert main(scorer, "Maria lives in Oslo.") > 0.9
    joined = score(scorer, "Maria lives in Lisbon. Otto owns a boat.")
    assert joined.values[1:] == (0.5, 2.0, 0.0, 40.0, True)
    assert joined.because == "Otto owns a boat."


def test_two_outputs_are_read_by_name(make_reader: MakeReader, reader: Path) -> None:
    folder = make_reader(["unsupported", "supported"], outputs=["unsupport", "support"])
    assert main(load(folder), "Maria lives in Lisbon.") < 0.1
    turned = make_reader(["supported", "unsupported"], outputs=["support", "unsupport"])
    assert main(load(turned), "Maria lives in Oslo.") > 0.9


def test_names_that_say_nothing_need_the_suites_word(make_reader: MakeReader) -> None:
    folder = make_reader(["LABEL_0", "LABEL_1"], outputs=["unsupport", "support"])
    with pytest.raises(ModelError, match="does not say which") as refused:
        load(folder)
    assert "supported: LABEL_1" in refused.value.hint
    assert main(load(folder, supported="label_1"), "Maria lives in Lisbon.") < 0.1
    with pytest.raises(ModelError, match="points the other way") as refused:
        main(load(folder, supported="LABEL_0"), "Maria lives in Lisbon.")
    assert "the other label" in refused.value.hint
    with pytest.raises(ModelError, match="no label"):
        load(folder, supported="yes")


def test_a_number_that_points_the_other_way_is_refused(make_reader: MakeReader) -> None:
    folder = make_reader(["score"], outputs=["unsupport"])
    with pytest.raises(ModelError, match="points the other way"):
        main(load(folder), "Maria lives in Lisbon.")


def test_a_model_that_cannot_read_is_refused(make_reader: MakeReader) -> None:
    folder = make_reader(["score"], outputs=["support"], trained=False)
    with pytest.raises(ModelError, match="not the probability of support"):
        main(load(folder), "Maria lives in Lisbon.")


def test_a_template_the_model_does_not_know_is_refused(reader: Path) -> None:
    scorer = load(reader, template="Is it true? {premise} {claim}")  # it reads pairs only
    units = scorer.split({"response": "Maria lives in Lisbon.", "context": CONTEXT})
    assert units == [(f"Is it true? {CONTEXT} Maria lives in Lisbon.",)]
    with pytest.raises(ModelError, match="template"):
        main(scorer, "Maria lives in Lisbon.")


def test_models_of_three_outputs_are_sent_elsewhere(make_reader: MakeReader) -> None:
    with pytest.raises(ModelError, match="3 outputs") as refused:
        load(make_reader(ORDER))
    assert "hallucination.entailment" in refused.value.hint


@pytest.mark.parametrize(
    "template", ["{premise}", "{claim} {claim}", "nothing", "{premise} {claim} {premise}"]
)
def test_templates_must_hold_both_slots_once(reader: Path, template: str) -> None:
    with pytest.raises(SuiteError, match="template"):
        load(reader, template=template)


def test_logged_text_is_never_read_as_a_slot() -> None:
    put = putter("A {claim} B {premise} C")
    assert put("{claim} {0} %s", "{premise}") == ("A {premise} B {claim} {0} %s C",)


def test_windows_hold_as_many_sentences_as_there_is_room_for(reader: Path) -> None:
    scorer = load(reader)
    context = " ".join([*FILLING * 30, "Maria lives in Lisbon."])
    units = scorer.split({"response": "Maria lives in Lisbon.", "context": context})
    assert scorer.model is not None
    sizes = [scorer.model.size(unit) for unit in units]
    assert max(sizes) > 100
    assert main(scorer, "Maria lives in Lisbon.", context) < 0.1


def test_a_claim_is_never_cut(reader: Path) -> None:
    with pytest.raises(Unscored):
        load(reader).split({"response": "word " * 600, "context": CONTEXT})


def test_settings_change_the_identity(reader: Path) -> None:
    settings: list[dict[str, Any]] = [
        {},
        {"threshold": 0.4},
        {"rollup": "share"},
        {"template": "{premise} {claim}"},
        {"window": 3},
    ]
    assert len({load(reader, **each).identity for each in settings}) == len(settings)
