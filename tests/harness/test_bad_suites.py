"""Suites that are wrong: each gets a message that names file, line, key and what is allowed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegauge import catalog
from tidegauge.errors import SuiteError
from tidegauge.suite import load_suite, parse_checks, parse_columns, parse_suite, suite_schema

LOGS = "suite: s\nlogs: {baseline: {path: a.csv}, current: {path: b.csv}}\n"

GAP = """
from __future__ import annotations
from collections.abc import Sequence
from typing import Literal
from tidegauge.records import Card, Score

Tails = Literal["one", "two"]
CARD = Card(
    title="Gap", explain="How far apart.", reads=("numeric",), on="features", better="BETTER",
    unit="share of rows", reference="none", range=(0.0, 1.0),
)

def NAME(
    baseline: float, current: float, *, bins: int = 10, scale: float | None = None,
    tails: Tails = "two", exact: bool = False, labels: Sequence[str] = (), NEEDED
) -> Score:
    return Score(value=0.0, n_baseline=1, n_current=1)
"""


@pytest.fixture(scope="module", autouse=True)
def plugin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Install a package of evaluators whose cards and parameters this module knows."""
    root = tmp_path_factory.mktemp("site")
    topic = root / "wrongdoers" / "odd"
    topic.mkdir(parents=True)
    (root / "wrongdoers" / "__init__.py").touch()
    for name, better, needed in (
        ("gap", "lower", ""), ("hit", "higher", ""), ("lean", "none", ""),
        ("whole", "lower", ""), ("asks", "lower", "depth: int"),
    ):  # fmt: skip
        source = GAP.replace("NAME", name).replace("BETTER", better).replace("NEEDED", needed)
        source = source.replace("features", "dataset") if name == "whole" else source
        (topic / f"{name}.py").write_text(source, "utf-8")
    (topic / "broken.py").write_text("import a_module_that_is_not_there\n", "utf-8")
    about = root / "wrongdoers-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: wrongdoers\nVersion: 1\n")
    (about / "entry_points.txt").write_text("[tidegauge.evaluators]\nodd = wrongdoers\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(root))
        catalog._names.cache_clear()
        yield
    catalog._names.cache_clear()


class Bad(NamedTuple):
    """A malformed suite, the place its message names, and what it says."""

    id: str
    text: str
    place: str
    says: str


def check(written: str) -> str:
    return f"{LOGS}checks:\n  - {written}\n"


TABLE = [
    # Not a suite at all.
    Bad("empty", "", "1", "found an empty file; allowed: a suite"),
    Bad("only a comment", "# nothing yet\n", "1", "found an empty file"),
    Bad("a list", "- drift.psi\n", "1", "found a list of 1; allowed: a mapping"),
    Bad("a text", "hello", "1", 'found the text "hello"; allowed: a mapping'),
    Bad("a tab", "suite: s\n\tlogs: x\n", "2", "found a tab; allowed: spaces"),
    Bad("open bracket", "suite: [a, b\n", "1", "close what is opened here"),
    Bad("open quote", 'a: 1\nsuite: "s\n' + LOGS, "2", "close what is opened here"),
    Bad("two colons", LOGS + "policy: seed: 1\n", "3", "put options into braces"),
    Bad("bad indent", "suite: s\n logs: x\n", "2", "found bad YAML"),
    Bad("undefined alias", "suite: *name\n", "1", "undefined alias 'name'"),
    Bad("bare star", LOGS + "columns: {features: *}\n", "3", 'quote a star, as in features: "*"'),
    Bad("bare braces", LOGS.replace("b.csv", "{date}/b"), "2", "quote a text that holds braces"),
    Bad("two documents", LOGS + "---\na: 1\n", "3", "found a second YAML document"),
    Bad("NUL", "suite: s\x00\n", "1", "characters that YAML does not allow"),
    Bad("too deep", "[" * 5000, "1", "nested too deeply"),
    Bad("other version", "%YAML 3.0\n---\n" + LOGS, "1", "incompatible YAML document"),
    Bad(
        "python tag", "suite: !!python/object/apply:os.getcwd []\n" + LOGS[9:], "1: suite",
        "python/object/apply:os.getcwd; allowed: values without a tag",
    ),
    Bad("own tag", "suite: !mine s\n" + LOGS[9:], "1: suite", "found the YAML tag !mine"),
    Bad("alias to itself", "suite: &a [*a]\n" + LOGS[9:], "1: suite[0]", "an alias to what it"),
    Bad("merged into itself", LOGS + "policy: &a {<<: *a}", "3: policy", "an alias to what it"),
    Bad("merge of a number", LOGS + "policy: {<<: 3}", "3: policy", "found << with something"),
    Bad("key is a list", LOGS + "? [a]\n: b\n", "3", "found a key that is a list"),
    Bad("no number", LOGS + "policy: {seed: !!int x}", "3: policy.seed", "cannot be read as"),
    # Keys.
    Bad("key twice", LOGS + "suite: t\n", "3: suite", "found this key twice, first in line 1"),
    Bad(
        "deep key twice", LOGS + "columns:\n  id: a\n  id: b\n", "5: columns.id",
        "first in line 4",
    ),
    Bad("near key", LOGS + "check: []\n", "3: check", "did you mean checks?"),
    Bad("far key", LOGS + "zzz: 1\n", "3: zzz", "logs, columns, scorers, labels"),
    Bad(
        "no scorer", LOGS + "scorers: [toxicity.embeded]\n",
        "3: scorers[0].toxicity.embeded", "did you mean toxicity.embedded",
    ),
    Bad("a measure", LOGS + "scorers: [drift.psi]\n", "3: scorers[0].drift.psi", "under checks"),
    Bad(
        "a scorer",
        LOGS + "checks: [{text.length: {warn: 1}}]\n",
        "3: checks[0].text.length",
        "under scorers",
    ),
    Bad(
        "scorer twice",
        LOGS + "scorers: [text.length, text.length]\n",
        "3: scorers[1]",
        "name its column with as",
    ),
    Bad(
        "setting",
        LOGS + "scorers: [{toxicity.embedded: {treshold: 0.5}}]\n",
        "3: scorers[0].toxicity.embedded.treshold",
        "did you mean threshold?",
    ),
    Bad(
        "sample of all rows",
        LOGS + "scorers: [{text.length: {sample: 100}}]\n",
        "3: scorers[0].text.length.sample",
        "scores every row",
    ),
    Bad("labels", LOGS + "labels: [a.csv]\n", "3: labels", "a path"),
    Bad("no name", LOGS[9:], "1", 'found no key "suite"'),
    Bad("no logs", "suite: s\n", "1", 'found no key "logs"'),
    Bad("schedule", LOGS + "schedule: daily\n", "3: schedule", "1 field where five belong"),
    Bad("actions", LOGS + "actions: {on: warn}\n", "3: actions", "a list such as"),
    Bad("name with a slash", "suite: ../s\n" + LOGS[9:], "1: suite", "a name of letters, digits"),
    Bad("name is a number", "suite: 7\n" + LOGS[9:], "1: suite", "found the number 7"),
    Bad(
        "variable elsewhere", 'suite: "${HOME}"\n' + LOGS[9:], "1: suite",
        "environment variables are read in the paths and URLs of logs only",
    ),
    # Logs.
    Bad("logs empty", "suite: s\nlogs:\n", "2: logs", "found nothing; allowed: a mapping"),
    Bad(
        "one side", "suite: s\nlogs:\n  current: {path: b}\n", "2: logs",
        'found no key "baseline"; needed: both baseline and current',
    ),
    Bad(
        "side is a text", "suite: s\nlogs:\n  baseline: a.csv\n  current: {path: b}\n",
        "3: logs.baseline", "write baseline: {path: a.csv}",
    ),
    Bad(
        "near log key", LOGS.replace("{path: b", "{paht: b"), "2: logs.current.paht",
        "did you mean path?",
    ),
    Bad(
        "no place", LOGS.replace("path: b.csv", "format: csv"), "2: logs.current",
        "found no place to read from; needed: path",
    ),
    Bad(
        "two places", LOGS.replace("path: a.csv", "path: a.csv, baseline: a.tgb"),
        "2: logs.baseline.path", 'found "path" beside "baseline"',
    ),
    Bad(
        "window of a stored baseline",
        LOGS.replace("path: a.csv", "baseline: a.tgb, window: 1d"),
        "2: logs.baseline.window", 'found "window" beside "baseline"',
    ),
    Bad(
        "stored current", LOGS.replace("path: b.csv", "baseline: b.tgb"),
        "2: logs.current.baseline", "a stored baseline on the current side",
    ),
    Bad(
        "path is a list", LOGS.replace("b.csv", "[b.csv]"), "2: logs.current.path",
        "found a list of 1; allowed: a path, a pattern or a URL",
    ),
    Bad(
        "unset variable", LOGS.replace("b.csv", '"${TIDEGAUGE_UNSET}/b.csv"'),
        "2: logs.current.path", "found ${TIDEGAUGE_UNSET}, and no such environment variable",
    ),
    Bad(
        "open variable", LOGS.replace("b.csv", '"${HOME/b.csv"'), "2: logs.current.path",
        "allowed: ${NAME}, with its closing brace",
    ),
    Bad(
        "shell default", LOGS.replace("b.csv", '"${HOME:-x}/b.csv"'), "2: logs.current.path",
        "the name of an environment variable and nothing else",
    ),
    Bad(
        "placeholder", LOGS.replace("b.csv", '"{dat}/b.csv"'), "2: logs.current.path",
        "found {dat} in a path; allowed: {date} and {hour}",
    ),
    Bad(
        "format", LOGS.replace("b.csv", "b, format: parket"), "2: logs.current.format",
        "did you mean parquet?",
    ),
    Bad(
        "window", LOGS.replace("b.csv", "b, window: 3 days"), "2: logs.current.window",
        'found the text "3 days"; allowed: a length of time such as 30m, 6h, 1d or 2w',
    ),
    Bad(
        "options", LOGS.replace("b.csv", "b, options: fast"), "2: logs.current.options",
        "allowed: a mapping such as",
    ),
    Bad(
        "near option", LOGS.replace("b.csv", "b, options: {delimeter: x}"),
        "2: logs.current.options.delimeter", "did you mean delimiter?",
    ),
    Bad(
        "option", LOGS.replace("b.csv", "b, options: {skip_rows: -1}"),
        "2: logs.current.options.skip_rows", "found the number -1; allowed: a whole number",
    ),
    # Columns.
    Bad("columns is a list", LOGS + "columns: [a]\n", "3: columns", "found a list of 1; allowed"),
    Bad("role", LOGS + "columns: {targt: y}\n", "3: columns.targt", "did you mean target?"),
    Bad("role is empty", LOGS + "columns: {target: }\n", "3: columns.target", "found nothing"),
    Bad("role is true", LOGS + "columns: {id: true}\n", "3: columns.id", "found true; allowed"),
    Bad(
        "target without column", LOGS + "columns: {target: {positive: 1}}\n", "3: columns.target",
        'found no key "column"',
    ),
    Bad(
        "arrives_after", LOGS + "columns: {target: {column: y, arrives_after: 60}}\n",
        "3: columns.target.arrives_after", "found the number 60; allowed: a length of time",
    ),
    Bad(
        "positive", LOGS + "columns: {target: {column: y, positive: [1]}}\n",
        "3: columns.target.positive", "allowed: one class",
    ),
    Bad("scores", LOGS + "columns: {score: {}}\n", "3: columns.score", "such as {cat: p_cat"),
    Bad(
        "features", LOGS + "columns: {features: age}\n", "3: columns.features", "write [age]"
    ),
    Bad(
        "feature twice", LOGS + "columns: {features: [a, b, a]}\n", "3: columns.features[2]",
        'found the column "a" twice',
    ),
    Bad("segments", LOGS + "columns: {segments: a}\n", "3: columns.segments", "allowed: a list"),
    Bad(
        "kind", LOGS + "columns: {kinds: {zip: numerical}}\n", "3: columns.kinds.zip",
        "did you mean numeric",
    ),
    Bad(
        "valid is a list", LOGS + "columns: {valid: {age: [0, 9]}}\n", "3: columns.valid.age",
        "allowed: a mapping such as {min: 0, max: 120}",
    ),
    Bad(
        "valid is empty", LOGS + "columns: {valid: {age: {}}}\n", "3: columns.valid.age",
        "allowed: min, max or both",
    ),
    Bad(
        "min above max", LOGS + "columns: {valid: {age: {min: 9, max: 1}}}\n",
        "3: columns.valid.age", "found min 9 above max 1",
    ),
    Bad(
        "endless max", LOGS + "columns: {valid: {age: {max: .inf}}}\n",
        "3: columns.valid.age.max", "found the number .inf; allowed: a number",
    ),
    Bad(
        "two roles", LOGS + "columns:\n  id: key\n  score: key\n", "5: columns.score",
        'found the column "key" as score, and as id in line 4; allowed: one role a column',
    ),
    Bad(
        "feature and target", LOGS + "columns:\n  target: y\n  features: [x, y]\n",
        "5: columns.features[1]", 'found the column "y" as features, and as target in line 4',
    ),
    # Checks.
    Bad("checks is a mapping", LOGS + "checks: {odd.gap: }\n", "3: checks", "allowed: a list"),
    Bad("evaluator", check("odd.gip"), "4: checks[0].odd.gip", "did you mean odd.gap"),
    Bad("evaluator without topic", check("gap"), "4: checks[0].gap", "did you mean odd.gap?"),
    Bad("evaluator that breaks", check("odd.broken: {warn: 1}"), "4: checks[0].odd.broken",
        "cannot be loaded: No module named 'a_module_that_is_not_there'"),
    Bad("nothing", check(""), "4: checks[0]", "found nothing; allowed: the name of an evaluator"),
    Bad("a number", check("3"), "4: checks[0]", "found the number 3"),
    Bad("options missing", check("odd.gap: 3"), "4: checks[0].odd.gap", "allowed: a mapping"),
    Bad(
        "options not indented", check("odd.gap:\n    on: features"), "4: checks[0]",
        "indent on below odd.gap",
    ),
    Bad("only options", check("{warn: 1}"), "4: checks[0]", "begins with an evaluator's name"),
    Bad(
        "two in one", check("{odd.gap: {}, odd.hit: {}}"), "4: checks[0]",
        "begin each item with its own dash",
    ),
    Bad(
        "same check twice", check("odd.gap\n  - odd.gap"), "5: checks[1]",
        "found the same check as in line 4",
    ),
    Bad("on is empty", check("odd.gap: {on: []}"), "4: checks[0].odd.gap.on", "found a list of 0"),
    Bad("on in the singular", check("odd.gap: {on: feature}"), "4: checks[0].odd.gap.on",
        "did you mean features?"),
    Bad("column of the whole", check("odd.whole: {on: age}"), "4: checks[0].odd.whole.on",
        "allowed: dataset, for odd.whole is not about single columns"),
    Bad("whole of a column", check("odd.gap: {on: [age, outcome]}"), "4: checks[0].odd.gap.on",
        "allowed: columns, for odd.gap does not read the outcome"),
    Bad("on twice", check("odd.gap: {on: [a, a]}"), "4: checks[0].odd.gap.on[1]", "twice"),
    Bad("slices", check("odd.gap: {slices: yes}"), "4: checks[0].odd.gap.slices",
        'found the text "yes"; allowed: true or false'),
    Bad("require", check("odd.gap: {require: 1}"), "4: checks[0].odd.gap.require",
        "found the number 1; allowed: true or false"),
    Bad("persist", check("odd.gap: {persist: 0}"), "4: checks[0].odd.gap.persist",
        "found the number 0; allowed: a whole number of windows"),
    Bad("parameter", check("odd.gap: {bin: 3}"), "4: checks[0].odd.gap.bin", "did you mean bins?"),
    Bad("whole parameter", check("odd.gap: {bins: 2.5}"), "4: checks[0].odd.gap.bins",
        "found the number 2.5; allowed: a whole number"),
    Bad("parameter of two types", check("odd.gap: {scale: wide}"), "4: checks[0].odd.gap.scale",
        'found the text "wide"; allowed: a number or nothing (null)'),
    Bad("parameter of words", check("odd.gap: {tails: three}"), "4: checks[0].odd.gap.tails",
        "allowed: 'one' or 'two'"),
    Bad("parameter of texts", check("odd.gap: {labels: '500'}"), "4: checks[0].odd.gap.labels",
        'found the text "500"; allowed: a list of texts'),
    Bad("parameter of other texts", check("odd.gap: {labels: [a, true]}"),
        "4: checks[0].odd.gap.labels", "found a list of 2; allowed: a list of texts"),
    Bad("parameter is NaN", check("odd.gap: {scale: .nan}"), "4: checks[0].odd.gap.scale",
        "found the number .nan"),
    Bad("parameter missing", check("odd.asks: {warn: 0.1}"), "4: checks[0].odd.asks",
        'found no key "depth", which this evaluator needs'),
    # Limits.
    Bad("limit is empty", check("odd.gap: {warn: }"), "4: checks[0].odd.gap.warn",
        "found nothing; allowed: a number, {drop: 0.05}"),
    Bad("limit is NaN", check("odd.gap: {warn: .nan}"), "4: checks[0].odd.gap.warn", ".nan"),
    Bad("limit is true", check("odd.gap: {warn: true}"), "4: checks[0].odd.gap.warn", "found true"),
    Bad("limit in quotes", check("odd.gap: {warn: '0.1'}"), "4: checks[0].odd.gap.warn",
        "remove the quotes"),
    Bad("limit as percentage", check("odd.gap: {warn: 2%}"), "4: checks[0].odd.gap.warn",
        "write 0.02, or {rise: 2%}"),
    Bad("calibrated for info", check("odd.gap: {info: calibrated}"), "4: checks[0].odd.gap.info",
        "found calibrated for info; allowed: calibrated for warn and critical"),
    Bad("calibrated as key", check("odd.gap: {warn: {calibrated: 1}}"),
        "4: checks[0].odd.gap.warn.calibrated", 'found the unknown key "calibrated"'),
    Bad("limit below the range", check("odd.gap: {warn: -0.1}"), "4: checks[0].odd.gap.warn",
        "found the number -0.1; allowed: 0 to 1, the range of Gap (share of rows)"),
    Bad("per cent for share", check("odd.hit: {critical: 90}"), "4: checks[0].odd.hit.critical",
        "allowed: 0 to 1"),
    Bad("drop and rise", check("odd.hit: {warn: {drop: 1, rise: 1}}"),
        "4: checks[0].odd.hit.warn", "allowed: either drop or rise"),
    Bad("neither", check("odd.hit: {warn: {}}"), "4: checks[0].odd.hit.warn", "drop or rise"),
    Bad("near change", check("odd.hit: {warn: {dorp: 1}}"), "4: checks[0].odd.hit.warn.dorp",
        "did you mean drop?"),
    Bad("negative drop", check("odd.hit: {warn: {drop: -0.1}}"),
        "4: checks[0].odd.hit.warn.drop", "or a percentage such as"),
    Bad("negative share", check("odd.hit: {warn: {drop: -5%}}"),
        "4: checks[0].odd.hit.warn.drop", "0 or more"),
    Bad("drop in words", check("odd.hit: {warn: {drop: some}}"),
        "4: checks[0].odd.hit.warn.drop", 'found the text "some"'),
    Bad("drop beyond the range", check("odd.hit: {warn: {drop: 5}}"),
        "4: checks[0].odd.hit.warn.drop", 'write {drop: "5%"} for a share of the baseline'),
    Bad("drop of more than all", check("odd.hit: {warn: {drop: 500%}}"),
        "4: checks[0].odd.hit.warn.drop", 'allowed: at most "100%"'),
    Bad("critical before warn", check("odd.gap: {warn: 0.2, critical: 0.1}"),
        "4: checks[0].odd.gap.critical", "swap warn and critical"),
    Bad("critical before warn, upside down", check("odd.hit: {warn: 0.8, critical: 0.9}"),
        "4: checks[0].odd.hit.critical", "swap warn and critical"),
    Bad("critical drop before warn", check("odd.hit: {warn: {drop: .2}, critical: {drop: .1}}"),
        "4: checks[0].odd.hit.critical", "swap warn and critical"),
    Bad("any is the least", check("odd.gap: {warn: 0.2, critical: any}"),
        "4: checks[0].odd.gap.critical", "swap warn and critical"),
    # Policy and preset.
    Bad("policy is a number", LOGS + "policy: 5\n", "3: policy", "found the number 5; allowed"),
    # Explanations.
    Bad("explain is a word", LOGS + "explain: never\n", "3: explain", "such as {on: [critical"),
    Bad("near explain", LOGS + "explain: {row: 5}\n", "3: explain.row", "did you mean rows?"),
    Bad("explain on what", LOGS + "explain: {on: critcal}\n", "3: explain.on",
        "did you mean critical?"),
    Bad("explain on nothing", LOGS + "explain: {on: []}\n", "3: explain.on", "write on: never"),
    Bad("explain on pass", LOGS + "explain: {on: [warn, pass]}\n", "3: explain.on[1]",
        'found the text "pass"; allowed: critical, warn'),
    Bad("explain on never and warn", LOGS + "explain: {on: [warn, never]}\n", "3: explain.on[1]",
        "write on: never"),
    Bad("explain on twice", LOGS + "explain: {on: [warn, warn]}\n", "3: explain.on[1]", "twice"),
    Bad("explain few rows", LOGS + "explain: {rows: 10}\n", "3: explain.rows",
        "found the number 10; allowed: a whole number, 100 or more"),
    Bad("explain rows in words", LOGS + "explain: {rows: all}\n", "3: explain.rows", '"all"'),
    Bad("model is a list", LOGS + "explain: {model: [a.onnx]}\n", "3: explain.model",
        "allowed: a path, package.module:function, or models:/name/version"),
    Bad("model without path", LOGS + "explain: {model: {columns: [a]}}\n", "3: explain.model",
        'found no key "path"'),
    Bad("near model key", LOGS + "explain: {model: {path: a, unsafe_pikle: true}}\n",
        "3: explain.model.unsafe_pikle", "did you mean unsafe_pickle?"),
    Bad("model column twice", LOGS + "explain: {model: {path: a, columns: [x, x]}}\n",
        "3: explain.model.columns[1]", 'found the column "x" twice'),
    Bad("model in batches of none", LOGS + "explain: {model: {path: a, batch: 0}}\n",
        "3: explain.model.batch", "found the number 0; allowed: a whole number above 0"),
    Bad("model out of time", LOGS + "explain: {model: {path: a, seconds: -1}}\n",
        "3: explain.model.seconds", "found the number -1; allowed: a number above 0"),
    Bad("bare pickle", LOGS + "explain: {model: model.pkl}\n", "3: explain.model",
        "write model: {path: model.pkl, unsafe_pickle: true}"),
    Bad("pickle without a word", LOGS + "explain:\n  model:\n    path: model.joblib\n",
        "5: explain.model.path", "runs whatever code it holds"),
    # Which column causes which.
    Bad("causes is a list", LOGS + "causes: [[a], [b]]\n", "3: causes", "such as {order: [[reg"),
    Bad("near causes", LOGS + "causes: {ordr: [[a], [b]]}\n", "3: causes.ordr", "mean order?"),
    Bad("order and edges", LOGS + "causes:\n  order: [[a], [b]]\n  edges: [[a, b]]\n",
        "5: causes.edges", "allowed: one of the two"),
    Bad("order is a text", LOGS + "causes: {order: a}\n", "3: causes.order", "such as [[region"),
    Bad("one tier", LOGS + "causes: {order: [[a, b]]}\n", "3: causes.order", "two tiers or more"),
    Bad("empty tier", LOGS + "causes: {order: [[a], []]}\n", "3: causes.order[1]", "a column, or"),
    Bad("tier of a number", LOGS + "causes: {order: [[a], [1.5]]}\n", "3: causes.order[1][0]",
        "found the number 1.5; allowed: the name of a column"),
    Bad("column in two tiers", LOGS + "causes:\n  order:\n    - [a, b]\n    - [c, a]\n",
        "6: causes.order[1][1]", 'found the column "a" twice; allowed: once, in one tier'),
    Bad("edge of three", LOGS + "causes: {edges: [[a, b, c]]}\n", "3: causes.edges[0]",
        "found a list of 3; allowed: a pair of columns, [cause, effect]"),
    Bad("edge is a text", LOGS + "causes: {edges: [a]}\n",
        "3: causes.edges[0]", "a pair of columns"),
    Bad("own cause", LOGS + "causes: {edges: [[a, a]]}\n", "3: causes.edges[0]", "its own cause"),
    Bad("edge twice", LOGS + "causes: {edges: [[a, b], [a, b]]}\n", "3: causes.edges[1]", "twice"),
    Bad("circle", LOGS + "causes:\n  edges:\n    - [a, b]\n    - [b, c]\n    - [c, a]\n",
        "7: causes.edges[2]", "found a circle: c -> a -> b -> c"),
    Bad("unknown cause", LOGS + "columns: {features: [income, age]}\n"
        "causes:\n  order: [[age], [incme]]\n", "5: causes.order[1][0]", "did you mean income?"),
    Bad("unknown effect", LOGS + "columns: {features: [income, age], target: y}\n"
        "causes: {edges: [[age, y], [age, z]]}\n", "4: causes.edges[1][1]",
        'found the column "z", which columns does not name'),
    Bad("ignored cause", LOGS + "columns: {ignore: [note]}\ncauses: {order: [[note], [age]]}\n",
        "4: causes.order[0][0]", "which columns.ignore leaves out"),
    Bad("near policy", LOGS + "policy: {sead: 5}\n", "3: policy.sead", "did you mean seed?"),
    Bad("budget of all", LOGS + "policy: {false_alarms: 1}\n", "3: policy.false_alarms",
        "found the number 1; allowed: a number between 0 and 1, both excluded"),
    Bad("budget of nothing", LOGS + "policy: {false_alarms: 0}\n", "3: policy.false_alarms", "0"),
    Bad("confidence in per cent", LOGS + "policy: {confidence: 95}\n", "3: policy.confidence",
        "between 0 and 1"),
    Bad("seed", LOGS + "policy: {seed: 1.5}\n", "3: policy.seed", "a whole number, 0 or more"),
    Bad("preset", LOGS + "preset: sensible\n", "3: preset", "did you mean sensitive?"),
    Bad("nothing to check", LOGS + "preset: none\n", "1", "found nothing to check"),
]  # fmt: skip


@pytest.mark.parametrize("bad", TABLE, ids=[bad.id for bad in TABLE])
def test_the_message_names_file_line_and_key(bad: Bad) -> None:
    with pytest.raises(SuiteError) as caught:
        parse_suite(bad.text, name="bad.yaml")
    assert f"bad.yaml:{bad.place}: found" in str(caught.value)
    assert bad.says in str(caught.value)
    assert "problems:" not in str(caught.value), "one mistake gives one problem"


def test_all_problems_are_reported_at_once_by_line() -> None:
    text = LOGS + "checks: [odd.gip]\npolicy: {seed: x}\ncolumns: {id: a, timestamp: a}\nzzz: 1\n"
    with pytest.raises(SuiteError) as caught:
        parse_suite(text, name="bad.yaml")
    assert "4 problems:" in str(caught.value)
    assert re.findall(r"^  (\d)\. bad.yaml:(\d):", str(caught.value), re.M) == [
        ("1", "3"), ("2", "4"), ("3", "5"), ("4", "6"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"targt": "y"}, "columns.targt: found the unknown key"),
        ({"id": "a", "status": "a"}, "columns.status: found the column"),
        (["a"], "columns: found a list of 1"),
        ({"id": object()}, "columns.id: found a Python object"),
    ],
)
def test_columns_from_python_are_named_by_key(columns: Any, says: str) -> None:
    with pytest.raises(SuiteError, match=re.escape(says)):
        parse_columns(columns)


