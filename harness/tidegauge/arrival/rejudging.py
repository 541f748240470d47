"""Judges earlier windows again by labels that arrived since."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from tidegauge.baseline import Baseline, count, load_baseline
from tidegauge.calibration.limits import limits_again, wants_limits
from tidegauge.errors import HistoryError
from tidegauge.freezing import Progress, untold
from tidegauge.joining import late_labels
from tidegauge.judge import results_of
from tidegauge.logs import parse_window
from tidegauge.logs.labels import Labels, fitted, labelled
from tidegauge.measuring import ARRIVED, Bench, measure
from tidegauge.profile import ClassificationProfile, DatasetProfile, RegressionProfile
from tidegauge.profile.dataset import OutcomeProfile
from tidegauge.records import Check, Report, Result, Verdict
from tidegauge.running import badness, overall
from tidegauge.suite import Suite
from tidegauge.wording import amount, counted, listed

if TYPE_CHECKING:
    from tidegauge.store import Store
    from tidegauge.store.predictions import Kept

HEADLINES = ("performance.accuracy", "performance.mae", "performance.roc_auc")
"""Measures that a headline names first."""


def rejudge(
    suite: str,
    store: Store,
    labels: Labels | None,
    *,
    reference: Baseline | None = None,
    now: datetime | None = None,
    progress: Progress = untold,
) -> tuple[Report, ...]:
    """Join labels to the kept predictions of earlier windows, and judge them by what is new.

    New are labels that were missing, and corrections where some still are. Only checks of the
    outcome are judged again, against the baseline of that time; all other results stay. Each
    report is kept as a new revision of its window. Labels of rows that no kept window holds are
    passed over.

    Parameters
    ----------
    suite
        Its name.
    labels
        What has arrived; ``None`` = nothing.
    reference
        Today's baseline: it holds the calibrated limits of windows that were held against it.
    now
        Moment of judging; labels due later are pending.

    Returns
    -------
    The new reports, the oldest window first.
    """
    if labels is None:
        return ()
    from tidegauge.store.predictions import kept_windows, mark

    now = now or datetime.now(UTC)
    found = []
    waiting = [
        kept for kept in kept_windows(store, suite, incomplete=True) if kept.digest != labels.digest
    ]
    for done, kept in enumerate(waiting):
        progress("labels", done, len(waiting))
        report, rows = _again(store, kept, labels, reference, now)
        if report is not None:
            found.append(report)
        mark(store, kept, now=now, digest=labels.digest, labelled=rows)
    return tuple(found)


def judge_arrived(suite: Suite, store: Store, *, now: datetime) -> tuple[Report, ...]:
    """Read what labels a suite says have arrived, and judge kept windows by them; run nothing.

    Raises
    ------
    TidegaugeError
        When the labels cannot be read or joined.
    """
    labels = arrived(suite, store)
    stored = suite.logs.baseline.baseline
    reference = load_baseline(stored) if labels and stored and wants_limits(suite) else None
    return rejudge(suite.name, store, labels, reference=reference, now=now)


def arrived(suite: Suite, store: Store) -> Labels | None:
    """Read what labels a suite says have arrived, for the columns of its newest kept run."""
    newest = store.runs(suite.name, limit=1)
    return late_labels(suite, store.profile(newest[0].id).layout) if newest else None


def _again(
    store: Store, kept: Kept, labels: Labels, reference: Baseline | None, now: datetime
) -> tuple[Report | None, int | None]:
    """Judge one window again if it gained labels, keep it, and count its labels."""
    from tidegauge.store.predictions import table_of

    table = table_of(store, kept)
    said = {key.decode(): value.decode() for key, value in (table.schema.metadata or {}).items()}
    filled = _filled(table, labels, id=said["id"], target=said["target"])
    rows = table.num_rows - filled.column(said["target"]).null_count
    if rows < max(kept.labelled, 1):
        return None, None
    try:
        baseline, profile = store.baseline(kept.run), store.profile(kept.run)
    except HistoryError:  # forgotten by the history's policy: nothing to judge by
        return None, rows
    laid = count(baseline.blank(), filled.to_batches(), filled.schema, as_of=now.timestamp())
    if rows == kept.labelled and _alike(laid.outcome, profile.outcome):
        return None, None
    report = store.report(kept.run)
    bench = Bench(baseline=baseline, current=laid, policy=report.policy, as_of=now.timestamp())
    checks = _of_outcome(report)
    limits = limits_again(checks, report.policy, report, reference)
    window = parse_window(report.current.window, None, now=now)
    measured = limits.applied(list(measure(checks, bench)), window)
    judged = results_of(measured, report.policy, store.streaks(report.suite, before=kept.at))
    again = _told(report, judged, rows / kept.rows, _strange(laid.outcome), now)
    store.save(again, profile=_with_outcome(profile, laid), baseline=baseline)
    return again, rows


def _filled(table: pa.Table, labels: Labels, *, id: str, target: str) -> pa.Table:
    """Fill labels in; a window that had none takes the labels' own type."""
    kind = table.schema.field(target).type
    if pa.types.is_null(kind):
        place = table.schema.get_field_index(target)
        kind = labels.values.type
        table = table.set_column(place, target, pa.nulls(table.num_rows, kind))
    own = fitted(labels, kind, target)
    batches = [labelled(batch, own, id=id, target=target) for batch in table.to_batches()]
    return pa.Table.from_batches(batches, batches[0].schema) if batches else table


