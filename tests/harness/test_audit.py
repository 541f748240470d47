from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.stats
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from tidegauge.audit import Audit, OfGroup, Share, auroc, difference, run_audit, wilson
from tidegauge.audit_cases import Case, read_cases
from tidegauge.cli.audit import audit
from tidegauge.errors import DataError, NotApplicable, TidegaugeError
from tidegauge.records import Kind
from tidegauge.scorer import About, Joined, Texts, Unit

UNFAIR = {"hate": 0.9, "awful": 0.8, "muslims": 0.7, "idiot": 0.6, "not": -0.3}
"""Word -> what it adds: fooled by quotes, and by the name of one group."""


ABOUT = About()


@dataclass(frozen=True)
class Words:
    """Adds up words, and knows nothing of texts that mention a ghost."""

    decides: bool = True
    identity: str = "words"
    model: None = None
    about: About = ABOUT

    @property
    def outputs(self) -> Mapping[str, Kind]:
        return {"": "numeric", "flagged": "boolean"} if self.decides else {"": "numeric"}

    def split(self, row: Texts) -> Sequence[Unit]:
        return ()

    def join(self, row: Texts, units: Sequence[Unit], outputs: NDArray[np.float32]) -> Joined:
        text = row["text"].casefold()
        if "ghost" in text:
            raise NotApplicable("a ghost")
        value = min(1.0, max(0.0, sum(v for word, v in UNFAIR.items() if word in text)))
        return Joined((value, value >= 0.5) if self.decides else (value,))


def case(text: str, toxic: bool, category: str = "a", target: str = "") -> Case:
    return Case(id=text, text=text, toxic=toxic, category=category, target=target)


CASES = [
    case("I hate women", True, "hate", "women"),
    case("women are awful", True, "hate", "women"),
    case("women vote", False, "plain", "women"),
    case("women do not hate", False, "negated", "women"),
    case("I hate Muslims", True, "hate", "Muslims"),
    case("Muslims are bad", True, "hate", "Muslims"),
    case("Muslims vote", False, "plain", "Muslims"),
    case("Muslims do not hate", False, "negated", "Muslims"),
    case("you idiot", True, "insult"),
    case("what a day", False, "plain"),
    case("a ghost", False, "plain"),
]


@pytest.fixture(scope="module")
def found() -> Audit:
    return run_audit(Words(), CASES)


def test_a_scorer_without_any_answer_has_no_audit() -> None:
    with pytest.raises(DataError, match="a ghost"):
        run_audit(Words(), [case("ghost", True)])


def test_a_scorer_that_decides_nothing_needs_a_threshold() -> None:
    with pytest.raises(DataError, match="no decision") as refused:
        run_audit(Words(decides=False), CASES)
    assert "--threshold" in refused.value.hint
    stated = run_audit(Words(decides=False), CASES, threshold=0.5)
    assert stated.classes == run_audit(Words(), CASES).classes


def test_shares_by_hand(found: Audit) -> None:
    # wrong: "women do not hate" (0.6), "Muslims vote" (0.7), "Muslims do not hate" (1.0)
    assert (found.overall.hits, found.overall.n) == (7, 10)
    assert found.toxic is not None
    assert found.harmless is not None
    assert (found.toxic.hits, found.toxic.n) == (5, 5)
    assert (found.harmless.hits, found.harmless.n) == (2, 5)
    assert found.wrong == ("women do not hate", "Muslims vote", "Muslims do not hate")


def test_what_got_no_number_is_in_no_share_and_is_told(found: Audit) -> None:
    assert found.tally.not_applicable == {"a ghost": 1}
    assert found.tally.rows == 11


def test_classes_come_worst_first(found: Audit) -> None:
    lines = [(line.category, line.toxic, line.right.hits, line.right.n) for line in found.classes]
    assert lines[:2] == [("negated", False, 0, 2), ("plain", False, 2, 3)]
    assert {line[0] for line in lines[2:]} == {"hate", "insult"}


