"""What every evaluator promises, ours and those that appear later alike.

Each is found by the catalogue and applied to every column, outcome, id or log that its card says
it reads, on ordinary, changed, empty, constant, single-row and hostile inputs.
"""

from __future__ import annotations

import dataclasses
import inspect
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, get_args

import numpy as np
import pyarrow as pa
import pytest

import tidegauge_evaluators
from tidegauge.catalog import (
    COMPARERS,
    EXPLAINERS,
    Evaluator,
    evaluator,
    evaluator_names,
    is_scorer,
)
from tidegauge.errors import CannotMeasure
from tidegauge.profile import DatasetProfile, Layout, TargetLayout
from tidegauge.profile.arrays import as_array
from tidegauge.records import Card, Kind, Role, Score

FOLDER = Path(tidegauge_evaluators.__file__).parent
FILES = sorted(
    f"{f.parent.name}.{f.stem}"
    for f in FOLDER.glob("*/[!_]*.py")
    if f.parent.name not in (EXPLAINERS, COMPARERS)
)
FOUND = sorted(
    name for name, module in evaluator_names().items() if module.startswith("tidegauge_evaluators.")
)
MEASURES = [name for name in FOUND if not is_scorer(name)]
OURS = [
    name
    for name in MEASURES
    if evaluator(name).card.over == "profile" and "labels" not in evaluator(name).card.reads
]
"""Measures of profiles; those of vectors and of labels are given what they read elsewhere."""
TOPICS = {"toxicity", "hallucination", "text"}
"""What scorers of a topic flagged."""
PLACES = {"features", "outcome", "dataset", *TOPICS, *get_args(Role)}
READS = {*get_args(Kind), "classification", "regression", "keys", "dataset", "labels"}
START = 1_700_000_000

KINDS: dict[str, Kind] = {
    "number": "numeric",
    "count": "numeric",
    "label": "categorical",
    "flag": "boolean",
    "when": "datetime",
    "note": "text",
    "key": "id",
    "nothing": "empty",
    "nest": "nested",
    "took": "numeric",
    "answer": "categorical",
    "truth": "categorical",
    "guess": "categorical",
    "p": "numeric",
}
TYPES = {
    "number": pa.float64(),
    "count": pa.int64(),
    "label": pa.string(),
    "flag": pa.bool_(),
    "when": pa.timestamp("ms", tz="UTC"),
    "note": pa.string(),
    "key": pa.int64(),
    "nothing": pa.null(),
    "nest": pa.list_(pa.int64()),
    "took": pa.float64(),
    "answer": pa.int64(),
    "truth": pa.string(),
    "guess": pa.string(),
    "p": pa.float64(),
}


def layout(task: str) -> Layout:
    classify = task == "classification"
    kinds = KINDS if classify else KINDS | {"truth": "numeric", "guess": "numeric"}
    target = TargetLayout(
        column="truth",
        task="classification" if classify else "regression",
        classes=("no", "yes") if classify else (),
    )
    return Layout(
        kinds=kinds,
        features=("number", "count", "label", "flag", "note", "nothing", "nest"),
        target=target,
        prediction="guess",
        scores={"yes": "p"} if classify else {},
        id="key",
        timestamp="when",
        latency="took",
        status="answer",
    )


def table(task: str, columns: Mapping[str, Any]) -> pa.Table:
    types = (
        TYPES
        if task == "classification"
        else TYPES | dict.fromkeys(("truth", "guess"), pa.float64())
    )
    return pa.table({name: pa.array(columns[name], types[name]) for name in types})