def _of_outcome(report: Report) -> list[Check]:
    """List the checks of target against prediction that labels answer."""
    cards = report.cards
    return [
        check
        for check in report.checks
        if cards[check.evaluator].on == "outcome" and not cards[check.evaluator].stands_for
    ]


def _told(
    report: Report, judged: Sequence[Result], share: float, strange: str, now: datetime
) -> Report:
    """Put new results in the old ones' place, and say so first."""
    anew = {check.id for check in _of_outcome(report)}
    rest = [one for one in report.results if one.check not in anew]
    results = [*judged, *(_overtaken(one, report, share) for one in rest)]
    results.sort(key=badness)
    outcome, because = overall(report.checks, results, report.explanations)
    note = f"Re-judged: labels of {100 * share:.0f} % of rows arrived since{_shown(report, judged)}"
    note += strange
    notes = tuple(one for one in report.notes if not one.startswith("Re-judged: "))
    return replace(
        report,
        run_id=uuid.uuid4().hex[:12],
        created=now.isoformat(timespec="seconds") if report.current.window else report.created,
        outcome=outcome,
        because=f"{note}. {because}",
        results=tuple(results),
        notes=(f"{note}.", *notes),
    )


def _overtaken(result: Result, report: Report, share: float) -> Result:
    """Let an estimate stand beside the truth, without a verdict of its own, once that is there."""
    card = report.cards[result.evaluator]
    if not card.stands_for or share < ARRIVED or result.score is None:
        return result
    said = amount(result.score.value, card.unit)
    because = (
        f"{card.title}: {said} at the time; {100 * share:.0f} % of labels are there by now, "
        f"so {card.stands_for} counts"
    )
    return replace(result, verdict=Verdict(outcome="not_applicable", because=because))


def _shown(report: Report, judged: Sequence[Result]) -> str:
    """Name the value that labels show, and what was estimated before."""
    whole = {one.evaluator: one for one in judged if one.score and not one.slice}
    first = [name for name in (*HEADLINES, *whole) if name in whole][:1]
    told = []
    for name in first:
        score, card = whole[name].score, report.cards[name]
        assert score is not None
        estimate = next(
            (
                f" (estimated {amount(one.score.value, card.unit)} at the time)"
                for one in report.results
                if one.score and not one.slice and report.cards[one.evaluator].stands_for == name
            ),
            "",
        )
        told.append(f", {_plainly(card.title)} {amount(score.value, card.unit)}{estimate}")
    return listed(told) if told else ""


def _strange(outcome: OutcomeProfile | None) -> str:
    """Say that labels name a class which the baseline does not know: often it is only misspelt."""
    if not isinstance(outcome, ClassificationProfile):
        return ""
    rows = int(outcome.confusion[-1].sum())
    known = listed(outcome.classes)
    return f"; {counted(rows, 'label')} of no class of the baseline's ({known})" if rows else ""


def _plainly(title: str) -> str:
    return title if title[:2].isupper() else title[:1].lower() + title[1:]


def _alike(now: OutcomeProfile | None, then: OutcomeProfile | None) -> bool:
    """Whether the same labels were counted; rows that wait for one are not looked at."""
    if isinstance(now, ClassificationProfile) and isinstance(then, ClassificationProfile):
        return np.array_equal(now.confusion, then.confusion) and now.log_loss == then.log_loss
    if isinstance(now, RegressionProfile) and isinstance(then, RegressionProfile):
        return now.absolute == then.absolute and now.residual == then.residual
    return now is then


def _with_outcome(profile: DatasetProfile, laid: DatasetProfile) -> DatasetProfile:
    """Put the outcome that labels show into a window's profile, whole and slice by slice."""
    slices = {
        label: replace(part, outcome=laid.slices[label].outcome) if label in laid.slices else part
        for label, part in profile.slices.items()
    }
    return replace(profile, outcome=laid.outcome, slices=slices)
