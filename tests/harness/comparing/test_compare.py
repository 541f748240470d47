"""Whole comparisons: the numbers are a run's, the verdicts are what was planted."""

from __future__ import annotations

import json

import numpy as np
import pytest

import tidegauge
from tidegauge import compare
from tidegauge.comparing import redrawing
from tidegauge.comparison import Comparison
from tidegauge.errors import SuiteError, TidegaugeError

from .conftest import COLUMNS, MakeLogs

WHOLE = {**COLUMNS, "segments": []}
METRICS = [
    "performance.accuracy", "performance.roc_auc", "performance.log_loss", "performance.f1",
    "service.latency_p95", "service.error_rate",
]  # fmt: skip


@pytest.fixture(scope="module")
def worse(logs: MakeLogs) -> Comparison:
    before, now = logs(worse=3.0)
    return compare(now, before, columns=COLUMNS, metrics=[*METRICS, "cost_usd"])


def test_a_model_held_against_itself_passes_and_differs_in_nothing(logs: MakeLogs) -> None:
    before, _ = logs(300)
    found = compare(before, before, columns=COLUMNS, metrics=METRICS[:3])
    assert found.outcome == "pass"
    assert {one.decision for one in found.differences} == {"not_shown"}
    assert all(one.contrast is None or one.contrast.change == 0 for one in found.differences)
    assert found.disagreements == ()


def test_a_worse_model_is_found_out(worse: Comparison) -> None:
    assert worse.outcome == "critical"
    assert worse.of("performance.accuracy").decision == "worse"
    assert worse.of("performance.roc_auc").decision == "worse"
    assert worse.of("cost_usd").decision == "not_shown"
    with pytest.raises(AssertionError, match="Accuracy"):
        worse.assert_passed()


def test_every_value_is_what_a_run_reports(worse: Comparison, logs: MakeLogs) -> None:
    before, now = logs(worse=3.0)
    report = tidegauge.check(now, before, columns=COLUMNS, checks=METRICS)
    for name in METRICS:
        result = next(r for r in report.results if r.evaluator == name and not r.slice)
        assert result.score is not None
        found = worse.of(name)
        assert found.candidate == result.score.value
        assert found.baseline == result.score.baseline
    for label in ("region=north", "region=south"):
        result = next(r for r in report.results if r.evaluator == METRICS[0] and r.slice == label)
        assert result.score is not None
        assert worse.of(METRICS[0], label).candidate == result.score.value


def test_each_metric_is_compared_by_the_method_that_fits_it(worse: Comparison) -> None:
    methods = {one.metric: one.contrast.method for one in worse.overall if one.contrast}
    assert methods == {
        "performance.accuracy": "McNemar, mid-p",
        "performance.roc_auc": "paired DeLong",
        "performance.log_loss": "paired t on differences",
        "performance.f1": "paired bootstrap, 200 draws",
        "service.latency_p95": "paired bootstrap, 200 draws",
        "service.error_rate": "McNemar, mid-p",
        "cost_usd": "paired t on differences",
    }


def test_every_difference_has_an_interval_and_what_could_have_been_shown(worse: Comparison) -> None:
    for one in worse.differences:
        assert one.contrast is not None
        assert one.contrast.interval is not None
        low, high = one.contrast.interval
        assert low <= one.contrast.change <= high
        assert one.detectable is not None
        assert one.detectable > 0


def test_the_candidates_gains_and_losses_are_those_of_the_rows(
    worse: Comparison, logs: MakeLogs
) -> None:
    before, now = logs(worse=3.0)
    right = [side["decision"] == side["defaulted"] for side in (before, now)]
    contrast = worse.of("performance.accuracy").contrast
    assert contrast is not None
    assert contrast.gained == int((right[1] & ~right[0]).sum())
    assert contrast.lost == int((right[0] & ~right[1]).sum())
    for row in worse.disagreements:
        if row.metric == "performance.accuracy":
            place = int(row.id)
            winner = 1 if row.favours == "candidate" else 0
            assert right[winner][place]
            assert not right[1 - winner][place]


def test_classes_may_be_of_any_type(logs: MakeLogs) -> None:
    logged = logs(250, worse=3.0)
    found = []
    for kind in ("int64", "bool", "str"):
        sides = [
            {**side, **{name: side[name].astype(kind) for name in ("defaulted", "decision")}}
            for side in logged
        ]
        found.append(compare(*sides[::-1], columns=WHOLE, metrics=["performance.f1"]))
    contrasts = [one.of("performance.f1").contrast for one in found]
    assert contrasts[0] == contrasts[1] == contrasts[2]
    assert contrasts[0] is not None


def test_models_that_never_err_are_not_certain_never_to_err() -> None:
    truth = np.repeat([0, 1], 40)
    side = {"id": np.arange(80), "truth": truth, "prediction": truth, "probability": truth * 0.5}
    columns = {"id": "id", "target": "truth", "prediction": "prediction", "score": "probability"}
    names = ["performance.accuracy", "performance.precision", "performance.roc_auc"]
    found = compare(side, side, columns=columns, metrics=names, margins=dict.fromkeys(names, 0.01))
    assert {one.decision for one in found.overall} == {"not_shown"}
    assert found.outcome == "inconclusive"
    apart = {**side, "id": side["id"] + 1_000}
    found = compare(apart, side, columns=columns, metrics=names, margins=dict.fromkeys(names, 0.01))
    assert found.pairing.design == "unpaired"
    assert {one.decision for one in found.overall} == {"not_shown"}


