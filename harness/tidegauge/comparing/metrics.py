"""What two models are compared by: the suite's measures, and means of columns."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from tidegauge.catalog import Evaluator, evaluator, evaluator_names, is_scorer, nearest, scorer
from tidegauge.comparison import Margin
from tidegauge.errors import CannotMeasure, NotApplicable, SuiteError, TooFewRows
from tidegauge.measuring import Bench, Subject, measure_one, subjects
from tidegauge.profile import DatasetProfile, Layout, NumericProfile
from tidegauge.records import Card, Check, Score
from tidegauge.suite.shape import Compare, Suite
from tidegauge.wording import listed

USUAL = (
    "performance.accuracy", "performance.roc_auc", "performance.log_loss",
    "performance.mae", "performance.rmse", "service.latency_p95", "service.error_rate",
)  # fmt: skip
"""Compared where a suite asks for no measure of a model's own."""
ANSWERED = Check(id="missing responses", evaluator="quality.missing_rate", on=("response",))
"""Compared though a suite does not ask for it: scorers pass over what a model left unanswered."""
TOPICS = ("performance", "service", "toxicity", "hallucination", "text")
"""Topics whose measures say how good a model is; drift and quality say how its inputs are."""
OF_TIME = ("service.throughput",)
"""Measures of how rows came in, which a model has no part in."""
COSTS = r"(?:^|[_.\s-])(?:cost|costs|usd|eur|price)(?:$|[_.\s-])"
"""Names of columns that hold what an answer cost."""
PLACES = ("prediction", "score", "response", "scored", "flagged", "scorer_status", "latency")
"""Roles of what a model answers."""
FEWEST = 20
"""Rows of which a mean is compared."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Metric:
    """One thing to compare two models by."""

    name: str
    """The check's id, or the column whose mean is taken."""
    card: Card
    check: Check
    found: Evaluator | None
    """The measure; ``None`` for the mean of a column."""
    subject: Subject
    margin: Margin | None = None
    required: bool = False

    @property
    def evaluator(self) -> str:
        """Name of the measure; empty for the mean of a column."""
        return self.found.name if self.found else ""

    @property
    def sign(self) -> float:
        """What a gain is multiplied by: 1 where higher is better, else -1."""
        return 1.0 if self.card.better == "higher" else -1.0


def metrics_of(suite: Suite, layout: Layout, bench: Bench) -> tuple[Metric, ...]:
    """List what is compared, each thing once.

    Raises
    ------
    SuiteError
        When the suite names what is no evaluator, check or column, or compares nothing.
    """
    settings = suite.compare
    if settings.metrics:
        found = [one for name in settings.metrics for one in _named(name, suite, layout, bench)]
    else:
        found = list(_unasked(suite, layout, bench))
    kept = {one.name: _demanded(one, settings) for one in found}
    strange = [n for n in (*settings.margins, *settings.require) if not _meant(n, kept.values())]
    if strange:
        known = {name for one in kept.values() for name in (one.name, one.evaluator) if name}
        raise SuiteError(
            f'compare: "{strange[0]}" has a margin, or is required, and is not compared',
            nearest(strange[0], sorted(known)),
        )
    if not kept:
        raise SuiteError(
            "there is nothing to compare: no truth, latency, status, cost or score on both sides",
            "name metrics: compare: {metrics: [performance.accuracy, {cost_usd: lower}]}",
        )
    return tuple(kept.values())


def left_out(suite: Suite, metrics: Iterable[Metric], bench: Bench) -> tuple[str, ...]:
    """Say which of the suite's checks are not compared though both sides, or one, could be."""
    compared = {one.check.id for one in metrics}
    rest = [] if suite.compare.metrics else [c for c in suite.checks if c.id not in compared]
    alone = replace(bench, current=bench.baseline)
    lost = [
        check.id
        for check in rest
        if _fits(check) and any(_there(metric, alone) for metric in _of_check(check, bench))
    ]
    others = [check.id for check in rest if not _fits(check)]
    notes = (
        (lost, "for the candidate's log does not hold what they need"),
        (others, "for they say how rows differ, not which model is better"),
    )
    return tuple(f"Not compared, {why}: {listed(ids, 4)}." for ids, why in notes if ids)


