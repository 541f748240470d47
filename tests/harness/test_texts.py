"""Scorers in a run: their columns are judged like any other, on both sides alike."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import tidegauge
from tidegauge.baseline import Baseline
from tidegauge.errors import BaselineError, ModelError, SuiteError
from tidegauge.freezing import refresh_baseline
from tidegauge.labelling import write_labels
from tidegauge.records import Report, Result
from tidegauge.sampling import sample_log
from tidegauge.suite import Suite, load_suite, parse_suite

REFUSAL = "I'm sorry, but I can't help with that."


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEGAUGE_CACHE", str(tmp_path / "cache"))


def log(rows: int, refusals: int, topic: str = "parcel") -> pa.Table:
    answers = [REFUSAL] * refusals + [
        f"Your {topic} number {place} arrives on Tuesday." for place in range(rows - refusals)
    ]
    return pa.table(
        {
            "request_id": [f"r{place:04d}" for place in range(rows)],
            "prompt": [
                f"When does my {topic} number {place} arrive, please?" for place in range(rows)
            ],
            "response": answers,
            "shop": ["north", "south"] * (rows // 2),
            "session": [f"s{place // 2}" for place in range(rows)],
        }
    )


def suite(folder: Path, scorers: str, checks: str = "[]", extra: str = "") -> Suite:
    text = f"""
suite: answers
preset: none
logs: {{baseline: {{path: then.parquet}}, current: {{path: now.parquet}}}}
columns:
  {{id: request_id, prompt: prompt, response: response, segments: [shop], conversation: session}}
