"""The comparison as a Markdown comment for a pull request: verdict first, the rest folded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from tidegauge.comparison import Comparison, Difference, Disagreement
from tidegauge_reports import _words as words
from tidegauge_reports._markdown_text import code, figure, prose
from tidegauge_reports.comparison import _said as said

SHOWN = 20
"""Metrics, and segments, that are listed; the rest is a count."""
EXAMPLES = 6
"""Rows that are shown."""
SIGNS = {
    "better": "🟢", "worse": "🔴", "no_worse": "🔵", "not_shown": "⚪", "too_few": "⬜",
    "not_compared": "⬜", "error": "💥",
}  # fmt: skip
_OUTCOMES = {"pass": "✅", "critical": "❌", "inconclusive": "❔", "error": "💥"}


def render(found: Comparison) -> str:
    """Write the verdict, a short table, and what is behind it, well within 65,536 characters."""
    blocks = [
        f"### {_OUTCOMES[found.outcome]} {prose(found.suite, 120)}: "
        f"{said.HEADLINES[found.outcome].lower()}",
        prose(found.because, 600),
        _metrics(found),
        prose(found.pairing.because, 600),
        _segments(found),
        _mix(found),
        _disagreements(found),
        _details(found),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _metrics(found: Comparison) -> str:
    listed = found.overall[:SHOWN]
    if not listed:
        return ""
    head = ("", "metric", "baseline", "candidate", "difference", "would have shown")
    more = len(found.overall) - len(listed)
    table = _table(head, (_row(found, one, said.title(found, one)) for one in listed), "--rrrr")
    return table + (f"\n\nand {more:,} more metrics" if more > 0 else "")


def _row(found: Comparison, one: Difference, named: str) -> tuple[str, ...]:
    card = said.card_of(found, one)
    gap = ""
    if one.contrast is not None:
        gap = f"{said.change(one.contrast.change, card)} ({said.ends(one, card)})"
        if one.margin is not None:
            gap += f"; margin {said.margin(one, card)}"
    return (
        f"{SIGNS[one.decision]} {said.WORDS[one.decision]}",
        prose(named, 80),
        figure(said.value(one.baseline, card)),
        figure(said.value(one.candidate, card)),
        figure(gap),
        figure(said.size(one.detectable, card)),
    )


def _segments(found: Comparison) -> str:
    telling = [one for one in found.segments if one.decision in ("worse", "better")]
    if not found.segments:
        return ""
    tally = ", ".join(f"{n:,} {said.WORDS[word]}" for word, n in said.counts(found.segments))
    summary = f"{len(found.segments):,} comparisons in segments: {tally}"
    if not telling:
        return _folded(summary, "No segment is shown to gain or to lose.")
    head = ("", "segment", "baseline", "candidate", "difference", "would have shown")
    rows = (_row(found, one, f"{one.slice}: {said.title(found, one)}") for one in telling[:SHOWN])
    return _folded(summary, _table(head, rows, "--rrrr"))


def _mix(found: Comparison) -> str:
    mix = found.mix
    if mix is None:
        return ""
    columns = ", ".join(code(name) for name, _ in mix.columns) or "no column"
    lines = [
        f"Rows told apart most by {columns}; {words.percent(mix.overlap)} of the candidate's rows "
        "lie where the baseline has rows too.",
        f"Weighted, the baseline's rows are worth {mix.effective_baseline:,.0f}, the candidate's "
        f"{mix.effective_candidate:,.0f}. It assumes that {prose(mix.assumes)}.",
    ]
    plain = [one for one in found.overall if one.unadjusted is not None]
    rows = []
    for one in plain[:SHOWN]:
        card, raw = said.card_of(found, one), one.unadjusted
        assert raw is not None
        gap = one.contrast.change if one.contrast else None
        rows.append(
            (prose(said.title(found, one), 80), figure(said.change(raw.change, card)),
             figure(said.change(gap, card)))
        )  # fmt: skip
    table = _table(("metric", "as logged", "on shared inputs"), rows, "-rr")
    return _folded("Different rows, made comparable", "\n\n".join([*lines, table]))


def _disagreements(found: Comparison) -> str:
    if not found.disagreements:
        return ""
    lines = [_example(one) for one in found.disagreements[:EXAMPLES]]
    return _folded(f"{len(found.disagreements):,} rows on which they differ most", "\n".join(lines))


def _example(one: Disagreement) -> str:
    head = f"- **{one.favours}** is better on {code(one.id) if one.id else 'a row'}"
    if one.sensitive:
        return f"{head}: texts left out, they may hurt"
    asked, before, now = (_texts(part) for part in (one.asked, one.baseline, one.candidate))
    return f"{head}: asked {asked}; baseline {before}; candidate {now}"


def _texts(texts: Mapping[str, str]) -> str:
    return (
        ", ".join(f"{prose(role, 40)} {prose(text, 160)}" for role, text in texts.items())
        or words.UNKNOWN
    )


def _details(found: Comparison) -> str:
    lines = [f"- {prose(one.because, 400)}" for one in found.overall[:SHOWN]]
    lines += [f"- {prose(note)}" for note in found.notes[:10]]
    sides = (
        f"Baseline {found.baseline.n:,} rows from {code(found.baseline.source)}, candidate "
        f"{found.candidate.n:,} from {code(found.candidate.source)}."
    )
    return _folded("Every metric in a sentence", "\n".join([sides, "", *lines]))


def _folded(summary: str, inside: str) -> str:
    return f"<details><summary>{prose(summary)}</summary>\n\n{inside}\n\n</details>"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], ends: str) -> str:
    rule = "|".join("---:" if end == "r" else "---" for end in ends)
    lines = [f"| {' | '.join(head)} |", f"|{rule}|", *(f"| {' | '.join(row)} |" for row in rows)]
    return "\n".join(lines)
