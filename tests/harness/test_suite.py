"""Suites that are right: what is read, what is merged, which ids it gets."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import pytest

from tidegauge import suite as suites
from tidegauge.callers.spec import Spec, read_spec
from tidegauge.catalog import evaluator, evaluator_names, is_scorer
from tidegauge.errors import SuiteError
from tidegauge.logs import opening, sniffing, translating
from tidegauge.records import Check, Limit, Policy
from tidegauge.suite import (
    Causes,
    Columns,
    Explain,
    Source,
    Target,
    Valid,
    load_suite,
    parse_causes,
    parse_checks,
    parse_columns,
    parse_length,
    parse_suite,
    preset_checks,
    require_columns,
    sources,
    suite_schema,
    with_preset,
)
from tidegauge.suite import causes as cause_tables
from tidegauge.suite import checks as check_tables
from tidegauge.suite import columns as column_tables
from tidegauge.suite import explaining as explain_tables
from tidegauge.suite import scorers as scorer_tables
from tidegauge.suite.params import alternatives

LOGS = "suite: s\nlogs: {baseline: {path: a.csv}, current: {path: b.csv}}\n"

CREDIT = """\
suite: credit-default
logs:
  baseline: {path: data/validation.parquet}          # or {baseline: baselines/credit.tgb}
  current:  {path: "logs/{date}/*.parquet", window: 1d}
columns:
  id: application_id
  timestamp: scored_at
  target: {column: defaulted, arrives_after: 60d}
  prediction: decision
  score: probability
  features: "*"                # everything without another role
  segments: [region]
checks:
  - drift.psi: {on: features, warn: 0.1, critical: 0.2}
  - drift.psi: {on: prediction, critical: 0.2}
  - quality.invalid_rate: {critical: 0.02}
  - performance.accuracy: {critical: {drop: 0.05}}
  - service.latency_p95: {critical: 200}
  - service.error_rate: {critical: 0.005}
