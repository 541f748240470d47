"""Alarms a year on real series, and incidents found: calibrated limits beside what others use.

    python benchmarks/alert_calibration.py --data ../shared/data [--only quiet|labelled]

Without labelled incidents (tables in order of time, the unmarked stretches of annotated series,
operations series without labels): the share of windows that alarm, beside the policy's, by a
baseline that rolls along and by one that stays. With labelled incidents (operations series):
share found and delay against false pages, each rule over all of its constants; the constant of
each series is chosen on the others, for one number of false pages. What pages is the same for
all rules: the first alarm after three windows without one.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np

from _alert_rules import POLICY, RATES, Stretch, judged
from _alert_series import Stream, nab, tables, unmarked
from _output import at_most, machine, print_table, share_interval, write_json

SHIPPED = {
    "calibrated": POLICY, "mean, k sigma": 3.0, "mean, moving range": 3.0,
    "distance, fixed": 0.2, "distance, k sigma": 3.0, "distance, moving range": 3.0,
}  # fmt: skip
"""Each rule's own constant, as it is used."""
BUDGETS = (0.5, 1.0, 2.0, 3.0, 4.0, 6.0)
"""False pages in 30 days that are accepted."""
MONTH = 30 / 365.25
CLEAN = 3
"""Windows without an alarm that end an incident."""
ROLLING, AHEAD, MOVES = 56, 4, 32
"""Windows of a rolling baseline, how many are judged before it moves on, and how often it does
at most: of a longer series, stretches at equal distances are judged."""
FROZEN = 120
"""Windows of a frozen baseline, at most."""
JUDGED = 500
"""Windows that are held against it, at most."""
LONGEST, STEP = 84, 12
"""Rolling where incidents are labelled: a week, and a day, of two-hour windows."""
FIRST = 19
"""Fewest windows that bear out a rate of 5 %."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one rule at one constant did on one series."""

    quiet: int
    """Windows without an incident."""
    alarms: int
    """Those of them that alarmed."""
    pages: int
    """Those of them that paged."""
    delays: tuple[float | None, ...]
    """Hours from the start of each incident to the end of the window in it that paged first."""
    per_year: float
    """Windows in a year."""


class Summed(NamedTuple):
    """Outcomes of several series."""

    alarms: float
    """Share of windows without an incident that alarmed."""
    pages: float
    """False pages in 30 days."""
    found: float
    """Share of incidents that paged."""
    delay: float
    """Hours, in the median."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """Alarms on a series without incidents."""

    series: str
    window: str
    windows: int
    alarms: int
    pages: int
    per_year: float
    share: Mapping[str, float]
    """Rule -> share of windows that alarmed, at its own constant."""


def quiet_stretches(stream: Stream, *, rolling: bool) -> Iterator[Stretch]:
    """Cut a stream without incidents into baselines and what they judge."""
    every = len(stream.starts)
    if not rolling:
        first = min(max(FIRST, every // 3), FROZEN)
        after = tuple(range(first, min(every, first + JUDGED)))
        yield Stretch(stream=stream, before=tuple(range(first)), after=after)
        return
    size = min(ROLLING, max(FIRST, every // 3))
    moves = min(MOVES, -(-(every - size) // AHEAD))
    for start in np.linspace(size, max(size, every - AHEAD), moves).astype(int).tolist():
        before = tuple(range(start - size, start - 1))  # one window between, as with gap: 1d
        after = tuple(range(start, min(start + AHEAD, every)))
        yield Stretch(stream=stream, before=before, after=after)


def labelled_stretches(stream: Stream, *, rolling: bool) -> list[Stretch]:
    """Learn from what lies before: of a frozen baseline, before the first incident."""
    every, inside = len(stream.starts), stream.inside()
    if not inside.any():
        return []
    if not rolling:
        size = min(int(np.argmax(inside)), every // 2)
        whole = Stretch(stream=stream, before=tuple(range(size)), after=tuple(range(size, every)))
        return [whole] if size >= FIRST else []
    size = min(LONGEST, max(FIRST, every // 3))
    return [
        Stretch(
            stream=stream,
            before=tuple(range(start - size, start - 1)),
            after=tuple(range(start, min(start + STEP, every))),
        )
        for start in range(size, every, STEP)
    ]


def outcome(stream: Stream, alarms: Mapping[int, bool]) -> Outcome:
    """Hold a rule's alarms, window by window, against the labels."""
    inside = stream.inside()
    quiet = [at for at in alarms if not inside[at]]
    paged = pages(alarms)
    first = stream.starts[min(alarms)]
    return Outcome(
        quiet=len(quiet),
        alarms=sum(alarms[at] for at in quiet),
        pages=sum(not inside[at] for at in paged),
        delays=tuple(
            _delay(stream, paged, *incident)
            for incident in stream.incidents
            if incident[1] > first + stream.length
        ),
        per_year=stream.per_year,
    )