def outputs(layout: Layout, settings: Compare) -> frozenset[str]:
    """Columns that a model answers with, so that they may differ for one id."""
    roles = (layout.prediction, layout.latency, layout.status, layout.tokens)
    texts = (layout.texts.get(role, "") for role in ("response", "context", "samples"))
    costs = (name for name in layout.features if _costs(name))
    named = (*settings.metrics, *settings.margins)
    return frozenset([*roles, *texts, *layout.scores.values(), *layout.made, *costs, *named])


def value_of(metric: Metric, side: DatasetProfile) -> float:
    """Mean of a metric's column on one side.

    Raises
    ------
    CannotMeasure
        When it holds too few numbers.
    """
    profile = side.columns.get(metric.name)
    if not isinstance(profile, NumericProfile):
        raise NotApplicable(f"{metric.name} holds no numbers on one side")
    if profile.finite < FEWEST:
        raise TooFewRows(needed=FEWEST, n_baseline=profile.finite, n_current=profile.finite)
    return profile.moments.mean


def score_of(metric: Metric, bench: Bench, label: str = "") -> Score | None:
    """Ask the measure for all it has to say; ``None`` for the mean of a column."""
    if metric.found is None:
        return None
    return measure_one(metric.check, metric.found, metric.subject, bench, label).score


def values_of(metric: Metric, bench: Bench, label: str = "") -> tuple[float, float]:
    """Value of the baseline and of the candidate, as a run reports them.

    Raises
    ------
    CannotMeasure
        When there is none on both sides.
    """
    if metric.found is None:
        before, now = _slice(bench.baseline, label), _slice(bench.current, label)
        return value_of(metric, before), value_of(metric, now)
    measured = measure_one(metric.check, metric.found, metric.subject, bench, label)
    if measured.problem is not None:
        raise measured.problem
    score = measured.score
    if score is None or score.baseline is None:
        raise NotApplicable("has no value on one side alone, so there is nothing to compare")
    return score.baseline, score.value


def _slice(profile: DatasetProfile, label: str) -> DatasetProfile:
    return profile.slices[label] if label else profile


def _demanded(metric: Metric, settings: Compare) -> Metric:
    keys = [key for key in settings.margins if _is(metric, key)]
    return replace(
        metric,
        margin=settings.margins[keys[0]] if keys else None,
        required=any(_is(metric, key) for key in settings.require),
    )


def _is(metric: Metric, key: str) -> bool:
    return key in (metric.name, metric.evaluator, metric.check.id)


def _meant(key: str, metrics: Iterable[Metric]) -> bool:
    return any(_is(one, key) for one in metrics)


def _unasked(suite: Suite, layout: Layout, bench: Bench) -> Iterator[Metric]:
    """Compare by the suite's measures, then by what a model's answers cost."""
    mine = [check for check in suite.checks if _fits(check)]
    if not any(check.evaluator.startswith("performance.") for check in mine):
        asked = {check.evaluator for check in mine}
        mine += [Check(id=name, evaluator=name) for name in USUAL if name not in asked]
    if not any(c.evaluator == ANSWERED.evaluator and "response" in c.on for c in mine):
        mine.append(ANSWERED)
    for check in mine:
        for metric in _of_check(check, bench):
            if _there(metric, bench):
                yield metric
    for name in _means(layout):
        mean = _mean(name, layout, "")
        if mean and isinstance(bench.current.columns.get(name), NumericProfile):
            yield mean


def _fits(check: Check) -> bool:
    """Whether a check measures the model rather than the rows it was asked about."""
    topic = check.evaluator.partition(".")[0]
    card = evaluator(check.evaluator).card
    if card.over == "sample" or card.better == "none" or check.evaluator in OF_TIME:
        return False
    if topic in TOPICS:
        return "labels" not in card.reads
    return topic == "quality" and set(check.on or (card.on,)) <= set(PLACES)