def test_regressors_are_compared_by_their_errors() -> None:
    rng = np.random.default_rng(0)
    truth = rng.normal(100, 20, 400)
    sides = [
        {"id": np.arange(400), "price": truth, "forecast": truth + rng.normal(0, sd, 400)}
        for sd in (5.0, 8.0)
    ]
    found = compare(
        sides[1],
        sides[0],
        columns={"id": "id", "target": "price", "prediction": "forecast"},
        metrics=["performance.mae", "performance.rmse", "performance.r2"],
    )
    assert [one.decision for one in found.overall] == ["worse"] * 3
    errors = np.sqrt([np.mean((side["forecast"] - truth) ** 2) for side in sides])
    assert found.of("performance.rmse").candidate == pytest.approx(errors[1])
    contrast = found.of("performance.rmse").contrast
    assert contrast is not None
    assert "delta method" in contrast.method


def test_rows_of_one_conversation_count_together(logs: MakeLogs) -> None:
    before, now = logs(600)
    user = np.arange(600) // 6
    alone = compare(now, before, columns=COLUMNS, metrics=METRICS[:1])
    both = [{**side, "user": user} for side in (now, before)]
    found = compare(*both, columns=COLUMNS, metrics=METRICS[:4], cluster="user")
    assert found.pairing.groups == "user"
    assert {one.contrast.groups for one in found.overall if one.contrast} == {100}
    assert alone.of(METRICS[0]).contrast != found.of(METRICS[0]).contrast


def test_a_candidates_log_may_hold_ids_and_answers_alone(logs: MakeLogs) -> None:
    before, now = logs(300)
    bare = {name: now[name] for name in ("id", "decision", "probability")}
    found = compare(bare, before, columns=COLUMNS, metrics=METRICS[:2])
    full = compare(now, before, columns=COLUMNS, metrics=METRICS[:2])
    assert found.of(METRICS[0]).candidate == full.of(METRICS[0]).candidate
    assert any("taken from the baseline's log" in note for note in found.notes)


def test_what_is_not_compared_is_named_with_its_reason(logs: MakeLogs) -> None:
    before, now = logs(300)
    bare = {name: now[name] for name in ("id", "decision")}
    found = compare(bare, before, columns=WHOLE)
    assert [one.metric for one in found.overall] == ["performance.accuracy"]
    lost, others = found.notes[-2:]
    assert lost == (
        "Not compared, for the candidate's log does not hold what they need: service.latency_p95 "
        "and service.error_rate."
    )
    assert others.startswith("Not compared, for they say how rows differ")
    assert "The candidate's log lacks probability: scores are not compared." in found.notes
    named = compare(bare, before, columns=WHOLE, metrics=METRICS[:1])
    assert not any("Not compared" in note for note in named.notes)


def test_segments_beyond_what_is_quick_are_named(
    logs: MakeLogs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redrawing, "MOST_ASKED", 1)
    monkeypatch.setattr(redrawing.redraw, "__kwdefaults__", {"draws": 60, "progress": None})
    before, now = logs(200)
    found = compare(now, before, columns=COLUMNS, metrics=["performance.f1"])
    assert len(found.segments) == 1
    (other,) = {"region=north", "region=south"} - {found.segments[0].slice}
    assert f"left out: performance.f1 in {other}." in found.notes[-1]


def test_different_rows_are_adjusted_for_their_mix(logs: MakeLogs) -> None:
    before, _ = logs(700, seed=1)
    now, _ = logs(700, seed=2)
    kept = now["income"] > np.random.default_rng(3).normal(0.3, 1.0, 700)
    easier = {name: values[kept] for name, values in now.items()}
    easier["id"] = easier["id"] + 5_000
    found = compare(
        easier, before, columns=WHOLE, metrics=["performance.accuracy", "performance.f1"]
    )
    assert found.pairing.design == "unpaired"
    assert found.mix is not None
    assert found.mix.drift.z > 3
    assert found.mix.columns[0][0] == "income"
    assert found.mix.effective_baseline < 700
    plain = found.of("performance.f1").unadjusted
    assert plain is not None
    assert plain.candidate == pytest.approx(
        tidegauge.check(easier, before, columns=COLUMNS, checks=["performance.f1"])
        .results[0]
        .score.value  # type: ignore[union-attr]
    )
    adjusted = found.of("performance.f1").contrast
    assert adjusted is not None
    assert abs(adjusted.change) < abs(plain.change)
    assert found.outcome == "pass"


def test_a_record_survives_json(worse: Comparison) -> None:
    assert Comparison.from_json(worse.to_json()) == worse
    assert worse.to_dict()["differences"][0]["decision"] == "worse"
    newer = json.dumps({**worse.to_dict(), "format": 99})
    for text in (newer, "[]", "{", json.dumps({**worse.to_dict(), "outcome": "maybe"})):
        with pytest.raises(TidegaugeError):
            Comparison.from_json(text)


def test_the_same_seed_says_the_same(logs: MakeLogs) -> None:
    before, now = logs(250, worse=1.0)
    found = [
        compare(now, before, columns=WHOLE, metrics=["performance.f1"], seed=5).differences
        for _ in range(2)
    ]
    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"metrics": ["performance.acuracy"]}, "performance.accuracy"),
        ({"metrics": ["income"]}, "{income: lower}"),
        ({"metrics": ["region"]}, "a mean needs numbers"),
        ({"metrics": ["performance.accuracy"], "margins": {"latency": 1}}, "has a margin"),
        ({"margins": {"performance.accuracy": -1}}, "0 or more"),
        ({"rows": "both"}, "auto, paired, unpaired"),
    ],
)
def test_words_that_mean_nothing_are_refused(
    logs: MakeLogs, settings: dict[str, object], said: str
) -> None:
    before, now = logs(60)
    with pytest.raises(SuiteError) as refused:
        compare(now, before, columns=COLUMNS, **settings)  # type: ignore[arg-type]
    assert said in str(refused.value)
