from __future__ import annotations

import json
from contextlib import suppress
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tidegauge.errors import ModelError, NotApplicable, SuiteError, Unscored
from tidegauge.models import Shelf
from tidegauge.scorer import Joined, Scorer
from tidegauge.scoring.cache import Cache
from tidegauge.scoring.pipeline import Scored, score_rows
from tidegauge_evaluators._claims import claims
from tidegauge_evaluators._entailing import meaning_of, order_of
from tidegauge_evaluators._grounding import Grounding
from tidegauge_evaluators._probes import PROBES
from tidegauge_evaluators.hallucination.entailment import entailment

from .conftest import FILLING, ORDER, POSITIONS, MakeReader

pytestmark = pytest.mark.usefixtures("offline")

CONTEXT = "Maria lives in Lisbon. The sky is grey. Otto plays the harp."


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


@pytest.fixture(scope="module")
def reader(make_reader: MakeReader) -> Path:
    return make_reader(ORDER)


@pytest.fixture(scope="module")
def scorer(reader: Path) -> Scorer:
    return entailment(shelf=Shelf(device="cpu"), model=str(reader))


def score(scorer: Scorer, response: str, context: str = CONTEXT) -> Joined:
    """Run one row as the pipeline does."""
    row = {"response": response, "context": context}
    units = scorer.split(row)
    assert scorer.model is not None
    return scorer.join(row, units, scorer.model.infer(units).values)


def values(scorer: Scorer, joined: Joined) -> dict[str, float]:
    return dict(zip(scorer.outputs, map(float, joined.values), strict=True))  # type: ignore[arg-type]


def test_refusals_empty_responses_and_missing_contexts_are_not_scored(scorer: Scorer) -> None:
    for row, reason in (
        ({"response": "I'm sorry, I can't help with that.", "context": CONTEXT}, "refusal"),
        ({"response": "Hello! How are you?", "context": CONTEXT}, "nothing to check"),
        ({"response": " ", "context": CONTEXT}, "empty response"),
        ({"context": CONTEXT}, "empty response"),
        ({"response": "Maria lives in Lisbon."}, "no context"),
        ({"response": "Maria lives in Lisbon.", "context": " \n"}, "no context"),
        ({"response": "Maria lives in Lisbon.", "context": "[]"}, "no context"),
    ):
        with pytest.raises(NotApplicable, match=reason):
            scorer.split(row)


def test_what_the_context_says_is_supported(scorer: Scorer) -> None:
    found = values(scorer, score(scorer, "Maria lives in Lisbon. Otto plays the harp."))
    assert found[""] < 0.1
    assert found["flagged"] == found["unsupported_share"] == found["windows_unseen"] == 0.0
    assert (found["sentences"], found["length"]) == (2.0, 43.0)


def test_contradicted_and_neutral_are_kept_apart_and_both_unsupported(scorer: Scorer) -> None:
    denied = values(scorer, score(scorer, "Maria lives in Oslo."))
    unsaid = values(scorer, score(scorer, "Maria owns a boat."))
    assert min(denied[""], unsaid[""]) > 0.9
    assert (denied["flagged"], unsaid["flagged"]) == (1.0, 1.0)
    assert denied["contradicted"] > 0.9 > 0.1 > unsaid["contradicted"]
    assert denied["neutral"] < 0.1 < 0.9 < unsaid["neutral"]


def test_the_worst_sentence_is_named(scorer: Scorer) -> None:
    joined = score(scorer, "Maria lives in Lisbon. **Otto** owns a boat [1]. Otto plays the harp.")
    assert joined.because == "Otto owns a boat."


@pytest.mark.parametrize("order", list(permutations(ORDER)))
def test_every_order_of_labels_is_read_and_gives_the_same_numbers(
    make_reader: MakeReader, scorer: Scorer, order: tuple[str, ...]
) -> None:
    folder = make_reader([name.upper() for name in order], outputs=order)
    other = entailment(shelf=Shelf(device="cpu"), model=str(folder))
    told = "Maria lives in Oslo. Otto plays the harp."
    assert score(other, told).values == pytest.approx(score(scorer, told).values, abs=1e-5)