def drawn(task: str, rows: int, seed: int, drift: float = 0.0) -> pa.Table:
    """Rows of an ordinary log, moved from the baseline by ``drift``."""
    rng = np.random.default_rng(seed)
    truth = rng.random(rows) < 0.4
    p = np.clip(0.25 + 0.4 * truth + 0.2 * rng.normal(size=rows), 0.01, 0.99)
    number = rng.normal(drift, 1.0 + drift, rows)
    classify = task == "classification"
    words, target = np.array(["no", "yes"]), number * 2.0 + 5.0
    columns = {
        "number": np.ma.array(number, mask=rng.random(rows) < 0.03).tolist(),
        "count": rng.poisson(3.0 + drift, rows),
        "label": rng.choice(["a", "b", "c", "new" if drift else "d"], rows),
        "flag": rng.random(rows) < 0.3 + drift / 4,
        "when": ((START + np.sort(rng.random(rows)) * 86_400) * 1_000).astype(np.int64),
        "note": [f"note {i}" for i in range(rows)],
        "key": rng.permutation(rows) if not drift else rng.integers(0, rows, rows),
        "nothing": [None] * rows,
        "nest": [[int(i)] for i in range(rows)],
        "took": rng.lognormal(4.0 + drift, 0.5, rows),
        "answer": np.where(rng.random(rows) < 0.01 + drift / 9, 503, 200),
        "truth": words[truth.astype(int)] if classify else target + rng.normal(size=rows),
        "guess": words[(p > 0.5).astype(int)] if classify else target,
        "p": p,
    }
    return table(task, columns)


def taken(log: pa.Table, indices: Any) -> pa.Table:
    return log.take(pa.array(indices, pa.int64()))


def every_column(log: pa.Table, value: Mapping[str, Any]) -> pa.Table:
    """The log with columns replaced by one value each."""
    for name, filled in value.items():
        place = log.column_names.index(name)
        kind = log.schema.field(name).type
        log = log.set_column(place, name, pa.array([filled] * log.num_rows, kind))
    return log


def strange(task: str) -> dict[str, pa.Table]:
    """Logs that no evaluator may stumble over."""
    log = drawn(task, 400, 2)
    numbers = ["number", "took", "p"] + (["truth", "guess"] if task == "regression" else [])
    return {
        "no rows": log.slice(0, 0),
        "one row": log.slice(0, 1),
        "constant": taken(log, [0] * 400),
        "all missing": every_column(log, dict.fromkeys(log.column_names, None)),
        "not a number": every_column(log, dict.fromkeys(numbers, math.nan)),
        "infinite": every_column(log, dict.fromkeys(numbers, math.inf)),
        "zero": every_column(log, dict.fromkeys([*numbers, "count"], 0)),
        "huge": every_column(log, {"number": 1e308, "took": 1e300, "count": 2**62}),
        "one outlier": pa.concat_tables(
            [
                log,
                every_column(log.slice(0, 1), {"number": -1e308, "took": 1e300, "count": -(2**62)}),
            ]
        ),
        "all new": every_column(log, {"label": "new", "answer": 599, "flag": True}),
    }


class Sides(NamedTuple):
    subject: str
    baseline: Any
    current: Any


def profiled(task: str, before: pa.Table, *now: pa.Table) -> tuple[DatasetProfile, DatasetProfile]:
    """Baseline and current profile, the latter merged from batches."""
    grid = DatasetProfile.freeze(before, layout(task))
    baseline = grid.lay(before).sealed()
    current = baseline.blank()
    for batch in now:
        current = current.merge(baseline.blank().lay(batch))
    return baseline, current


def sides(card: Card, pair: tuple[DatasetProfile, DatasetProfile]) -> Iterator[Sides]:
    """All that a measure with this card may be given of two logs."""
    baseline, current = pair
    plan, outcome = baseline.layout, card.on == "outcome"
    if "dataset" in card.reads:
        yield Sides("log", baseline, current)
    elif "keys" in card.reads:
        yield Sides("ids", baseline.keys, current.keys)
    elif outcome:
        if plan.target is not None and plan.target.task in card.reads:
            yield Sides("outcome", baseline.outcome, current.outcome)
    else:
        for column, kind in plan.kinds.items():
            role = plan.roles.get(column)
            if kind in card.reads and (role == card.on or role not in ("latency", "status")):
                yield Sides(column, baseline.columns[column], current.columns[column])