def pages(alarms: Mapping[int, bool]) -> list[int]:
    """List the windows that page: alarms that do not go on with an incident."""
    found, clean, last = [], CLEAN, -1
    for at, alarmed in sorted(alarms.items()):
        clean = clean if at == last + 1 else CLEAN
        if alarmed and clean >= CLEAN:
            found.append(at)
        clean, last = 0 if alarmed else clean + 1, at
    return found


def _delay(stream: Stream, paged: Sequence[int], start: datetime, end: datetime) -> float | None:
    """Hours from the start of an incident to the end of the first window in it that paged."""
    for at in paged:
        begun = stream.starts[at]
        done = begun + stream.length
        if done > start and begun < end:
            return (done - start).total_seconds() / 3600
    return None


def over(
    stretches: Sequence[Stretch], rates: Sequence[float]
) -> dict[str, dict[float, dict[int, bool]]]:
    """Let every rule judge all stretches of one stream: rule, constant, window -> alarm."""
    found: dict[str, dict[float, dict[int, bool]]] = {}
    for stretch in stretches:
        for rule, by_constant in judged(stretch, rates).items():
            for constant, alarms in by_constant.items():
                here = found.setdefault(rule, {}).setdefault(constant, {})
                here |= dict(zip(stretch.after, alarms.tolist(), strict=True))
    return found


def summed(outcomes: Sequence[Outcome]) -> Summed:
    """Sum outcomes up."""
    quiet, alarms, paged = (
        sum(getattr(one, key) for one in outcomes) for key in ("quiet", "alarms", "pages")
    )
    years = sum(one.quiet / one.per_year for one in outcomes)
    delays = [delay for one in outcomes for delay in one.delays]
    found = [delay for delay in delays if delay is not None]
    return Summed(
        alarms=alarms / max(quiet, 1),
        pages=MONTH * paged / max(years, 1e-9),
        found=len(found) / max(len(delays), 1),
        delay=float(np.median(found)) if found else float("nan"),
    )


def chosen_elsewhere(by_series: Sequence[Mapping[float, Outcome]], budget: float) -> Summed:
    """Choose each series' constant on the others: the most found within the budget."""
    picked = []
    for at, mine in enumerate(by_series):
        others = [one for i, one in enumerate(by_series) if i != at]
        rated = {c: summed([one[c] for one in others]) for c in mine}
        fits = {c: rate for c, rate in rated.items() if rate.pages <= budget}
        if fits:
            picked.append(mine[max(fits, key=lambda c: (fits[c].found, -fits[c].pages))])
        else:
            none = next(iter(mine.values()))
            picked.append(replace(none, alarms=0, pages=0, delays=tuple(None for _ in none.delays)))
    return summed(picked)


def report_quiet(streams: Sequence[Stream], *, rolling: bool) -> list[Quiet]:
    """Give the alarms on series without incidents."""
    found = []
    for stream in streams:
        alarms = over(list(quiet_stretches(stream, rolling=rolling)), (SHIPPED["calibrated"],))
        done = {rule: outcome(stream, each[SHIPPED[rule]]) for rule, each in alarms.items()}
        mine = done["calibrated"]
        found.append(
            Quiet(
                series=stream.name,
                window=stream.written,
                windows=mine.quiet,
                alarms=mine.alarms,
                pages=mine.pages,
                per_year=stream.per_year,
                share={rule: one.alarms / one.quiet for rule, one in done.items()},
            )
        )
        print(f"  {stream.name}: {mine.alarms} of {mine.quiet} windows", flush=True)
    return found


def print_quiet(title: str, found: Sequence[Quiet]) -> None:
    """Print alarms beside what was asked."""
    asked = SHIPPED["calibrated"]
    rows = []
    for one in [*found, _all(found)]:
        low, high = share_interval(one.alarms, one.windows)
        years = one.windows / one.per_year if one.per_year else 0.0
        rows.append(
            [
                one.series,
                one.window,
                str(one.windows),
                f"{asked * one.per_year:.0f}" if years else "",
                f"{one.alarms / years:.0f}" if years else "",
                f"{one.pages / years:.0f}" if years else "",
                f"{100 * low:.1f}-{100 * high:.1f} %",
                at_most(asked, one.alarms, one.windows),
                *(f"{100 * one.share[rule]:.1f} %" for rule in SHIPPED),
            ]
        )
    head = ["series", "window", "judged", "asked/y", "alarms/y", "pages/y", "share, 95 %", ""]
    print_table(title, [*head, *SHIPPED], rows)