@pytest.mark.parametrize("order", [p for p in permutations(ORDER) if p != ORDER])
def test_labels_in_the_wrong_order_are_refused_and_the_right_one_is_named(
    make_reader: MakeReader, order: tuple[str, ...]
) -> None:
    folder = make_reader(order)  # the outputs stay as they are
    wrong = entailment(shelf=Shelf(device="cpu"), model=str(folder))
    with pytest.raises(ModelError) as refused:
        score(wrong, "Maria lives in Lisbon.")
    assert "labels: [contradiction, entailment, neutral]" in refused.value.hint
    right = entailment(shelf=Shelf(device="cpu"), model=str(folder), labels=ORDER)
    assert values(right, score(right, "Maria lives in Lisbon."))[""] < 0.1


def test_names_that_say_nothing_are_refused_before_any_work(make_reader: MakeReader) -> None:
    folder = make_reader(["LABEL_0", "LABEL_1", "LABEL_2"])
    with pytest.raises(ModelError, match="LABEL_0") as refused:
        entailment(shelf=Shelf(device="cpu"), model=str(folder))
    assert "labels:" in refused.value.hint
    named = entailment(shelf=Shelf(device="cpu"), model=str(folder), labels=ORDER)
    assert values(named, score(named, "Maria lives in Oslo."))[""] > 0.9
    wrong = entailment(shelf=Shelf(device="cpu"), model=str(folder), labels=ORDER[::-1])
    with pytest.raises(ModelError, match="do not behave so"):
        score(wrong, "Maria lives in Oslo.")


def test_a_model_that_cannot_read_is_refused(make_reader: MakeReader) -> None:
    folder = make_reader(ORDER, trained=False)
    blind = entailment(shelf=Shelf(device="cpu"), model=str(folder))
    with pytest.raises(ModelError, match="beyond doubt"):
        score(blind, "Maria lives in Lisbon.")


def test_models_of_two_outputs_are_read(make_reader: MakeReader) -> None:
    folder = make_reader(["not_entailment", "entailment"], outputs=["unsupport", "support"])
    coarse = entailment(shelf=Shelf(device="cpu"), model=str(folder))
    assert list(coarse.outputs)[:2] == ["", "unsupported_share"]
    assert values(coarse, score(coarse, "Maria lives in Lisbon."))[""] < 0.1
    assert values(coarse, score(coarse, "Maria lives in Oslo."))[""] > 0.9
    folder = make_reader(["entailment", "contradiction"], outputs=["entailment", "contradiction"])
    fine = entailment(shelf=Shelf(device="cpu"), model=str(folder))
    assert list(fine.outputs)[:2] == ["", "contradicted"]
    assert values(fine, score(fine, "Maria lives in Oslo."))["contradicted"] > 0.9


@pytest.mark.parametrize(
    "labels",
    [
        ("entailment", "entailment", "neutral"),
        ("entailment", "neutral"),
        ("positive", "negative"),
        ("entailment",),
        ("not_entailment", "entailment", "neutral"),
    ],
)
def test_names_that_make_no_sense_together_are_refused(labels: tuple[str, ...]) -> None:
    with pytest.raises(ModelError, match="does not say which"):
        order_of(labels, "a model")


@pytest.mark.parametrize(
    ("label", "meaning"),
    [
        ("SUPPORTS", "entailment"),
        ("Entail", "entailment"),
        ("REFUTES", "contradiction"),
        ("contradiction", "contradiction"),
        ("NOT ENOUGH INFO", "neutral"),
        ("nei", "neutral"),
        ("not_entailment", "not_entailment"),
        ("unsupported", "not_entailment"),
        ("LABEL_1", None),
        ("yes", None),
    ],
)
def test_names_are_read_as_models_write_them(label: str, meaning: str | None) -> None:
    assert meaning_of(label) == meaning