policy: {false_alarms: 0.05, seed: 7}
"""


def ids(checks: tuple[Check, ...]) -> list[str]:
    return [check.id for check in checks]


def limits_of(checks: tuple[Check, ...]) -> dict[str, tuple[Limit, ...]]:
    return {check.id: check.limits for check in checks}


def test_alarms_are_explained_unless_a_suite_says_otherwise() -> None:
    explain = parse_suite(LOGS).explain
    assert explain == Explain(on=("critical", "warn"), rows=50_000, model=None)
    assert explain.wanted(["pass", "warn"])
    assert not explain.wanted(["pass", "info", "error"])


@pytest.mark.parametrize(
    ("written", "on"),
    [
        ("critical", ("critical",)),
        ("[warn, critical]", ("critical", "warn")),
        ("never", "never"),
        ("always", "always"),
    ],
)
def test_a_suite_says_which_outcomes_are_explained(written: str, on: Any) -> None:
    explain = parse_suite(f"{LOGS}explain: {{on: {written}}}").explain
    assert explain.on == on
    assert explain.wanted([]) == (written == "always")
    assert explain.wanted(["critical"]) == (written != "never")


@pytest.mark.parametrize(
    ("written", "spec"),
    [
        ("models/credit.onnx", {"path": "models/credit.onnx"}),
        ("/opt/credit.onnx", {"path": "/opt/credit.onnx"}),
        ("credit.serving:score", {"path": "credit.serving:score"}),
        ("models:/credit/3", {"path": "models:/credit/3"}),
        (
            "{path: m.pkl, unsafe_pickle: true, columns: [age, 7]}",
            {"path": "m.pkl", "unsafe_pickle": True, "columns": ("age", "7")},
        ),
        (
            "{path: m.onnx, classes: [no, yes], output: p, trusted: [a.B], batch: 9, seconds: 1.5}",
            {
                "path": "m.onnx", "classes": ("no", "yes"), "output": "p", "trusted": ("a.B",),
                "batch": 9, "seconds": 1.5,
            },
        ),
    ],
)  # fmt: skip
def test_a_model_is_a_path_a_function_or_a_registered_one(
    written: str, spec: dict[str, Any]
) -> None:
    text = f"{LOGS}explain: {{rows: 2000, model: {written}}}"
    explain = parse_suite(text, folder=Path("/srv")).explain
    assert explain.rows == 2000
    assert explain.model is not None
    assert explain.model.spec == spec
    assert explain.model.base == Path("/srv")
    assert read_spec(explain.model.spec).path == spec["path"]


def test_a_suite_may_say_of_a_model_all_that_a_caller_may() -> None:
    assert set(explain_tables.MODEL_KEYS) == set(Spec.__dataclass_fields__)


def test_a_causal_order_is_read_with_single_columns_as_tiers() -> None:
    suite = parse_suite(LOGS + "causes: {order: [region, [income, 2024], [approved]]}")
    assert suite.causes == Causes(order=(("region",), ("income", "2024"), ("approved",)))


def test_a_graph_is_read_as_pairs() -> None:
    suite = parse_suite(LOGS + "causes: {edges: [[a, c], [b, c], [c, d], [a, d]]}")
    assert suite.causes.edges == (("a", "c"), ("b", "c"), ("c", "d"), ("a", "d"))
    assert parse_causes({"edges": [("a", "c")]}).edges == (("a", "c"),)
    assert parse_causes(None) == Causes()


def test_causes_may_name_every_column_that_has_a_role_or_comes_from_a_scorer() -> None:
    suite = parse_suite(
        LOGS + "columns: {features: [age], target: {column: y}, score: {a: p_a, b: p_b}, "
        "prompt: q, segments: [region]}\nscorers: [{text.length: {on: prompt, as: long}}]\n"
        "causes: {order: [[age, region, q], [long, long.words], [p_a], [y]]}"
    )
    assert len(suite.causes.order) == 4


def test_a_column_that_the_log_lacks_is_named_with_its_place() -> None:
    suite = parse_suite(LOGS + "causes:\n  order: [[age], [incme]]\n", name="s.yaml")
    require_columns(suite.causes, {"age", "incme"})
    with pytest.raises(SuiteError, match=r"s.yaml:4: causes.order\[1\]\[0\]: found") as refused:
        require_columns(suite.causes, ["age", "income"])
    assert refused.value.hint == "did you mean income?"
    with pytest.raises(SuiteError, match=r'causes.edges\[0\]\[1\]: found the column "b"'):
        require_columns(parse_causes({"edges": [["a", "b"]]}), ["a"])


def test_a_large_graph_without_a_circle_is_read_soon() -> None:
    edges = [[f"c{i}", f"c{j}"] for i in range(40) for j in range(i + 1, 40)]
    start = time.process_time()
    assert len(parse_causes({"edges": edges}).edges) == 780
    assert time.process_time() - start < 2.0


def test_a_suite_without_checks_gets_the_standard_preset() -> None:
    suite = parse_suite(LOGS)
    assert suite.checks == preset_checks("standard")
    assert suite.columns == Columns()
    assert suite.policy == Policy()


def test_the_whole_of_a_suite_is_read() -> None:
    suite = parse_suite(CREDIT, folder=Path("/srv/models"))
    assert suite.name == "credit-default"
    assert suite.logs.baseline == Source(path="/srv/models/data/validation.parquet")
    assert suite.logs.current == Source(path="/srv/models/logs/{date}/*.parquet", window="1d")
    assert suite.columns == Columns(
        id="application_id",
        timestamp="scored_at",
        target=Target(column="defaulted", arrives_after=timedelta(days=60)),
        prediction="decision",
        score="probability",
        segments=("region",),
    )
    assert suite.policy == Policy(false_alarms=0.05, seed=7)
    assert ids(suite.checks)[:6] == [
        "drift.psi",
        "drift.psi@prediction",
        "quality.invalid_rate",
        "performance.accuracy",
        "service.latency_p95",
        "service.error_rate",
    ]


def test_a_file_gives_its_path_and_the_folder_of_relative_paths(tmp_path: Path) -> None:
    file = tmp_path / "suite.yaml"
    file.write_text(LOGS, "utf-8")
    suite = load_suite(file)
    assert suite.path == file
    assert suite.logs.current.path == str(tmp_path / "b.csv")


def test_a_byte_order_mark_is_no_part_of_the_first_key(tmp_path: Path) -> None:
    file = tmp_path / "suite.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + LOGS.encode())
    assert load_suite(str(file)).name == "s"


@pytest.mark.parametrize("place", ["s3://bucket/x/*.parquet", "/srv/x.csv", "file:///srv/x.csv"])
def test_urls_and_absolute_paths_are_left_alone(place: str) -> None:
    suite = parse_suite(LOGS.replace("b.csv", f'"{place}"'), folder=Path("/other"))
    assert suite.logs.current.path == place


def test_paths_expand_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BUCKET", "s3://prod")
    suite = parse_suite(LOGS.replace("b.csv", '"${BUCKET}/logs/{date}.csv"'))
    assert suite.logs.current.path == "s3://prod/logs/{date}.csv"


def test_a_stored_baseline_and_reader_options_are_read() -> None:
    suite = parse_suite("""
        suite: s
        logs:
          baseline: {baseline: credit.tgb}
          current: {path: b.txt, format: csv, options: {delimiter: "\t", nulls: ["-"]}}
    """)
    assert suite.logs.baseline == Source(baseline="credit.tgb")
    assert suite.logs.current.format == "csv"
    assert suite.logs.current.options == {"delimiter": "\t", "nulls": ["-"]}


def test_formats_and_options_are_those_of_the_readers() -> None:
    assert set(sources.FORMATS) == {*sniffing.FORMATS.values(), *translating.LAYOUTS}
    assert set(sources.OPTIONS) == set(opening.OPTIONS)


def test_every_column_key_is_read() -> None:
    columns = parse_columns(
        {
            "target": {"column": "y", "positive": 1},
            "score": {"cat": "p_cat", "dog": "p_dog"},
            "features": ["age", "zip", 3],
            "segments": ["zip"],
            "kinds": {"zip": "categorical"},
            "valid": {"age": {"min": 0, "max": 120.5}, "3": {"max": 1}},
            "ignore": ["note"],
            "latency": "ms",
            "status": "code",
        }
    )
    assert columns.target == Target(column="y", positive="1")
    assert columns.score == {"cat": "p_cat", "dog": "p_dog"}
    assert columns.features == ("age", "zip", "3")
    assert columns.kinds == {"zip": "categorical"}
    assert columns.valid == {"age": Valid(min=0.0, max=120.5), "3": Valid(max=1.0)}
    assert columns.ignore == ("note",)


@pytest.mark.parametrize("nothing", [None, {}])
def test_no_columns_leave_every_role_to_be_inferred(nothing: dict[str, Any] | None) -> None:
    assert parse_columns(nothing) == Columns()


def test_yaml_words_of_old_are_texts_and_on_is_a_key() -> None:
    suite = parse_suite(LOGS + "columns: {prediction: yes, id: no}\nchecks: [drift.psi: {on: off}]")
    assert (suite.columns.prediction, suite.columns.id) == ("yes", "no")
    assert suite.checks[0].on == ("off",)


def test_anchors_and_merged_mappings_are_fine() -> None:
    suite = parse_suite(
        LOGS
        + """