@pytest.mark.parametrize(
    ("checks", "says"),
    [
        ("odd.gap", 'checks: found the text "odd.gap"; allowed: a list'),
        ([{"odd.gap": {"warn": float("nan")}}], "checks[0].odd.gap.warn: found the number nan"),
        (["odd.gap", "odd.gap"], "checks[1]: found the same check as in checks[0]"),
        ([{"odd.gap": {"bins": True}}], "checks[0].odd.gap.bins: found true"),
    ],
)
def test_checks_from_python_are_named_by_key(checks: Any, says: str) -> None:
    with pytest.raises(SuiteError, match=re.escape(says)):
        parse_checks(checks)


def test_whole_numbers_are_taken_for_texts_where_texts_are_asked_for() -> None:
    (check,) = parse_checks([{"odd.gap": {"labels": ["4xx", 500], "scale": 2}}])
    assert check.params == {"labels": ["4xx", "500"], "scale": 2.0}


def test_a_missing_file_tells_which_suites_are_there(tmp_path: Path) -> None:
    (tmp_path / "credit.yaml").touch()
    with pytest.raises(SuiteError, match="found no such file") as caught:
        load_suite(tmp_path / "credits.yaml")
    assert "credit.yaml" in caught.value.hint


def test_a_folder_tells_which_suites_are_in_it(tmp_path: Path) -> None:
    (tmp_path / "credit.yml").touch()
    with pytest.raises(SuiteError, match="found a folder; allowed: a YAML file") as caught:
        load_suite(tmp_path)
    assert "credit.yml" in caught.value.hint