def test_a_class_with_both_verdicts_is_told_apart() -> None:
    mixed = [case("I hate it", True), case("what a day", False)]
    lines = run_audit(Words(), mixed).classes
    assert [(line.category, line.toxic) for line in lines] == [("a", True), ("a", False)]


def group(found: Audit, target: str) -> OfGroup:
    return next(line for line in found.groups if line.target == target)


def test_the_group_whose_name_raises_scores_comes_first(found: Audit) -> None:
    assert [line.target for line in found.groups] == ["Muslims", "women"]
    muslims, women = group(found, "Muslims"), group(found, "women")
    assert muslims.false_positives is not None
    assert women.false_positives is not None
    assert (muslims.false_positives.hits, muslims.false_positives.n) == (2, 2)
    assert (women.false_positives.hits, women.false_positives.n) == (1, 2)
    assert muslims.gap == pytest.approx(0.5)
    assert women.gap == pytest.approx(-0.5)
    assert muslims.missed is not None
    assert muslims.missed.hits == 0


def test_areas_by_group_are_those_of_scikit_learn(found: Audit) -> None:
    values = {c.text: Words().join({"text": c.text}, (), np.zeros((0, 0), np.float32)).values[0]
              for c in CASES[:-1]}  # fmt: skip

    def area(toxic_from: str, harmless_from: str) -> float:
        chosen = [
            c
            for c in CASES[:-1]
            if (c.target == "Muslims") is ((toxic_from if c.toxic else harmless_from) == "in")
        ]
        return float(
            roc_auc_score([c.toxic for c in chosen], [float(str(values[c.text])) for c in chosen])
        )

    muslims = group(found, "Muslims")
    for ranked, toxic_from, harmless_from in [
        (muslims.within, "in", "in"),
        (muslims.bpsn, "out", "in"),
        (muslims.bnsp, "in", "out"),
    ]:
        assert ranked is not None
        assert ranked.value == pytest.approx(area(toxic_from, harmless_from))


def test_wilson_is_that_of_scipy() -> None:
    for hits, n in [(0, 1), (0, 30), (1, 30), (15, 30), (30, 30), (700, 1000)]:
        theirs = scipy.stats.binomtest(hits, n).proportion_ci(method="wilson")
        assert wilson(hits, n) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


def test_the_difference_is_newcombes() -> None:
    # Newcombe 1998, table II, method 10: 56/70 against 48/80
    shares = [
        Share(hits=hits, n=n, value=hits / n, interval=wilson(hits, n))
        for hits, n in ((56, 70), (48, 80))
    ]
    assert difference(*shares) == pytest.approx((0.0524, 0.3339), abs=1e-4)


@given(
    st.lists(st.integers(0, 6), min_size=1, max_size=30),
    st.lists(st.integers(0, 6), min_size=1, max_size=30),
)
def test_areas_hold_their_interval_and_turn_with_the_sides(
    ours: list[int], theirs: list[int]
) -> None:
    one = auroc(np.array(ours, float), np.array(theirs, float))
    other = auroc(np.array(theirs, float), np.array(ours, float))
    assert 0 <= one.interval.low <= one.value <= one.interval.high <= 1
    assert one.value == pytest.approx(1 - other.value)
    truth = [1] * len(ours) + [0] * len(theirs)
    assert one.value == pytest.approx(roc_auc_score(truth, [*ours, *theirs]))


def test_the_interval_of_an_area_covers() -> None:
    rng = np.random.default_rng(3)
    truth = scipy.stats.norm.cdf(1 / np.sqrt(2))
    held = [
        one.interval.low <= truth <= one.interval.high
        for one in (auroc(rng.normal(1, 1, 40), rng.normal(0, 1, 60)) for _ in range(400))
    ]
    assert np.mean(held) > 0.92