def test_evidence_at_the_end_of_a_long_context_is_found(reader: Path) -> None:
    filling = " ".join(FILLING * 210)
    context = f"{filling} Maria lives in Lisbon."
    assert len(context.split()) > 5_000
    for most in (32, 0):
        scorer = entailment(shelf=Shelf(device="cpu"), model=str(reader), max_windows=most)
        found = values(scorer, score(scorer, "Maria lives in Lisbon.", context))
        assert found[""] < 0.1
        assert (found["windows_unseen"] > 0) == (most > 0)
        unsaid = values(scorer, score(scorer, "Otto lives in Lisbon.", context))
        assert unsaid[""] > 0.9


def test_what_no_window_showed_is_counted_in_tokens(reader: Path) -> None:
    scorer = entailment(
        shelf=Shelf(device="cpu"), model=str(reader), window=1, overlap=0, max_windows=2
    )
    joined = score(scorer, "Maria lives in Lisbon.", "Maria lives in Lisbon. " + " ".join(FILLING))
    assert values(scorer, joined)["windows_unseen"] == 4.0
    assert joined.truncated == 5 + 4 + 7 + 8  # the second to fifth sentence that say nothing of it


def test_a_long_claim_is_never_cut(scorer: Scorer) -> None:
    told = "Maria lives in Lisbon, " * 150
    assert len(told.split()) == 600
    units = scorer.split({"response": told, "context": CONTEXT})
    assert isinstance(scorer, Grounding)
    assert all(scorer.model.excess(unit) == 0 for unit in units)
    heard = " ".join(dict.fromkeys(claim for _, claim in units))
    assert set(heard.split()) == set(told.split())
    with pytest.raises(Unscored, match="longer than the model takes"):
        scorer.split({"response": "word " * 600, "context": CONTEXT})


def test_the_claim_reaches_the_model_whole_beside_the_longest_premise(scorer: Scorer) -> None:
    claim = "Maria lives in Lisbon" + " and the sky is grey" * 8 + "."
    context = " ".join(FILLING * 20)
    units = scorer.split({"response": claim, "context": context})
    assert {said for _, said in units} == {claim}
    assert isinstance(scorer, Grounding)
    sizes = [scorer.model.size(unit) for unit in units]
    assert max(sizes) <= POSITIONS
    assert not any(scorer.model.excess(unit) for unit in units)


def test_passages_of_a_json_list_are_premises_of_their_own(scorer: Scorer) -> None:
    context = json.dumps(["Maria lives in Lisbon.", {"text": "Otto plays the harp."}])
    units = scorer.split({"response": "Maria lives in Lisbon.", "context": context})
    assert {premise for premise, _ in units} == {"Maria lives in Lisbon.", "Otto plays the harp."}


def test_rules_by_hand(reader: Path) -> None:
    told = "Maria lives in Lisbon. Otto plays the harp. Maria owns a boat. Otto plays the drum."
    row = {"response": told, "context": CONTEXT}
    outputs = np.array([[0.1, 0.8, 0.1], [0.2, 0.6, 0.2], [0.1, 0.2, 0.7], [0.9, 0.0, 0.1]])
    expected = {"any": 1.0, "share": 0.5, "mean": (0.2 + 0.4 + 0.8 + 1.0) / 4}
    for rule, value in expected.items():
        scorer = entailment(shelf=Shelf(device="cpu"), model=str(reader), rollup=rule)
        units = scorer.split(row)
        assert len(units) == 4
        found = values(scorer, scorer.join(row, units, outputs.astype(np.float32)))
        assert found[""] == pytest.approx(value)
        assert found["unsupported_share"] == 0.5
        assert found["flagged"] == float(value >= 0.5)


def test_a_claim_counts_as_supported_by_its_best_window(reader: Path) -> None:
    scorer = entailment(shelf=Shelf(device="cpu"), model=str(reader), window=1, overlap=0)
    row = {"response": "Otto plays the harp.", "context": "It rained all day. Otto plays the harp."}
    units = scorer.split(row)
    outputs = np.array([[0.3, 0.1, 0.6], [0.2, 0.7, 0.1]], np.float32)
    found = values(scorer, scorer.join(row, units, outputs))
    assert found[""] == pytest.approx(0.3)
    assert found["contradicted"] == pytest.approx(0.3)
    assert found["neutral"] == pytest.approx(0.1)