def test_a_file_in_another_encoding_is_refused_by_line(tmp_path: Path) -> None:
    file = tmp_path / "suite.yaml"
    file.write_bytes("# first\nsuite: café\n".encode("latin-1"))
    with pytest.raises(SuiteError, match=r"suite.yaml:2: found the byte 0xe9, which is not UTF-8"):
        load_suite(file)


def test_a_text_of_aliases_that_multiply_is_refused_soon() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    with pytest.raises(SuiteError, match="found more than 100,000 values"):
        parse_suite("\n".join(lines))


def test_a_broken_evaluator_does_not_hide_the_others_from_the_schema() -> None:
    named, mapped = suite_schema()["properties"]["checks"]["items"]["anyOf"]
    assert {"odd.broken", "odd.gap"} <= set(named["enum"])
    assert "Cannot be loaded" in mapped["properties"]["odd.broken"]["description"]
    assert mapped["properties"]["odd.asks"]["required"] == ["depth"]
    assert mapped["properties"]["odd.gap"]["properties"]["bins"] == {
        "anyOf": [{"type": "integer"}],
        "default": 10,
    }


def test_control_characters_never_reach_a_message() -> None:
    with pytest.raises(SuiteError) as caught:
        parse_suite(LOGS + '"\\e[31mred\\n": 1\npreset: "\\a"\n')
    assert "\x1b" not in str(caught.value)
    assert "\a" not in str(caught.value)


