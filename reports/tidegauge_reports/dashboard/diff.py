"""Two runs of a suite side by side: what became worse, what became better."""

from __future__ import annotations

from typing import Any, get_args

from tidegauge.records import Card
from tidegauge.views import Change, Difference, DiffView, PageContext, RunLine
from tidegauge_reports import _causes as causes
from tidegauge_reports import _words as words
from tidegauge_reports.dashboard import _times as times
from tidegauge_reports.dashboard._shell import again, counted, shell

_HEADINGS: dict[Change, str] = {
    "worse": "Worse", "better": "Better", "new": "Judged only after",
    "gone": "Judged only before", "moved": "Same outcome, other value", "same": "Unchanged",
}  # fmt: skip


def render(view: DiffView, *, page: PageContext) -> str:
    """Write the page on which two runs are chosen and compared."""
    compared = view.before is not None and view.after is not None
    return shell(
        "diff.html.j2",
        page=page,
        title="Compare two runs",
        here="compare",
        view=view,
        compared=compared,
        tone="critical" if view.counts.get("worse") else "pass" if compared else "skipped",
        headline=_headline(view),
        choices=[(run.id, _named(run)) for run in view.choices],
        groups=[
            (_HEADINGS[change], change, [_row(one) for one in view.differences
                                         if one.change == change])
            for change in get_args(Change)
            if any(one.change == change for one in view.differences)
        ],
        counts=[(_HEADINGS[change].lower(), view.counts[change]) for change in get_args(Change)
                if view.counts.get(change)],
        everything=again(page, show="all") if view.show != "all" else "",
        sides=[
            ("before", view.before, causes.told(view.causes_before)),
            ("after", view.after, causes.told(view.causes_after)),
        ],
    )  # fmt: skip


def _headline(view: DiffView) -> str:
    """Say first what became worse."""
    worse, better = view.counts.get("worse", 0), view.counts.get("better", 0)
    if worse:
        return f"{counted(worse, 'finding')} became worse"
    return f"{counted(better, 'finding')} became better" if better else "Nothing became worse"


def _named(run: RunLine) -> str:
    """Name a run in a list to choose from."""
    version = f", {words.shorten(run.model_version, 20)}" if run.model_version else ""
    return f"{times.ending(run.at)}: {words.outcome(run.outcome)}{version}"


def _row(one: Difference) -> dict[str, Any]:
    card = Card(
        title=one.title, explain="", reads=(), on="", better=one.better, unit=one.unit, reference=""
    )
    return {
        "one": one,
        "before": "" if one.before is None else words.measured(one.before, card),
        "after": "" if one.after is None else words.measured(one.after, card),
    }