def test_joining_works_without_having_split(reader: Path) -> None:
    first, second = (entailment(shelf=Shelf(device="cpu"), model=str(reader)) for _ in range(2))
    row = {"response": "Maria lives in Oslo.", "context": CONTEXT}
    units = first.split(row)
    assert first.model is not None
    outputs = first.model.infer(units).values
    assert first.join(row, units, outputs) == second.join(row, units, outputs)


def test_a_run_from_the_cache_loads_no_weights(reader: Path, tmp_path: Path) -> None:
    rows = [
        {"response": "Maria lives in Lisbon.", "context": CONTEXT},
        {"response": "Maria lives in Oslo.", "context": CONTEXT},
        {"response": "I don't know.", "context": CONTEXT},
        {"response": "Maria lives in Lisbon.", "context": CONTEXT},
    ]
    runs: list[Scored] = []
    for _ in range(2):
        scorer = entailment(shelf=Shelf(device="cpu"), model=str(reader))
        cache = Cache(tmp_path / "cache.sqlite")
        runs.extend(score_rows(rows, scorer, cache=cache))
        cache.close()
    assert isinstance(scorer, Grounding)
    assert scorer.model.inner._loaded is None
    first, second = runs
    assert first.outcomes == second.outcomes
    assert [outcome.status for outcome in second.outcomes] == [
        "ok",
        "ok",
        "not_applicable: refusal",
        "ok",
    ]
    assert (first.tally.cached, second.tally.cached) == (0, 4)


def test_settings_that_change_numbers_change_the_identity(reader: Path) -> None:
    def identity(**settings: Any) -> str:
        return entailment(shelf=Shelf(device="cpu"), model=str(reader), **settings).identity

    assert identity() == identity(threshold=0.5)
    settings: list[dict[str, Any]] = [
        {"threshold": 0.6},
        {"rollup": "mean"},
        {"window": 2},
        {"overlap": 0},
        {"max_windows": 8},
        {"max_claims": 3},
    ]
    assert len({identity(), *(identity(**each) for each in settings)}) == 7


@pytest.mark.parametrize(
    "settings", [{"rollup": "worst"}, {"threshold": 1.5}, {"window": -1}, {"max_claims": 0}]
)
def test_settings_that_make_no_sense_are_refused(reader: Path, settings: dict[str, object]) -> None:
    with pytest.raises(SuiteError, match=r"hallucination\.entailment"):
        entailment(shelf=Shelf(device="cpu"), model=str(reader), **settings)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        "\U0001f600" * 2_000,
        "مرحبا بالعالم. كيف حالك اليوم. " * 20,
        "nul \x00 and \udc80 surrogate.",
        "<script>alert(1)</script> **bold** \x1b[31mred\x1b[0m [SEP] [CLS]",
        "x" * 100_000,
        "Maria lives in Lisbon. " * 4_348,
        "".join(f"Fact {i} holds. " for i in range(6_000)),
    ],
    ids=["emoji", "right to left", "nul", "markup", "one word", "repeated", "many sentences"],
)
def test_hostile_texts_get_a_number_or_a_reason(scorer: Scorer, text: str) -> None:
    for response, context in ((text, CONTEXT), ("Maria lives in Lisbon.", text)):
        with suppress(NotApplicable, Unscored):
            joined = score(scorer, response, context)
            assert 0.0 <= values(scorer, joined)[""] <= 1.0


def test_the_probes_hold_every_relation_and_no_claim_gives_it_away() -> None:
    relations = {relation for *_, relation in PROBES}
    assert relations == set(ORDER)
    by_claim: dict[str, set[str]] = {}
    for _, claim, relation in PROBES:
        by_claim.setdefault(claim, set()).add(relation)
    assert sum(len(found) > 1 for found in by_claim.values()) >= 2
    assert all(claims(claim) for claim in by_claim)