def test_a_secret_from_the_environment_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY", "s3cret")
    with pytest.raises(SuiteError) as caught:
        parse_suite(LOGS.replace("b.csv", '"${KEY}/{dat}/${"'))
    assert "s3cret" not in str(caught.value)


WHOLE = (
    LOGS
    + """\
columns:
  target: {column: y, arrives_after: 60d}
  score: {cat: p_cat}
  features: "*"
  valid: {age: {min: 0, max: 120}}
checks:
  - odd.gap: {on: [features, score], warn: 0.1, critical: {rise: 10%}, bins: 3}
policy: {false_alarms: 0.05, seed: 7}
preset: none
explain: {on: [critical], rows: 500, model: {path: m.onnx, columns: [age]}}
causes: {edges: [[age, income], [income, y]]}
"""
)


@given(
    st.lists(
        st.tuples(
            st.integers(0, len(WHOLE)),
            st.integers(0, 12),
            st.text("abk019.%-:,[]{}&*!|>'\"#?@ \n\t\\\x07é", max_size=6),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_no_edit_of_a_suite_gives_a_traceback(edits: list[tuple[int, int, str]]) -> None:
    text = WHOLE
    for start, length, put in edits:
        text = text[:start] + put + text[start + length :]
    message = "bad.yaml:"
    try:
        parse_suite(text, name="bad.yaml")
    except SuiteError as error:
        message = str(error)
    assert "bad.yaml:" in message