scorers: {scorers}
checks: {checks}
{extra}
"""
    (folder / "suite.yaml").write_text(text, "utf-8")
    return load_suite(folder / "suite.yaml")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    pq.write_table(log(400, 8), tmp_path / "then.parquet")
    pq.write_table(log(300, 90), tmp_path / "now.parquet")
    return tmp_path


def found(report: Report, **wanted: Any) -> Result:
    (result,) = (
        result
        for result in report.results
        if all(getattr(result, key) == value for key, value in wanted.items())
    )
    return result


def test_what_scorers_flag_is_judged_in_all_rows_and_in_slices(folder: Path) -> None:
    loaded = suite(folder, "[text.refusal]", "[{text.rate: {critical: {rise: 0.05}}}]")
    report = tidegauge.run(loaded)
    assert report.outcome == "critical"
    whole = found(report, column="text.refusal.flagged", slice="")
    assert whole.score is not None
    assert (whole.score.value, whole.score.baseline) == (0.3, 0.02)
    assert found(report, slice="shop=north").verdict.outcome == "critical"


def test_the_report_says_what_became_of_the_rows(folder: Path) -> None:
    loaded = suite(folder, "[text.length, text.refusal]", "[{drift.psi: {on: scored, warn: 0.2}}]")
    report = tidegauge.run(loaded)
    length, refusal = report.scorings
    assert (length.column, length.baseline.rows, length.current.rows) == ("text.length", 400, 300)
    assert length.current.ok == refusal.current.ok == 300
    assert refusal.current.unique == 211, "ninety refusals are one text"
    columns = {column.name: column.role for column in report.columns}
    assert columns["text.length"] == "scored"
    assert columns["text.refusal.flagged"] == "flagged"
    assert columns["text.length.status"] == "scorer_status"
    assert columns["response"] == "response"


def test_a_missing_text_leaves_rows_without_a_number_and_says_why(folder: Path) -> None:
    now = log(300, 0)
    empty = pa.array([None] * 120 + now["response"].to_pylist()[120:])
    pq.write_table(now.set_column(2, "response", empty), folder / "now.parquet")
    loaded = suite(folder, "[text.length]", "[{drift.psi: {on: text.length, warn: 0.2}}]")
    (length,) = tidegauge.run(loaded).scorings
    assert sum(length.current.not_applicable.values()) == 120
    assert length.current.ok == 180


def test_a_log_without_the_column_is_not_asked(folder: Path) -> None:
    pq.write_table(log(300, 0).drop_columns(["response"]), folder / "now.parquet")
    loaded = suite(folder, "[text.length]", "[{drift.psi: {on: text.length, warn: 0.2}}]")
    (length,) = tidegauge.run(loaded).scorings
    assert length.current.ok == 0
    assert sum(length.current.not_applicable.values()) == 300


def test_a_scorer_on_what_is_not_there_stops_the_run(folder: Path) -> None:
    loaded = suite(folder, "[{text.length: {on: answr}}]", "[drift.psi]")
    with pytest.raises(SuiteError, match="answr"):
        tidegauge.run(loaded)


def test_a_scorer_without_its_model_is_an_error_and_the_rest_goes_on(folder: Path) -> None:
    loaded = suite(
        folder,
        "[text.refusal, {toxicity.classifier: {model: nowhere}}]",
        "[{text.rate: {critical: {rise: 0.05}}}, toxicity.rate]",
    )
    report = tidegauge.run(loaded)
    assert found(report, column="text.refusal.flagged", slice="").verdict.outcome == "critical"
    failed = found(report, column="toxicity.classifier")
    assert failed.verdict.outcome == "error"
    assert "nowhere" in failed.verdict.because
    assert found(report, evaluator="toxicity.rate").verdict.outcome == "not_applicable"
    with pytest.raises(ModelError, match="nowhere"):
        tidegauge.freeze_baseline(loaded)


def test_labels_of_drawn_rows_correct_the_rate(folder: Path) -> None:
    checks = "[{hallucination.corrected_rate: {critical: 0.2}}]"
    now = log(300, 0)
    context = [
        f"Parcel number {place} arrives on {'Tuesday' if place % 3 else 'Friday'}."
        for place in range(300)
    ]
    pq.write_table(now.append_column("context", pa.array(context)), folder / "now.parquet")
    pq.write_table(now.append_column("context", pa.array(context)), folder / "then.parquet")
    loaded = suite(folder, "[{hallucination.embedded: {fast: true}}]", checks)
    loaded = replace(loaded, columns=replace(loaded.columns, context="context"))
    missing = found(tidegauge.run(loaded), evaluator="hallucination.corrected_rate")
    assert missing.verdict.outcome == "not_applicable"
    assert "tidegauge label" in missing.verdict.because
    drawn = sample_log(loaded, n=60)
    wrong = ["Friday" in (text or "") for text in drawn.texts["context"]]
    write_labels(drawn.drawn, folder / "labels.jsonl", texts=drawn.texts, ids=drawn.ids)
    rows = [json.loads(line) for line in (folder / "labels.jsonl").read_text().splitlines()]
    filled = [json.dumps({**row, "label": int(bad)}) for row, bad in zip(rows, wrong, strict=True)]
    (folder / "labels.jsonl").write_text("\n".join(filled))
    judged = replace(loaded, labels=str(folder / "labels.jsonl"))
    result = found(tidegauge.run(judged), evaluator="hallucination.corrected_rate")
    assert result.score is not None
    assert result.score.interval is not None
    low, high = result.score.interval
    assert low < 1 / 3 < high
    other = replace(judged, scorers=(replace(judged.scorers[0], column="other"),))
    with pytest.raises(SuiteError, match="holds labels for"):
        tidegauge.run(other)


def test_the_preset_adds_what_the_scorers_are_for(folder: Path) -> None:
    text = "suite: s\nlogs: {baseline: {path: a}, current: {path: b}}\nscorers: [text.refusal]"
    checks = {check.evaluator for check in parse_suite(text).checks}
    assert {"text.rate", "quality.unscored_rate", "quality.schema"} <= checks
    assert "toxicity.rate" not in checks
    assert not any(name.startswith("embedding.") for name in checks)


def stored(folder: Path, loaded: Suite) -> Baseline:
    tidegauge.save_baseline(tidegauge.freeze_baseline(loaded), folder / "then.tgb")
    return tidegauge.load_baseline(folder / "then.tgb")


def test_a_stored_baseline_gives_the_same_verdicts(folder: Path) -> None:
    loaded = suite(folder, "[text.refusal]", "[{text.rate: {critical: {rise: 0.05}}}]")
    fresh = tidegauge.run(loaded)
    again = tidegauge.run(loaded, baseline=stored(folder, loaded))
    assert [r.verdict for r in again.results] == [r.verdict for r in fresh.results]
    assert again.scorings[0].baseline.rows == 400


def test_a_baseline_of_other_scorers_is_refused(folder: Path) -> None:
    before = stored(folder, suite(folder, "[text.refusal]", "[text.rate]"))
    with pytest.raises(BaselineError, match=r"text\.length"):
        tidegauge.run(suite(folder, "[text.refusal, text.length]", "[text.rate]"), baseline=before)
    with pytest.raises(BaselineError, match="asks for none"):
        tidegauge.run(suite(folder, "[]", "[quality.row_count]"), baseline=before)
    changed = replace(before, scorings=(replace(before.scorings[0], identity="of old"),))
    with pytest.raises(BaselineError, match="changed since it was frozen"):
        tidegauge.run(suite(folder, "[text.refusal]", "[text.rate]"), baseline=changed)


def test_frames_are_checked_with_scorers_too() -> None:
    columns = {"prompt": "prompt", "response": "response", "id": "request_id"}
    report = tidegauge.check(
        log(300, 90), log(400, 8), columns=columns, scorers=["text.refusal"], checks=["text.rate"]
    )
    assert found(report, evaluator="text.rate").score is not None


def test_vectors_of_a_sample_are_compared_and_kept_with_the_baseline(folder: Path) -> None:
    pytest.importorskip("sentence_transformers")
    pq.write_table(log(160, 0, topic="camping stove"), folder / "now.parquet")
    pq.write_table(log(180, 0), folder / "then.parquet")
    loaded = suite(
        folder,
        "[{embedding.vector: {on: prompt, sample: 120}}]",
        "[{embedding.classifier_auc: {warn: 0.6}}]",
    )
    before = stored(folder, loaded)
    (frozen,) = before.scorings
    vectors = before.rows.column(frozen.column)
    assert frozen.sampled
    assert (before.rows.num_rows, len(vectors) - vectors.null_count) == (180, 120)
    report = tidegauge.run(loaded, baseline=before)
    result = found(report, evaluator="embedding.classifier_auc")
    assert result.verdict.outcome == "warn", result.verdict.because
    assert result.score is not None
    assert result.score.n_current <= 120
    (scoring,) = report.scorings
    assert scoring.current.rows == 120


def test_vectors_of_another_encoder_are_refused_and_made_anew(folder: Path) -> None:
    pytest.importorskip("sentence_transformers")
    pq.write_table(log(40, 0), folder / "now.parquet")
    pq.write_table(log(40, 0), folder / "then.parquet")
    loaded = suite(folder, "[text.refusal]", "[embedding.mmd, text.rate]")
    before = stored(folder, loaded)
    old = tuple(
        replace(one, identity="another revision") if one.sampled else one for one in before.scorings
    )
    stale = replace(before, scorings=old)
    with pytest.raises(BaselineError) as caught:
        tidegauge.run(loaded, baseline=stale)
    assert "--refresh" in caught.value.hint
    renewed = refresh_baseline(loaded, stale)
    assert renewed.rows.num_rows == 40
    assert {one.identity for one in renewed.scorings} == {one.identity for one in before.scorings}
    assert found(tidegauge.run(loaded, baseline=renewed), evaluator="embedding.mmd").score


def test_a_check_of_vectors_where_no_text_is_has_nothing_to_measure(folder: Path) -> None:
    for name in ("then.parquet", "now.parquet"):
        pq.write_table(log(40, 0).drop_columns(["prompt"]), folder / name)
    loaded = suite(folder, "[]", "[embedding.mmd]")
    loaded = replace(loaded, columns=replace(loaded.columns, prompt=""))
    result = found(tidegauge.run(loaded), evaluator="embedding.mmd")
    assert result.verdict.outcome == "not_applicable"