checks:
  - drift.psi: &bands {warn: 0.1, critical: 0.2}
  - drift.hellinger: {<<: *bands, warn: 0.15}
  - drift.total_variation: *bands
preset: none
"""
    )
    bounds = {c.id: [limit.bound for limit in c.limits] for c in suite.checks}
    assert bounds == {
        "drift.psi": [0.1, 0.2],
        "drift.hellinger": [0.15, 0.2],
        "drift.total_variation": [0.1, 0.2],
    }


@pytest.mark.parametrize(
    ("written", "limit"),
    [
        (0.1, Limit(severity="warn", versus="value", bound=0.1)),
        (0, Limit(severity="warn", versus="value", bound=0.0)),
        ({"drop": 0.05}, Limit(severity="warn", versus="drop", bound=0.05)),
        ({"rise": "10%"}, Limit(severity="warn", versus="rise", bound=0.1, share=True)),
        ({"drop": " .5 % "}, Limit(severity="warn", versus="drop", bound=0.005, share=True)),
        ("any", Limit(severity="warn", versus="any")),
    ],
)
def test_limits_are_numbers_changes_or_any(written: Any, limit: Limit) -> None:
    (check,) = parse_checks([{"performance.accuracy": {"warn": written}}])
    assert check.limits == (limit,)


def test_checks_from_python_follow_the_same_syntax() -> None:
    checks = parse_checks(
        ["drift.psi", {"drift.psi": {"on": ["prediction", "score"], "slices": False}}]
    )
    assert ids(checks) == ["drift.psi", "drift.psi@prediction+score"]
    assert [check.slices for check in checks] == [True, False]
    assert not any(check.limits or check.params or check.require for check in checks)


def test_ids_stay_when_other_checks_come_or_go() -> None:
    few = ids(parse_checks([{"drift.psi": {"on": "prediction"}}]))
    many = ids(
        parse_checks(
            [
                "drift.psi",
                {"drift.psi": {"on": "prediction"}},
                {"drift.psi": {"on": "age", "warn": 0.1}},
                {"drift.psi": {"warn": 0.3}},
            ]
        )
    )
    assert few == ["drift.psi@prediction"]
    assert many == ["drift.psi", "drift.psi@prediction", "drift.psi@age", "drift.psi:2"]


def test_ids_are_unique_in_every_preset() -> None:
    for preset in ("standard", "sensitive"):
        found = ids(preset_checks(preset))
        assert len(set(found)) == len(found)


def test_parameters_of_an_evaluator_are_read() -> None:
    name, key, default = next(
        (name, key, parameter.default)
        for name in sorted(evaluator_names())
        for key, parameter in evaluator(name).params.items()
        if alternatives(parameter, {}) == ["int"]
    )
    (check,) = parse_checks([{name: {key: default + 1}}])
    assert check.params == {key: default + 1}


@pytest.mark.parametrize(
    ("annotation", "words"),
    [
        (int, ["int"]),
        ("float | None", ["float", "None"]),
        ("Literal['a', 'b'] | int", ["'a'", "'b'", "int"]),
        ("Sequence[float]", ["[float]"]),
        ("tuple[str, ...] | None", ["[str]", "None"]),
        ("Side", ["'left'", "'right'"]),
        ("Mapping[str, float]", []),
        (inspect.Parameter.empty, []),
        ("not python", []),
    ],
)
def test_annotations_are_split_and_what_cannot_be_told_allows_all(
    annotation: Any, words: list[str]
) -> None:
    parameter = inspect.Parameter("x", inspect.Parameter.KEYWORD_ONLY, annotation=annotation)
    assert alternatives(parameter, {"Side": Literal["left", "right"]}) == words


def test_a_check_replaces_the_preset_where_it_is_applied() -> None:
    suite = parse_suite(LOGS + "checks: [drift.psi: {on: prediction, critical: 0.5}]")
    limits = limits_of(suite.checks)
    assert limits["drift.psi@prediction"] == (
        Limit(severity="critical", versus="value", bound=0.5),
    )
    assert [limit.bound for limit in limits["drift.psi@score"]] == [0.1, 0.2]
    assert [limit.bound for limit in limits["drift.psi"]] == [0.1, 0.2]
    assert "drift.psi@prediction+score" not in limits
    assert len(suite.checks) == len(preset_checks("standard")) + 1


def test_a_check_without_a_place_replaces_the_place_of_its_card() -> None:
    suite = parse_suite(LOGS + "checks: [quality.invalid_rate: {critical: 0.02}]")
    found = [c for c in suite.checks if c.evaluator == "quality.invalid_rate"]
    assert [c.limits for c in found] == [(Limit(severity="critical", versus="value", bound=0.02),)]
    assert len(suite.checks) == len(preset_checks("standard"))


def test_a_check_without_limits_keeps_those_it_replaces() -> None:
    suite = parse_suite(LOGS + "checks: [drift.psi: {slices: false}]")
    assert not suite.checks[0].slices
    assert [limit.bound for limit in suite.checks[0].limits] == [0.1, 0.2]


def test_without_a_preset_only_what_is_written_is_checked() -> None:
    suite = parse_suite(LOGS + "preset: none\nchecks: [drift.psi]")
    assert ids(suite.checks) == ["drift.psi"]
    assert suite.checks[0].limits == ()


def test_the_caller_may_choose_another_preset() -> None:
    suite = parse_suite(LOGS + "preset: none\nchecks: [drift.psi]", preset="sensitive")
    assert ids(suite.checks) == ["drift.psi", *ids(preset_checks("sensitive"))]


def test_merging_twice_changes_nothing() -> None:
    preset = preset_checks("standard")
    mine = parse_checks([{"drift.psi": {"on": ["score", "target"], "warn": 0.3}}])
    once = with_preset(mine, preset)
    assert with_preset(once, preset) == once


@pytest.mark.parametrize("preset", ["standard", "sensitive"])
def test_presets_hold_to_the_evaluators_they_name(preset: str) -> None:
    """They are read without a look at evaluators, so that is done here."""
    for check in preset_checks(preset):
        limits = {
            limit.severity: {
                "value": limit.bound,
                "any": "any",
                "drop": {"drop": f"{100 * limit.bound:g} %" if limit.share else limit.bound},
                "rise": {"rise": f"{100 * limit.bound:g} %" if limit.share else limit.bound},
            }[limit.versus]
            for limit in check.limits
        }
        places = {"on": list(check.on)} if check.on else {}
        (again,) = parse_checks([{check.evaluator: {**places, **limits}}])
        assert again.limits == check.limits


def test_standard_holds_the_seed_thresholds() -> None:
    limits = limits_of(preset_checks("standard"))
    critical = {
        name: (limit.versus, limit.bound)
        for name, found in limits.items()
        for limit in found
        if limit.severity == "critical"
    }
    assert critical["performance.accuracy"] == ("drop", 0.05)
    assert critical["drift.psi"] == critical["drift.psi@prediction+score"] == ("value", 0.2)
    assert critical["quality.invalid_rate"] == ("rise", 0.02)
    assert critical["service.latency_p95"] == ("value", 200)
    assert critical["service.error_rate"] == ("value", 0.005)


def test_sensitive_warns_of_any_change() -> None:
    versus = {
        check.evaluator: {limit.versus for limit in check.limits}
        for check in preset_checks("sensitive")
    }
    numbers = {"quality.schema", "quality.row_count"}
    assert {name for name, kinds in versus.items() if kinds == {"value"}} == numbers
    assert all(kinds == {"any"} for name, kinds in versus.items() if name not in numbers)


def test_an_unknown_preset_is_refused() -> None:
    with pytest.raises(SuiteError, match="did you mean sensitive"):
        preset_checks("sensitiv")


def test_lengths_are_minutes_hours_days_and_weeks() -> None:
    found = [parse_length(text) for text in ("30m", "6h", " 1 d ", "2w")]
    assert found == [
        timedelta(minutes=30),
        timedelta(hours=6),
        timedelta(days=1),
        timedelta(weeks=2),
    ]
    assert [parse_length(text) for text in ("", "0d", "1y", "-1d", "1.5h", "d")] == [None] * 6


def test_the_schema_names_every_key_and_every_evaluator() -> None:
    schema = suite_schema()
    assert json.loads(json.dumps(schema)) == schema
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    parts = schema["properties"]
    assert all(part["description"] for part in parts.values())
    assert set(parts["columns"]["properties"]) == set(Columns.__dataclass_fields__)
    assert set(parts["policy"]["properties"]) == set(Policy.__dataclass_fields__)
    assert set(parts["explain"]["properties"]) == set(Explain.__dataclass_fields__)
    assert set(parts["causes"]["properties"]) == set(Causes.__dataclass_fields__) - {"places"}
    found = []
    for part in ("checks", "scorers"):
        named, mapped = parts[part]["items"]["anyOf"]
        assert named["enum"] == list(mapped["properties"])
        found += named["enum"]
    assert sorted(found) == sorted(evaluator_names())
    scorers = parts["scorers"]["items"]["anyOf"][0]["enum"]
    assert scorers
    assert all(is_scorer(name) for name in scorers)


def test_loading_a_suite_loads_no_heavy_library(tmp_path: Path) -> None:
    file = tmp_path / "suite.yaml"
    file.write_text(LOGS, "utf-8")
    code = (
        "import sys; from tidegauge.suite import load_suite; "
        f"load_suite({str(file)!r}); "
        "print([m for m in ('numpy', 'pandas', 'pyarrow', 'scipy', 'pydantic') "
        "if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_page_on_suites_names_every_key_and_its_suite_is_read() -> None:
    page = (Path(__file__).parents[2] / "docs" / "suite.md").read_text("utf-8")
    tables = (
        suites.KEYS,
        suites.POLICY_KEYS,
        sources.KEYS,
        column_tables.KEYS,
        column_tables.TARGET_KEYS,
        check_tables.KEYS,
        scorer_tables.KEYS,
        explain_tables.KEYS,
        explain_tables.MODEL_KEYS,
        cause_tables.KEYS,
    )
    for table in tables:
        for key in table:
            assert f"| `{key}` |" in page, key
    for word in (
        *sources.OPTIONS,
        *column_tables.KINDS,
        *column_tables.VALID_KEYS,
        *check_tables.PRESETS,
        *explain_tables.ALONE,
    ):
        assert f"`{word}`" in page, word
    text = page.partition("```yaml\n")[2].partition("```")[0]
    assert parse_suite(text).name == "credit-default"