def measured(found: Evaluator, pair: Sides) -> Score | None:
    """The score, or None where the evaluator says on purpose that it cannot give one."""
    given: dict[str, Any] = {
        "confidence": 0.95,
        "as_of": START + 90_000.0,
        "rng": np.random.default_rng(7),
    }
    takes = inspect.signature(found.measure).parameters
    given = {name: value for name, value in given.items() if name in takes}
    try:
        return found.measure(pair.baseline, pair.current, **given)
    except CannotMeasure:
        return None


def locked(record: Any) -> None:
    """Make all arrays of a profile read-only."""
    if isinstance(record, np.ndarray):
        record.setflags(write=False)
    elif dataclasses.is_dataclass(record):
        for part in dataclasses.fields(record):
            locked(getattr(record, part.name))
    elif isinstance(record, Mapping):
        for part in record.values():
            locked(part)
    elif isinstance(record, tuple):
        for part in record:
            locked(part)


def numbers_in(record: Any) -> Iterator[float]:
    if isinstance(record, float | int | np.generic):
        yield float(record)
    elif dataclasses.is_dataclass(record):
        for part in dataclasses.fields(record):
            yield from numbers_in(getattr(record, part.name))
    elif isinstance(record, Mapping):
        for part in record.values():
            yield from numbers_in(part)
    elif isinstance(record, tuple):
        for part in record:
            yield from numbers_in(part)


def assert_sound(score: Score, card: Card, where: str) -> None:
    """A score that a judge and a reader can use."""
    low, high = card.range
    slack = 1e-9 * max(1.0, abs(score.value))
    assert math.isfinite(score.value), where
    assert low is None or score.value >= low - slack, where
    assert high is None or score.value <= high + slack, where
    assert not any(math.isnan(x) for x in numbers_in(score)), f"{where}: {score}"
    assert score.p_value is None or 0.0 <= score.p_value <= 1.0, f"{where}: {score.p_value}"
    assert score.n_baseline >= 0, where
    assert score.n_current >= 0, where
    assert score.resolution >= 0.0, where
    assert len(score.parts) <= 100, where
    for interval in (score.interval, score.change):
        assert interval is None or interval.low <= interval.high, f"{where}: {interval}"
    plain = (bool, int, float, str)  # numpy's own would not survive JSON
    assert type(score.value) is float, where
    assert all(type(x) in plain for x in score.details.values()), f"{where}: {score.details}"


def test_every_file_is_an_evaluator_and_every_evaluator_a_file() -> None:
    assert FOUND == FILES
    assert len(OURS) >= 40


@pytest.mark.parametrize("name", MEASURES)
def test_its_card_is_full(name: str) -> None:
    card = evaluator(name).card
    assert card.title
    assert card.explain.endswith(".")
    assert card.explain.count(". ") == 0
    assert card.unit
    assert any(letter.isdigit() for letter in card.reference), "a citation has a year or number"
    assert set(card.reads) <= READS
    assert card.reads
    assert card.on in PLACES
    assert card.better in ("lower", "higher", "none")
    assert card.over in ("profile", "sample")


@pytest.mark.parametrize("name", MEASURES)
def test_it_is_documented_with_a_tried_example(name: str) -> None:
    found = evaluator(name)
    said = inspect.getdoc(found.measure) or ""
    assert ">>> " in said
    assert said.splitlines()[0].endswith(".")
    module = inspect.getmodule(found.measure)
    assert module is not None
    assert module.__doc__
    assert module.__name__.endswith(name), "the function is defined in its own file"
    for parameter in found.params.values():
        assert parameter.name in ("confidence", "as_of") or parameter.name in said