def _of_check(check: Check, bench: Bench, better: str = "") -> Iterator[Metric]:
    found = evaluator(check.evaluator)
    applied = subjects(check, found.card, bench)
    for subject in applied:
        of = f" of {subject.column}" if len(applied) > 1 and subject.column else ""
        yield Metric(
            name=f"{check.id}{of}",
            card=replace(found.card, title=f"{found.card.title}{of}"),
            check=check,
            found=found,
            subject=subject,
        )


def _there(metric: Metric, bench: Bench) -> bool:
    """Whether nobody asked and there is nothing: such a metric is passed over."""
    try:
        values = values_of(metric, bench)
    except NotApplicable:
        return False
    except Exception:
        return True
    return any(values) or not metric.evaluator.startswith("quality.")


def _means(layout: Layout) -> list[str]:
    """Columns whose mean says what an answer costs or is worth."""
    scored = [name for name, made in layout.made.items() if made.role == "scored"]
    main = [name for name in scored if layout.made[name].main == name]
    costs = [name for name in layout.features if _costs(name) and layout.kinds[name] == "numeric"]
    return list(dict.fromkeys(filter(None, [*main, layout.tokens, *costs])))


def _costs(name: str) -> bool:
    return re.search(COSTS, name.casefold()) is not None


def _named(name: str, suite: Suite, layout: Layout, bench: Bench) -> list[Metric]:
    """Find what a word in ``metrics`` means: a check of the suite, an evaluator, a column."""
    way = suite.compare.metrics[name]
    checks = [one for one in suite.checks if name in (one.id, one.evaluator)]
    if checks:
        return [metric for check in checks for metric in _of_check(check, bench)]
    if name in layout.kinds:
        metric = _mean(name, layout, way)
        if metric is None:
            raise SuiteError(
                f"compare.metrics: nothing says whether a higher or a lower {name} is good",
                f"write {{{name}: lower}} or {{{name}: higher}}",
            )
        return [metric]
    if name not in evaluator_names() or is_scorer(name):
        known = [one for one in evaluator_names() if one.partition(".")[0] in TOPICS]
        raise SuiteError(
            f'compare.metrics: "{name}" is no measure and no column',
            nearest(name, [*known, *layout.kinds]),
        )
    return list(_of_check(Check(id=name, evaluator=name), bench))


def _mean(name: str, layout: Layout, way: str) -> Metric | None:
    """Take the mean of a numeric column; ``None`` where no way is known to be good."""
    if layout.kinds.get(name) != "numeric":
        raise SuiteError(
            f"compare.metrics: {name} is {layout.kinds.get(name)}, and a mean needs numbers",
            f"say what it holds with columns: {{kinds: {{{name}: numeric}}}}",
        )
    made = layout.made.get(name)
    better, unit, explain = way, "", f"Mean of {name} over all rows that hold a number."
    if made is not None:
        about = scorer(made.scorer).card
        unit, explain = about.unit, f"Mean over rows. {about.explain}"
        better = better or ("" if about.better == "none" else about.better)
    elif name == layout.latency:
        better, unit = better or "lower", "milliseconds"
    elif name == layout.tokens:
        better, unit = better or "lower", "tokens"
    elif _costs(name):
        better = better or "lower"
    if better not in ("lower", "higher"):
        return None
    card = Card(
        title=f"Mean of {name}",
        explain=explain,
        reads=("numeric",),
        on=name,
        better="lower" if better == "lower" else "higher",
        unit=unit,
        reference="Arithmetic mean of the rows that hold a number",
    )
    check = Check(id=name, evaluator="", on=(name,))
    return Metric(name=name, card=card, check=check, found=None, subject=Subject(column=name))


def problem_of(error: Exception) -> tuple[str, bool]:
    """Say why a metric has no value, and whether more rows would help."""
    if isinstance(error, TooFewRows):
        return error.message, True
    if isinstance(error, CannotMeasure):
        return error.message, False
    return f"{type(error).__name__}: {error}", False
