"""The gate over a real registry: the alias moves when a candidate passes, and only then."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from tidegauge.callers.asking import Asked
from tidegauge.cli import cli
from tidegauge.errors import ModelError, TidegaugeError
from tidegauge.publishing import mlflow_gate
from tidegauge.publishing.mlflow_answers import ID, answered, asking_of, columns_for
from tidegauge.publishing.mlflow_client import client_of
from tidegauge.publishing.mlflow_gate import gate
from tidegauge.suite import parse_suite

pytestmark = pytest.mark.slow  # a server of MLflow is started
ROWS = 1_500
SUITE = """
suite: loans
logs: {baseline: {path: log.parquet}, current: {path: log.parquet}}
columns: {target: defaulted, prediction: decision, score: probability, latency: latency_ms}
checks: [performance.accuracy, performance.roc_auc]
preset: none
compare: {margins: {performance.accuracy: 0.02}, require: [performance.accuracy]}
explain: {model: {path: "models:/loans/1", trusted: [numpy.dtype]}}
"""


def table(seed: int = 0) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    income, debt = rng.normal(size=ROWS), rng.normal(size=ROWS)
    truth = income - debt + rng.normal(size=ROWS) > 0
    return {
        "income": income,
        "debt": debt,
        "defaulted": np.where(truth, "yes", "no"),
        "decision": rng.choice(["yes", "no"], ROWS),
        "probability": rng.random(ROWS),
        "latency_ms": rng.exponential(20, ROWS),
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("gate")
    pq.write_table(pa.table(table()), folder / "log.parquet")
    (folder / "suite.yaml").write_text(SUITE, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def registry(tracking: str, folder: Path) -> str:
    """Versions of a model: 1 sees the income alone, 2 sees both columns, 3 is upside down."""
    import warnings

    client = client_of(tracking)
    client.create_registered_model("loans")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for version in (1, 2, 3):
            save(folder / f"model-{version}", version)
    run = client.create_run("0").info.run_id
    for version in (1, 2, 3):
        client.log_artifacts(run, str(folder / f"model-{version}"), f"model-{version}")
        client.create_model_version("loans", f"runs:/{run}/model-{version}", run)
    return tracking


def save(folder: Path, version: int) -> None:
    pytest.importorskip("skops")
    import mlflow.sklearn
    import pandas as pd
    from sklearn.linear_model import LogisticRegression

    columns = table(9)
    frame = pd.DataFrame({name: columns[name] for name in ("income", "debt")})
    seen = frame.assign(debt=0.0) if version == 1 else frame
    flipped = ["no", "yes"] if version == 3 else ["yes", "no"]
    truth = np.where(columns["defaulted"] == "yes", *flipped)
    model = LogisticRegression().fit(seen, truth)
    mlflow.sklearn.save_model(
        model,
        folder,
        signature=mlflow.models.infer_signature(frame, np.zeros((2, 2))),
        serialization_format="skops",
        skops_trusted_types=["numpy.dtype"],
        pyfunc_predict_fn="predict_proba",
        pip_requirements=[],
    )


@pytest.fixture
def production(registry: str) -> str:
    """A registry in which version 1 is in production."""
    client_of(registry).set_registered_model_alias("loans", "production", "1")
    return registry


def behind(registry: str) -> str:
    return str(client_of(registry).get_model_version_by_alias("loans", "production").version)


class TestGate:
    def test_a_worse_candidate_leaves_the_alias(self, production: str, folder: Path) -> None:
        found = gate(folder / "suite.yaml", model="loans", candidate="3", tracking_uri=production)
        assert not found.moved
        assert found.comparison.outcome == "critical"
        assert found.comparison.of("performance.accuracy").decision == "worse"
        assert behind(production) == "1"
        tags = client_of(production).get_model_version("loans", "3").tags
        assert tags["tidegauge.gate"] == "critical"
        assert tags["tidegauge.gate.against"] == "1"

    def test_a_better_candidate_moves_it_and_the_run_says_why(
        self, production: str, folder: Path
    ) -> None:
        found = gate(folder / "suite.yaml", model="loans", candidate="2", tracking_uri=production)
        assert found.moved
        assert found.because == "loans: production moved from version 1 to 2"
        assert behind(production) == "2"
        assert found.comparison.of("performance.roc_auc").decision == "better"
        client = client_of(production)
        run = client.get_run(client.get_model_version("loans", "2").tags["tidegauge.gate.run"])
        metrics = run.data.metrics
        assert (
            metrics["tidegauge/compare/performance.accuracy/candidate"]
            > metrics["tidegauge/compare/performance.accuracy/baseline"] + 0.05
        )
        files = {one.path for one in client.list_artifacts(run.info.run_id, "tidegauge")}
        assert files == {f"tidegauge/comparison.{kind}" for kind in ("html", "json", "md")}

    def test_the_version_in_production_is_no_candidate(self, production: str, folder: Path) -> None:
        with pytest.raises(ModelError, match="production already"):
            gate(folder / "suite.yaml", model="loans", candidate="1", tracking_uri=production)

    def test_a_dry_run_writes_nothing(self, production: str, folder: Path) -> None:
        client = client_of(production)
        before = client.get_model_version("loans", "2").tags
        runs = len(client.search_runs([e.experiment_id for e in client.search_experiments()]))
        found = gate(
            folder / "suite.yaml", model="loans", candidate="2", tracking_uri=production,
            dry_run=True,
        )  # fmt: skip
        assert found.comparison.passed
        assert (found.moved, found.logged, behind(production)) == (False, None, "1")
        assert client.get_model_version("loans", "2").tags == before
        assert (
            len(client.search_runs([e.experiment_id for e in client.search_experiments()])) == runs
        )

    def test_an_alias_that_moved_meanwhile_is_left_where_it_went(
        self, production: str, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from tidegauge.comparing import compare_suite as compare

        def slow(*given: Any, **settings: Any) -> Any:
            client_of(production).set_registered_model_alias("loans", "production", "3")
            return compare(*given, **settings)

        monkeypatch.setattr(mlflow_gate, "compare_suite", slow)
        with pytest.raises(TidegaugeError, match="moved from version 1 to 3 while version 2"):
            gate(folder / "suite.yaml", model="loans", candidate="2", tracking_uri=production)
        assert behind(production) == "3"

    @pytest.mark.parametrize(
        ("settings", "said"),
        [
            ({"candidate": "77"}, "no version 77"),
            ({"candidate": "seven"}, "no version seven"),
            ({"candidate": "2", "alias": "nobody"}, 'the alias "nobody"'),
            ({"candidate": "2", "model": "nothing"}, "no such model"),
            ({"candidate": "@nobody"}, 'the alias "nobody"'),
        ],
    )
    def test_what_is_not_there_is_named(
        self, production: str, folder: Path, settings: dict[str, Any], said: str
    ) -> None:
        with pytest.raises(ModelError, match=said) as raised:
            gate(folder / "suite.yaml", tracking_uri=production, **{"model": "loans", **settings})
        assert raised.value.hint

    def test_the_command_ends_with_the_code_of_the_gate(
        self, production: str, folder: Path
    ) -> None:
        common = ["gate", str(folder / "suite.yaml"), "--model", "loans", "--mlflow", production]
        worse = CliRunner().invoke(
            cli, [*common, "--candidate", "3", "-o", str(folder / "out")], standalone_mode=False
        )
        assert worse.return_value == 1, worse.output
        assert "production stays at version 1" in worse.output
        assert (folder / "out" / "loans.comparison.html").exists()
        better = CliRunner().invoke(
            cli, [*common, "--candidate", "2", "-o", str(folder / "out")], standalone_mode=False
        )
        assert better.return_value == 0, better.output
        assert "production moved from version 1 to 2" in better.output
        assert behind(production) == "2"


def asked(answers: Any, **settings: Any) -> Asked:
    return Asked(name="m", answer=lambda columns: answers, columns=("income",), **settings)


class TestAnswers:
    suite = parse_suite(SUITE)
    rows = pa.table(table())

    def of(self, answers: Any, **settings: Any) -> pa.Table:
        return answered(asked(answers, **settings), asking_of(self.rows, self.suite))

    def test_logged_answers_and_how_they_were_served_are_left_out(self) -> None:
        asking = asking_of(self.rows, self.suite)
        assert asking.rows.column_names == ["income", "debt", "defaulted", ID]

    def test_probabilities_of_both_classes_become_score_and_prediction(self) -> None:
        p = np.linspace(0.01, 0.99, ROWS)
        found = self.of(np.column_stack([1 - p, p]), classes=("no", "yes"))
        assert np.allclose(found.column("probability").to_numpy(), p)
        assert found.column("decision").to_pylist() == ["yes" if one > 0.5 else "no" for one in p]

    def test_one_probability_is_that_of_the_positive_class(self) -> None:
        p = np.linspace(0.01, 0.99, ROWS)
        found = self.of(p)
        assert np.allclose(found.column("probability").to_numpy(), p)

    def test_classes_alone_are_no_probabilities(self) -> None:
        found = self.of(np.asarray(["yes", "no"] * (ROWS // 2)), classes=("no", "yes"))
        assert "probability" not in found.column_names
        assert found.column("decision").to_pylist()[:2] == ["yes", "no"]
        columns = columns_for(self.suite, asking_of(self.rows, self.suite), [found, found])
        assert (columns.score, columns.prediction, columns.latency) == ("", "decision", "")

    def test_a_number_that_means_nothing_here_is_refused(self) -> None:
        with pytest.raises(ModelError, match="one number from 7 to 7"):
            self.of(np.full(ROWS, 7.0))

    def test_classes_that_the_target_does_not_know_are_refused(self) -> None:
        with pytest.raises(ModelError, match="answers for a, b"):
            self.of(np.full((ROWS, 2), 0.5), classes=("a", "b"))

    def test_quantities_are_taken_as_they_are(self) -> None:
        rows = pa.table({"x": np.arange(100.0), "y": np.random.default_rng(0).normal(size=100)})
        suite = parse_suite(
            "suite: s\nlogs: {baseline: {path: a}, current: {path: a}}\ncolumns: {target: y}\n"
        )
        asking = asking_of(rows, suite)
        model = Asked(name="m", answer=lambda columns: columns["x"] / 2, columns=("x",))
        assert answered(model, asking).column("prediction").to_pylist()[2] == 1.0

    def test_without_a_truth_there_is_nothing_to_compare(self) -> None:
        suite = parse_suite("suite: s\nlogs: {baseline: {path: a}, current: {path: a}}\n")
        with pytest.raises(ModelError, match="hold the truth"):
            asking_of(pa.table({"x": np.arange(100.0)}), suite)