def _all(found: Sequence[Quiet]) -> Quiet:
    """All series together, each window counting alike."""
    windows = sum(one.windows for one in found)
    return Quiet(
        series="together",
        window="",
        windows=windows,
        alarms=sum(one.alarms for one in found),
        pages=sum(one.pages for one in found),
        per_year=0.0,
        share={
            rule: sum(one.share[rule] * one.windows for one in found) / windows for rule in SHIPPED
        },
    )


def main() -> None:
    """Measure, print and write what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--only", choices=["quiet", "labelled"], help="one part only")
    asked = parser.parse_args()
    print(machine())
    figures: dict[str, object] = {}
    operations = list(nab(asked.data))
    if asked.only != "quiet":
        for rolling in (True, False):
            word = "rolling" if rolling else "frozen"
            figures[f"labelled, {word}"] = labelled(operations, rolling=rolling)
    if asked.only != "labelled":
        quiet = [*unmarked(asked.data), *(one for one in operations if not one.incidents)]
        quiet += tables(asked.data)
        for rolling in (True, False):
            word = "rolling" if rolling else "frozen"
            found = report_quiet(quiet, rolling=rolling)
            figures[word] = [asdict(one) for one in found]
            print_quiet(f"No labelled incident, {word} baseline, 5 % asked", found)
    write_json("alert_calibration", figures)


def labelled(operations: Sequence[Stream], *, rolling: bool) -> dict[str, object]:
    """Print and give what was found of the labelled incidents."""
    by_rule: dict[str, list[dict[float, Outcome]]] = {}
    names = []
    for stream in operations:
        stretches = labelled_stretches(stream, rolling=rolling)
        if not stretches:
            continue
        names.append(stream.name)
        for rule, by_constant in over(stretches, RATES).items():
            done = {c: outcome(stream, alarms) for c, alarms in by_constant.items()}
            by_rule.setdefault(rule, []).append(done)
    whole = {
        rule: {c: summed([one[c] for one in each]) for c in each[0]}
        for rule, each in by_rule.items()
    }
    curve = {
        rule: {budget: chosen_elsewhere(each, budget) for budget in BUDGETS}
        for rule, each in by_rule.items()
    }
    incidents = sum(len(one[POLICY].delays) for one in by_rule["calibrated"])
    word = "rolling" if rolling else "frozen"
    print_labelled(f"{len(names)} series, {incidents} incidents, {word} baseline", whole, curve)
    return {
        "curve": curve,
        "whole": whole,
        "series": {
            name: {rule: asdict(by_rule[rule][at][SHIPPED[rule]]) for rule in by_rule}
            for at, name in enumerate(names)
        },
    }


def print_labelled(
    title: str,
    whole: Mapping[str, Mapping[float, Summed]],
    curve: Mapping[str, Mapping[float, Summed]],
) -> None:
    """Print each rule at its own constant, at constants chosen elsewhere, and at all of them."""
    own = {rule: whole[rule][SHIPPED[rule]] for rule in whole}
    print_table(
        f"{title}: own constants",
        ["rule", "constant", "false alarms", "false pages in 30 days", "found", "median delay"],
        [
            [rule, f"{SHIPPED[rule]:g}", f"{100 * one.alarms:.1f} %", f"{one.pages:.1f}",
             f"{100 * one.found:.0f} %", f"{one.delay:.0f} h"]
            for rule, one in own.items()
        ],
    )  # fmt: skip
    print_table(
        "Found within so many false pages in 30 days, constants chosen on other series: "
        "found (false pages) delay",
        ["rule", *(f"<= {budget:g}" for budget in BUDGETS)],
        [
            [rule, *(f"{100 * one.found:.0f} % ({one.pages:.1f}) {one.delay:.0f} h"
                     for one in each.values())]
            for rule, each in curve.items()
        ],
    )  # fmt: skip
    print_table(
        "All constants: false pages in 30 days > found",
        ["rule", "curve"],
        [
            [rule, "  ".join(f"{one.pages:.1f}>{100 * one.found:.0f}" for one in each.values())]
            for rule, each in whole.items()
        ],
    )


if __name__ == "__main__":
    main()
