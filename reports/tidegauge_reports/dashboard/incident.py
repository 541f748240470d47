"""One incident, in the order of a person woken by it: what, since when, why, what to do."""

from __future__ import annotations

from typing import Any

from tidegauge.records import Mechanism
from tidegauge.views import Entry, IncidentView, PageContext
from tidegauge_reports import _causes as causes
from tidegauge_reports.dashboard import _times as times
from tidegauge_reports.dashboard._shell import counted, shell
from tidegauge_reports.dashboard._strips import strip

_STEPS: dict[Mechanism, str] = {
    "none": "Nothing can be told apart any more; look at the newest report, then resolve it.",
    "covariate": "Other inputs come in. Ask where they come from: a new market, a campaign, "
    "another season. Retrain where they are here to stay.",
    "distortion": "Look at the job that writes this column: what was released there when it "
    "began? The model has not changed; do not retrain on these rows.",
    "misaligned": "Look at the join or the sort that brings this column to its rows. Do not "
    "retrain on these rows.",
    "label_shift": "The mix of outcomes changed. Check how labels are made; where it is real, "
    "move the decision threshold or retrain.",
    "concept": "What the model learned no longer holds. Retrain on rows since it began; until "
    "then treat its answers with care.",
    "serving": "The model or its serving changed. Compare model versions and features at serving "
    "time, and roll back what was released when it began.",
    "undetermined": "The rows do not say which cause it is. The report shows what is tied and "
    "what would tell it apart.",
}
"""The next step by what happened."""
_KINDS = {
    "seen": "seen again", "found": "seen again", "clean": "a window without it",
    "escalated": "got worse", "repeated": "reminded", "rejudged": "judged again",
    "investigated": "looked for causes", "commented": "comment", "delivered": "notified",
    "failed": "not delivered", "dropped": "given up",
}  # fmt: skip
"""Kinds of events whose own word says too little."""


def render(view: IncidentView, *, page: PageContext) -> str:
    """Write the page of one incident."""
    line = view.line
    first = view.causes[0] if view.causes else None
    told = first.because if first else ""
    return shell(
        "incident.html.j2",
        page=page,
        title=f"{line.severity}: {line.title}",
        here="incidents",
        of_suite=line.suite,
        of_incident=line.id,
        view=view,
        line=line,
        open=line.state != "resolved",
        tone=line.severity if line.state != "resolved" else "pass",
        strip=strip(
            [(tick.outcome, times.ending(tick.at)) for tick in view.strip],
            room=0,
            most=60,
        ),
        step=_STEPS[first.verdict] if first else "",
        lead=told or view.because,
        found=view.because if told and told not in view.because else "",
        causes=causes.told(view.causes),
        entries=[_entry(entry) for entry in view.entries],
        counts=counted(len(view.findings), "finding"),
    )


def _entry(entry: Entry) -> dict[str, Any]:
    return {"entry": entry, "kind": _KINDS.get(entry.kind, entry.kind.replace("_", " "))}
