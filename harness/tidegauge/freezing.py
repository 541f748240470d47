"""Where a run's baseline comes from: frozen from raw logs, refreshed, or read from a file."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from tidegauge.baseline import Baseline, freeze, load_baseline, require_fit
from tidegauge.catalog import evaluator
from tidegauge.errors import BaselineError, DataError
from tidegauge.logs import Log, Window, open_log, parse_window
from tidegauge.profile.dataset import Mapper
from tidegauge.profile.layout import NOTHING
from tidegauge.suite import Columns, Source, Suite

if TYPE_CHECKING:
    from tidegauge.calibration.remembered import Past, Remembered
    from tidegauge.texts import Texts

Progress = Callable[[str, int, int | None], None]
"""Told the stage, the rows done in it and, where known, all its rows."""


def untold(stage: str, done: int, rows: int | None) -> None:
    """Tell nobody."""


def freeze_baseline(
    suite: Suite,
    *,
    source: Any = None,
    window: str | None = None,
    now: datetime | None = None,
    progress: Progress = untold,
    calibrate: str = "",
) -> Baseline:
    """Freeze a suite's baseline from its raw baseline logs.

    Parameters
    ----------
    source
        Raw log to freeze instead of the suite's.
    window
        Freeze these rows only: a day, or ``start/end``.
    calibrate
        Length of the windows that limits are learned from: ``1d``; empty = learn none.

    Raises
    ------
    DataError
        When the suite names a stored baseline only, so that there is nothing to freeze from.
    """
    place = suite.logs.baseline if source is None else source
    if isinstance(place, Source) and place.moves:
        raise BaselineError(
            "the suite's baseline moves along with the window, so there is none to freeze",
            "freeze rows of a log: tidegauge baseline SUITE --from PATH",
        )
    if isinstance(place, Source) and not place.path:
        raise DataError(
            "the suite names a baseline file and no raw logs to freeze it from",
            "name them: tidegauge baseline SUITE --from PATH",
        )
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return _frozen(
            suite,
            place,
            window,
            now or datetime.now(UTC),
            pool.map,
            progress,
            whole=True,
            calibrate=calibrate,
        )


def refresh_baseline(suite: Suite, stored: Baseline) -> Baseline:
    """Make the vectors of a stored baseline's rows anew, after the encoder changed.

    Raises
    ------
    BaselineError
        When more than vectors changed, so that the raw rows are needed.
    """
    from tidegauge.texts import texts_of

    log = open_log(stored.rows)
    layout = stored.profile.layout
    texts = texts_of(suite, log, side="baseline", layout=layout, told=untold)
    if texts is None or not texts.sampled:
        raise BaselineError(
            f"{stored.side.source}: the suite makes no vectors, so there are none to make anew",
            "freeze it anew with: tidegauge baseline SUITE",
        )
    then = {one.column: one for one in stored.scorings}
    vectors = {one.asked.column for one in texts.sampled}
    renewed = texts.sealed(stored)
    texts.close()
    kept = [then.get(one.column, one) for one in renewed.scorings if one.column not in vectors]
    anew = [one for one in renewed.scorings if one.column in vectors]
    return replace(renewed, scorings=(*kept, *anew))


def _frozen(
    suite: Suite,
    place: Any,
    window: str | None,
    now: datetime,
    each: Mapper,
    progress: Progress,
    *,
    whole: bool = False,
    calibrate: str = "",
) -> Baseline:
    """Freeze a baseline; ``whole`` = refuse one that lacks the columns of a scorer."""
    span = parse_window(window, place.window if isinstance(place, Source) else None, now=now)
    log = open_side(place, span, suite.columns, None)
    return _sealed(
        suite, log, str(span) if span else "", each, progress, whole=whole, calibrate=calibrate
    )


def _sealed(
    suite: Suite,
    log: Log,
    window: str,
    each: Mapper,
    progress: Progress,
    *,
    whole: bool = False,
    calibrate: str = "",
) -> Baseline:
    """Freeze a log, score its texts, and learn limits where a length of windows is given."""
    texts = texts_for(suite, log, None, progress)
    if whole and texts and texts.failed:
        raise next(iter(texts.failed.values()))
    scored = texts.score(log) if texts else log
    sealed = freeze(
        scored,
        suite.columns,
        made=texts.made if texts else NOTHING,
        seed=suite.policy.seed,
        each=each,
        window=window,
    )
    if texts:
        sealed = texts.sealed(sealed)
    if calibrate:
        sealed = _calibrated(suite, sealed, scored, calibrate, each, progress)
    if texts:
        texts.close()
    return sealed


def _calibrated(
    suite: Suite, frozen: Baseline, log: Log, length: str, each: Mapper, progress: Progress
) -> Baseline:
    from tidegauge.calibration.keeping import with_limits
    from tidegauge.calibration.learning import calibrate
    from tidegauge.calibration.windows import cut_into_windows

    found = calibrate(
        cut_into_windows(frozen.profile, log, length, each=each),
        suite.checks,
        suite.policy,
        grid=frozen.profile,
        rows=frozen.rows,
        length=length,
        told=lambda done, of: progress("calibrating", done, of),
    )
    return with_limits(frozen, found)


def texts_for(
    suite: Suite, log: Log, reference: Baseline | None, progress: Progress
) -> Texts | None:
    """Bind what the suite scores to a log; what scores nothing loads nothing."""
    needs_vectors = any("vector" in evaluator(one.evaluator).card.reads for one in suite.checks)
    if not suite.scorers and not needs_vectors:
        if reference is not None and reference.scorings:
            raise BaselineError(
                f"{reference.side.source}: frozen with scorers, and the suite asks for none",
                "freeze it anew with: tidegauge baseline SUITE",
            )
        return None
    from tidegauge.texts import texts_of

    def told(column: str, done: int, rows: int | None) -> None:
        progress(f"scoring {column}", done, rows)

    side: Literal["baseline", "current"] = "current" if reference else "baseline"
    layout = reference.profile.layout if reference else None
    texts = texts_of(suite, log, side=side, layout=layout, told=told)
    if texts is not None and reference is not None:
        texts.require_fit(reference)
    return texts


def baseline_of(
    suite: Suite,
    given: Any,
    each: Mapper,
    now: datetime,
    progress: Progress,
    *,
    window: Window | None = None,
    past: Past | None = None,
) -> Baseline:
    """Take what was given for a baseline, or what the suite names: a record, a file, raw rows.

    ``window`` is the one to be judged, with which a baseline may move along; ``past`` asks the
    history of earlier ones.
    """
    if isinstance(given, Baseline):
        return given
    place = suite.logs.baseline if given is None else given
    if isinstance(place, Source) and place.moves:
        return _moved(suite, place, window, past, each, progress)
    stored = stored_file(place)
    if stored:
        found = load_baseline(stored)
        require_fit(found, suite.columns)
        return found
    return _frozen(suite, place, None, now, each, progress)


def _moved(
    suite: Suite,
    place: Source,
    window: Window | None,
    past: Past | None,
    each: Mapper,
    progress: Progress,
) -> Baseline:
    """Make the baseline of windows before the one to be judged."""
    from tidegauge.calibration.limits import wants_limits
    from tidegauge.calibration.moving import added_up, worth_learning
    from tidegauge.calibration.remembered import Remembered
    from tidegauge.calibration.stretches import open_stretches, spans_of

    spans = spans_of(place, window)
    known = past(suite, spans) if past else Remembered()
    kept = [one for one in spans if one not in known.left_out] or list(spans)
    notes = _notes_of(place, known, spans, asked=past is not None)
    if known.parts and not suite.scorers:
        found = added_up(suite, known.parts)
    else:
        length = worth_learning(suite, kept) if wants_limits(suite) else ""
        log = open_stretches(place, kept, suite.columns.timestamp)
        stretch = f"{kept[0].start.isoformat()}/{kept[-1].end.isoformat()}"
        found = _sealed(suite, log, stretch, each, progress, calibrate=length)
    return replace(found, notes=(*found.notes, *notes))


def _notes_of(
    place: Source, known: Remembered, spans: Sequence[Window], *, asked: bool
) -> tuple[str, ...]:
    """Say what a moving baseline was made of, and what could not be heeded."""
    said = [f"the baseline is made of {len(spans) - len(known.left_out)} windows before this one"]
    if known.left_out:
        out = ", ".join(one.start.isoformat() for one in known.left_out[:3])
        if len(known.left_out) == len(spans):
            said = [f"all {len(spans)} windows of the baseline ended in alarms: none is left out"]
        else:
            said[0] += f"; {len(known.left_out)} that ended in alarms are left out: {out}"
    if (place.skip or place.history) and not asked:
        said.append("no history was at hand: no window is left out, and the logs were read anew")
    elif place.history and not known.parts:
        said.append("the history keeps no profile of these windows: the logs were read anew")
    return tuple(said)


def stored_file(place: Any) -> str:
    """Path of the baseline file that a side names; empty where it names raw rows."""
    if isinstance(place, Source):
        return place.baseline
    return str(place) if isinstance(place, (str, Path)) and str(place).endswith(".tgb") else ""


def open_side(place: Any, span: Window | None, columns: Columns, reference: Baseline | None) -> Log:
    """Open one side's log, by the suite's description or by what was given in its place."""
    timestamp = columns.timestamp or (reference.profile.layout.timestamp if reference else "")
    if isinstance(place, Source):
        return open_log(
            place.path,
            format=place.format,
            window=span,
            timestamp=timestamp or None,
            options=place.options,
        )
    return open_log(place, window=span, timestamp=timestamp or None)
