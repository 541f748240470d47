"""Tables of the benchmark of causes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from _causes_planted import FAULTS, SEVERITIES
from _causes_published import PUBLISHED
from _causes_scores import Marked
from _causes_summary import Summary, confusion, f1_of, macro_f1, summary, wilson
from _output import print_table, short

TARGETS: Mapping[tuple[str, str], float] = {
    **{(fault, ""): 0.95 for fault in ("F1", "F2", "F3", "F4", "F5", "F6")},
    ("F8", ""): 0.90, ("F7", "order"): 0.95, ("F16", "order"): 0.95,
}  # fmt: skip
"""Fault and what was shown -> hit@1 to reach."""
FALSE = 0.05
MACRO_F1 = 0.85
SAID: Mapping[str, str] = {**{name: fault.said for name, fault in FAULTS.items()}, **PUBLISHED}


def grouped(marks: Iterable[Marked], *fields: str) -> dict[tuple[str, ...], list[Marked]]:
    """Sort cases by some of their fields."""
    groups: dict[tuple[str, ...], list[Marked]] = defaultdict(list)
    for one in marks:
        groups[tuple(str(getattr(one, field)) for field in fields)].append(one)
    return dict(groups)


def print_faults(marks: Sequence[Marked], contender: str) -> None:
    """Print the figures of one contender, a line for each fault and track."""
    rows = []
    groups = grouped(marks, "fault", "basis", "track")
    for (fault, basis, track), some in sorted(groups.items(), key=place):
        if some[0].truth:
            s = summary(some)
            rows.append(
                (fault, SAID[fault][:44], basis, track, str(s.runs), interval(s), share(s.visible),
                 "-" if s.hit_1_visible is None else share(s.hit_1_visible),
                 share(s.hit_3), f"{s.reciprocal:.2f}", f"{s.overlap:.2f}", share(s.silent),
                 share(s.correlate), share(s.verdict), share(s.abstained),
                 "-" if s.jaccard is None else f"{s.jaccard:.2f}", f"{s.seconds:.2f}",
                 target(fault, basis, s))
            )  # fmt: skip
    head = (
        *("fault", "", "shown", "track", "runs", "hit@1 (95 %)", "visible", "hit@1 there"),
        *("hit@3", "MRR", "set F1", "silent", "correlate 1st", "verdict", "abstains"),
        *("Jaccard", "s", "target"),
    )
    if rows:
        print_table(f"{contender}: is the cause named first?", head, rows)
        print("visible: one who knows the columns could see that something is the matter with them")


def place(item: tuple[tuple[str, ...], object]) -> tuple[int, tuple[str, ...]]:
    """Sort faults by number."""
    return list(FAULTS).index(item[0][0]) if item[0][0] in FAULTS else 99, item[0][1:]


def interval(s: Summary) -> str:
    """Write a share with its interval."""
    return f"{share(s.hit_1)} ({100 * s.low:.0f}-{100 * s.high:.0f})"


def share(value: float) -> str:
    """Write a share in percent."""
    return f"{100 * value:.0f} %"


def target(fault: str, basis: str, s: Summary) -> str:
    """State the target of a line, and whether it is met."""
    bound = TARGETS.get((fault, basis))
    if bound is None:
        return ""
    word = "met" if s.hit_1 >= bound else "met within error" if s.high >= bound else "MISSED"
    return f">= {share(bound)}: {word}"


def print_contenders(marks: Sequence[Marked], names: Sequence[str]) -> None:
    """Print hit@1 of everybody beside each other."""
    plain = [one for one in marks if not one.basis and one.truth]
    rows = []
    for (fault, track), some in sorted(grouped(plain, "fault", "track").items(), key=place):
        by = grouped(some, "contender")
        cells = [share(summary(by[(name,)]).hit_1) if (name,) in by else "-" for name in names]
        rows.append((fault, SAID[fault][:44], track, *cells))
    if rows:
        print_table(
            "hit@1 of everybody, nothing shown but rows", ("fault", "", "track", *names), rows
        )


def print_doses(marks: Sequence[Marked], contender: str) -> None:
    """Print hit@1 by severity and rows."""
    rows = []
    some = [one for one in marks if one.truth and one.contender == contender]
    for (fault, basis, rows_, track), cell in sorted(
        grouped(some, "fault", "basis", "rows", "track").items(), key=place
    ):
        by = grouped(cell, "severity")
        cells = [share(summary(by[(s,)]).hit_1) if (s,) in by else "-" for s in SEVERITIES]
        rows.append((fault, basis, track, short(int(rows_)), *cells))
    if rows:
        print_table(f"{contender}: hit@1 by severity",
                    ("fault", "shown", "track", "rows a side", *SEVERITIES), rows)  # fmt: skip


def print_false(marks: Sequence[Marked], names: Sequence[str]) -> None:
    """Print how often something is named though nothing happened."""
    quiet = [one for one in marks if not one.truth]
    rows = []
    for name in names:
        for (track, kind), some in sorted(
            grouped([o for o in quiet if o.contender == name], "track", "said").items()
        ):
            s = summary(some)
            word = ""
            if name == "tidegauge":
                word = (
                    "met" if s.false <= FALSE else "MISSED" if s.low > FALSE else "met within error"
                )
            rate = f"{share(s.false)} ({100 * s.low:.0f}-{100 * s.high:.0f})"
            rows.append((name, track, kind, str(s.runs), rate, word))
    if rows:
        head = ("contender", "track", "what differs", "runs", "names a cause (95 %)", "<= 5 %")
        print_table("Something is named though nothing happened", head, rows)


def print_verdicts(marks: Sequence[Marked], contender: str) -> float:
    """Print true verdicts against those that were given; return their macro-F1."""
    counts = confusion(one for one in marks if one.contender == contender and one.basis == "")
    given = sorted({found for row in counts.values() for found in row})
    rows = [
        (verdict, *(str(row.get(found, 0)) for found in given), f"{f1_of(counts, verdict):.2f}")
        for verdict, row in sorted(counts.items())
    ]
    score = macro_f1(counts)
    print_table(f"{contender}: true verdict (lines) and the one given; macro-F1 {score:.2f}, "
                f"target {MACRO_F1}", ("", *given, "F1"), rows)  # fmt: skip
    return score


def print_errors(marks: Sequence[Marked]) -> None:
    """Say what broke."""
    broken = grouped([one for one in marks if one.error], "contender", "error")
    rows = [(name, error[:110], str(len(some)), f"{some[0].track} {some[0].fault} "
             f"{some[0].severity} seed {some[0].seed} {some[0].source}")
            for (name, error), some in sorted(broken.items())]  # fmt: skip
    if rows:
        print_table("What broke", ("contender", "because", "runs", "for example"), rows[:20])


def print_misses(marks: Sequence[Marked], contender: str) -> None:
    """List the cases in which the cause was not first."""
    rows = [
        (m.track, m.fault, m.basis, m.severity, str(m.seed), m.source[:30], m.said[:60],
         " > ".join("+".join(c) for c in m.named[:3])[:60], m.found)
        for m in marks
        if m.contender == contender and (m.first < 0.5 if m.truth else m.false)
    ]  # fmt: skip
    if rows:
        head = (
            "track",
            "fault",
            "shown",
            "severity",
            "seed",
            "source",
            "planted",
            "named",
            "verdict",
        )
        print_table(f"{contender}: where the cause was not first", head, rows)


def print_published(marks: Sequence[Marked]) -> None:
    """Print what each setup of others gave, the sensors by how much they know of each other."""
    rows = []
    for (fault, contender, source), some in sorted(
        grouped(marks, "fault", "contender", "source").items()
    ):
        struck, quiet = ([m for m in some if bool(m.truth) == true] for true in (True, False))
        if struck:
            s = summary(struck)
            rows.append(
                (fault, source, contender, str(s.runs), interval(s), share(s.exact),
                 "-" if s.off is None else f"{100 * s.off:.1f} %",
                 "-" if s.covered is None else share(s.covered),
                 said_false(quiet) if quiet else "-", share(s.verdict), f"{s.seconds:.2f}")
            )  # fmt: skip
    head = ("setup", "", "contender", "runs", "hit@1 (95 %)", "exact set", "share off by",
            "intervals hold", "named for nothing", "verdict", "s")  # fmt: skip
    if rows:
        print_table("Setups that others published", head, rows)


def said_false(marks: Sequence[Marked]) -> str:
    """Write how often something was named though nothing happened."""
    hits = sum(one.false for one in marks)
    low, high = wilson(hits, len(marks))
    return f"{hits} of {len(marks)} ({100 * low:.0f}-{100 * high:.0f} %)"