@pytest.mark.parametrize("name", MEASURES)
def test_it_takes_two_profiles_and_keywords_with_defaults(name: str) -> None:
    parameters = list(inspect.signature(evaluator(name).measure).parameters.values())
    assert [p.name for p in parameters[:2]] == ["baseline", "current"]
    for parameter in parameters[2:]:
        assert parameter.kind is inspect.Parameter.KEYWORD_ONLY
        assert parameter.name == "as_of" or parameter.default is not inspect.Parameter.empty


@pytest.fixture(scope="module", params=["classification", "regression"])
def pairs(request: pytest.FixtureRequest) -> dict[str, tuple[DatasetProfile, DatasetProfile]]:
    task: str = request.param
    before = drawn(task, 1_500, 0)
    same, moved = drawn(task, 1_000, 1), drawn(task, 1_000, 1, drift=0.5)
    order = np.random.default_rng(3).permutation(1_000)
    halves = taken(moved, order[:400]), taken(moved, order[400:])
    ready = {
        "same": profiled(task, before, same),
        "moved": profiled(task, before, moved),
        "moved, in shuffled parts": profiled(task, before, *halves),
    }
    for what, log in strange(task).items():
        ready[f"{what} now"] = profiled(task, before, log)
        ready[f"{what} in the baseline"] = profiled(task, log, same)
        ready[f"{what} on both sides"] = profiled(task, log, log)
    locked(ready)
    return ready


@pytest.mark.parametrize("name", OURS)
def test_it_answers_ordinary_logs_and_leaves_them_alone(
    name: str, pairs: dict[str, tuple[DatasetProfile, DatasetProfile]]
) -> None:
    found = evaluator(name)
    for what in ("same", "moved"):
        for pair in sides(found.card, pairs[what]):
            before = repr(pair)
            score = measured(found, pair)
            assert repr(pair) == before
            if score is not None:
                assert_sound(score, found.card, f"{what}: {pair.subject}")
                assert measured(found, pair) == score, "the same input gives the same score"
    subjects = [pair for pair in sides(found.card, pairs["moved"]) if measured(found, pair)]
    task = pairs["same"][0].layout.target
    assert task is not None
    other = {"classification", "regression"} - {task.task}
    assert subjects or set(found.card.reads) <= other, "there is a column that it can measure"


@pytest.mark.parametrize("name", OURS)
def test_shuffled_and_merged_parts_give_the_same_score(
    name: str, pairs: dict[str, tuple[DatasetProfile, DatasetProfile]]
) -> None:
    found = evaluator(name)
    whole = sides(found.card, pairs["moved"])
    parts = sides(found.card, pairs["moved, in shuffled parts"])
    for one, other in zip(whole, parts, strict=True):
        once, merged = measured(found, one), measured(found, other)
        assert (once is None) == (merged is None), one.subject
        if once is None or merged is None:
            continue
        close = max(once.resolution, merged.resolution) + 1e-9 * max(1.0, abs(once.value))
        assert merged.value == pytest.approx(once.value, abs=close), one.subject
        if not once.resolution and once.p_value is not None:
            assert merged.p_value == pytest.approx(once.p_value, rel=1e-6), one.subject


@pytest.mark.parametrize("name", OURS)
def test_it_answers_or_declines_whatever_it_is_given(
    name: str, pairs: dict[str, tuple[DatasetProfile, DatasetProfile]]
) -> None:
    found = evaluator(name)
    for what, both in pairs.items():
        for pair in sides(found.card, both):
            score = measured(found, pair)
            if score is not None:
                assert_sound(score, found.card, f"{what}: {pair.subject}")


def test_the_logs_used_here_hold_every_kind_of_column() -> None:
    assert {*KINDS.values()} == {*get_args(Kind)} - {"vector"}, "no profile counts vectors"
    log = drawn("classification", 10, 0)
    assert all(len(as_array(log[name])) == 10 for name in KINDS)