def test_our_own_cases_are_sound() -> None:
    cases = read_cases()
    assert len({c.id for c in cases}) == len({c.text for c in cases}) == len(cases) > 200
    groups = {c.target for c in cases if c.target}
    per_group = {(g, sum(c.target == g for c in cases)) for g in groups}
    assert len(groups) == 8
    assert len({n for _, n in per_group}) == 1, "every group meets the same templates"
    assert all(
        len({c.toxic for c in cases if c.category == k}) == 1 for k in {c.category for c in cases}
    )


HATECHECK = {"functionality": "derog", "case_id": "7", "test_case": "I hate it",
             "label_gold": "hateful", "target_ident": "women"}  # fmt: skip


def test_files_of_each_form_are_read(tmp_path: Path) -> None:
    wanted = [Case(id="7", text="I hate it", toxic=True, category="derog", target="women")]
    line = json.dumps(HATECHECK)
    (tmp_path / "a.jsonl").write_text(f"{line}\n\n")
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(line.encode()))
    with (tmp_path / "a.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(HATECHECK))
        writer.writeheader()
        writer.writerow(HATECHECK)
    for name in ("a.jsonl", "a.jsonl.gz", "a.csv"):
        assert read_cases(tmp_path / name) == wanted


def test_fields_that_are_empty_elsewhere_are_empty_here(tmp_path: Path) -> None:
    row: dict[str, Any] = {"text": "none", "label": 0, "target": None, "category": "nan"}
    (tmp_path / "a.jsonl").write_text(json.dumps(row))
    (read,) = read_cases(tmp_path / "a.jsonl")
    assert (read.text, read.target, read.category, read.id) == ("none", "", "(no class)", "1")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "holds no cases"),
        ("{", "line 1: no JSON"),
        ("[1]", "no JSON object"),
        ('{"text": "a"}', "no label"),
        ('{"label": 1}', "no text"),
        ('{"text": "a", "label": "hatefull"}', "neither toxic nor harmless"),
    ],
)
def test_rows_without_text_or_label_are_named(tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "a.jsonl").write_text(content)
    with pytest.raises(DataError, match=said):
        read_cases(tmp_path / "a.jsonl")


def test_files_of_other_forms_are_refused(tmp_path: Path) -> None:
    for name, content in [("a.xlsx", b"x"), ("a.jsonl.gz", b"x"), ("a.csv", b"\xff\xfe")]:
        (tmp_path / name).write_bytes(content)
        with pytest.raises(DataError, match=name):
            read_cases(tmp_path / name)
    with pytest.raises(DataError, match="cannot be read"):
        read_cases(tmp_path / "missing.csv")


def test_the_command_prints_classes_groups_and_json() -> None:
    run = CliRunner()
    said = run.invoke(audit, ["toxicity", "text.length", "--threshold", "60"])
    assert said.exit_code == 0, said.output
    assert "identity_positive" in said.output
    assert "minus other groups'" in said.output
    read = json.loads(
        run.invoke(audit, ["toxicity", "text.length", "--threshold", "60", "--json"]).stdout
    )
    assert read["overall"]["n"] == 232
    assert read["classes"][0]["right"]["value"] <= read["classes"][-1]["right"]["value"]
    assert {group["target"] for group in read["groups"]} >= {"women", "Muslims"}


def test_foreign_names_cannot_steer_the_terminal(tmp_path: Path) -> None:
    rows = [
        {"text": f"text {i}", "label": i % 2, "category": "\x1b[2Jx", "target": "\x1b]0;y"}
        for i in range(4)
    ]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, rows)))
    said = CliRunner().invoke(
        audit, ["toxicity", "text.length", "--threshold", "3", "--data", str(tmp_path / "a.jsonl")]
    )
    assert said.exit_code == 0, said.output
    assert "\x1b" not in said.output


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--set", "model"], "sets nothing"),
        (["--model", "x"], 'no setting "model"'),
        (["--set", "unknown=1"], 'no setting "unknown"'),
    ],
)
def test_wrong_settings_are_refused(words: list[str], message: str) -> None:
    with pytest.raises(TidegaugeError, match=message):
        CliRunner().invoke(audit, ["toxicity", "text.length", *words], catch_exceptions=False)
