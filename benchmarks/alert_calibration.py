"""Alarms a year on real series, and incidents found: calibrated limits beside what others use.

Without labelled incidents (tables in order of time, the unmarked stretches of annotated series,
operations series without labels): the share of windows that alarm, beside the policy's, by a
baseline that rolls along and by one that stays. With labelled incidents (operations series):
share found and delay against false alarms, each rule over all of its constants; the constant of
each series is chosen on the others, for one number of false alarms.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np

from _alert_rules import RATES, Stretch, judged
from _alert_series import Stream, nab, tables, unmarked
from _output import at_most, machine, print_table, share_interval, write_json

SHIPPED = {
    "calibrated": 0.05, "mean, k sigma": 3.0, "mean, moving range": 3.0,
    "distance, fixed": 0.2, "distance, k sigma": 3.0, "distance, moving range": 3.0,
}  # fmt: skip
"""Each rule's own constant, as it is used."""
BUDGETS = (0.01, 0.02, 0.05, 0.1, 0.2)
"""Shares of windows without an incident that may alarm."""
ROLLING, EVERY, MOVES = 56, 7, 40
"""Windows of a rolling baseline, how many are judged before it moves on, and how often it does
at most: a longer series is judged in longer steps."""
LONGEST, STEP = 84, 12
"""The same where incidents are labelled: a week, and a day, of two-hour windows."""
FIRST = 19
"""Fewest windows that bear out a rate of 5 %."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one rule at one constant did on one series."""

    quiet: int
    """Windows without an incident."""
    false: int
    """Those of them that alarmed."""
    delays: tuple[float | None, ...]
    """Hours from the start of each incident to the end of the first window that alarmed."""
    per_year: float
    """Windows in a year."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """Alarms on a series without incidents."""

    series: str
    window: str
    windows: int
    false: int
    per_year: float
    share: Mapping[str, float]
    """Rule -> share of windows that alarmed, at its own constant."""


def quiet_stretches(stream: Stream, *, rolling: bool) -> Iterator[Stretch]:
    """Cut a stream without incidents into baselines and what they judge."""
    every = len(stream.starts)
    if not rolling:
        first = max(FIRST, every // 3)
        yield Stretch(stream=stream, before=tuple(range(first)), after=tuple(range(first, every)))
        return
    size = min(ROLLING, max(FIRST, every // 3))
    step = max(EVERY, -(-(every - size) // MOVES))
    for start in range(size, every, step):  # one window between, as with gap: 1d
        before = tuple(range(start - size, start - 1))
        yield Stretch(
            stream=stream, before=before, after=tuple(range(start, min(start + step, every)))
        )


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
    delays = [_delay(stream, alarms, *incident) for incident in stream.incidents]
    first = stream.starts[min(alarms)]
    judged_ones = [
        delay
        for delay, (_, end) in zip(delays, stream.incidents, strict=True)
        if end > first + stream.length
    ]
    return Outcome(
        quiet=len(quiet),
        false=sum(alarms[at] for at in quiet),
        delays=tuple(judged_ones),
        per_year=stream.per_year,
    )


def _delay(
    stream: Stream, alarms: Mapping[int, bool], start: datetime, end: datetime
) -> float | None:
    """Hours from the start of an incident to the end of the first window in it that alarmed."""
    for at, alarmed in sorted(alarms.items()):
        begun = stream.starts[at]
        done = begun + stream.length
        if alarmed and done > start and begun < end:
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


def summed(outcomes: Sequence[Outcome]) -> tuple[float, float, float, float]:
    """Share of quiet windows that alarm, false alarms a year, share found, median delay."""
    quiet, false = (sum(getattr(one, key) for one in outcomes) for key in ("quiet", "false"))
    years = sum(one.quiet / one.per_year for one in outcomes)
    delays = [delay for one in outcomes for delay in one.delays]
    found = [delay for delay in delays if delay is not None]
    return (
        false / max(quiet, 1),
        false / max(years, 1e-9),
        len(found) / max(len(delays), 1),
        float(np.median(found)) if found else float("nan"),
    )


def chosen_elsewhere(
    by_series: Sequence[Mapping[float, Outcome]], budget: float
) -> tuple[float, float, float, float]:
    """Choose each series' constant on the others: the most found within the budget."""
    picked = []
    for at, mine in enumerate(by_series):
        others = [one for i, one in enumerate(by_series) if i != at]
        rated = {c: summed([one[c] for one in others]) for c in mine}
        fits = {c: rate for c, rate in rated.items() if rate[0] <= budget}
        best = max(fits, key=lambda c: (fits[c][2], -fits[c][0])) if fits else None
        none = replace(mine[next(iter(mine))], false=0)
        nothing = replace(none, delays=tuple(None for _ in none.delays))
        picked.append(mine[best] if best is not None else nothing)
    return summed(picked)


def report_quiet(streams: Sequence[Stream], *, rolling: bool) -> list[Quiet]:
    """Print and give the alarms on series without incidents."""
    found = []
    for stream in streams:
        stretches = list(quiet_stretches(stream, rolling=rolling))
        alarms = over(stretches, (SHIPPED["calibrated"],))
        done = {rule: outcome(stream, each[SHIPPED[rule]]) for rule, each in alarms.items()}
        sums = {rule: summed([one]) for rule, one in done.items()}
        windows, false = done["calibrated"].quiet, done["calibrated"].false
        found.append(
            Quiet(
                series=stream.name,
                window=stream.written,
                windows=windows,
                false=false,
                per_year=stream.per_year,
                share={rule: one[0] for rule, one in sums.items()},
            )
        )
        print(f"  {stream.name}: {false} of {windows} windows", flush=True)
    return found


def print_quiet(title: str, found: Sequence[Quiet]) -> None:
    rows = []
    for one in found:
        low, high = share_interval(one.false, one.windows)
        asked = SHIPPED["calibrated"]
        ok = at_most(asked, one.false, one.windows)
        rows.append(
            [
                one.series,
                one.window,
                str(one.windows),
                f"{asked * one.per_year:.0f}",
                f"{one.share['calibrated'] * one.per_year:.0f}",
                f"{100 * low:.1f}-{100 * high:.1f} %",
                ok,
                *(f"{100 * one.share[rule]:.1f} %" for rule in SHIPPED),
            ]
        )
    head = ["series", "window", "judged", "asked/y", "alarms/y", "share, 95 %", "", *SHIPPED]
    print_table(title, head, rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--only", choices=["quiet", "labelled"], help="one part only")
    asked = parser.parse_args()
    print(machine())
    figures: dict[str, object] = {}
    operations = list(nab(asked.data))
    if asked.only != "labelled":
        quiet = [*tables(asked.data), *unmarked(asked.data)]
        quiet += [one for one in operations if not one.incidents]
        for rolling in (True, False):
            word = "rolling" if rolling else "frozen"
            found = report_quiet(quiet, rolling=rolling)
            figures[word] = [asdict(one) for one in found]
            print_quiet(f"No labelled incident, {word} baseline, 5 % asked", found)
    if asked.only != "quiet":
        for rolling in (True, False):
            word = "rolling" if rolling else "frozen"
            figures[f"labelled, {word}"] = labelled(operations, rolling=rolling)
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
    own = {rule: summed([one[SHIPPED[rule]] for one in each]) for rule, each in by_rule.items()}
    incidents = sum(len(one[0.05].delays) for one in by_rule["calibrated"])
    word = "rolling" if rolling else "frozen"
    print_table(
        f"{len(names)} series, {incidents} labelled incidents, {word} baseline: own constants",
        ["rule", "constant", "false alarms", "a year", "found", "median delay"],
        [
            [rule, f"{SHIPPED[rule]:g}", f"{100 * one[0]:.1f} %", f"{one[1]:.0f}",
             f"{100 * one[2]:.0f} %", f"{one[3]:.0f} h"]
            for rule, one in own.items()
        ],
    )  # fmt: skip
    curve = {
        rule: {budget: chosen_elsewhere(each, budget) for budget in BUDGETS}
        for rule, each in by_rule.items()
    }
    print_table(
        "Found at a number of false alarms, constants chosen on other series: found (false alarms)",
        ["rule", *(f"<= {100 * budget:g} %" for budget in BUDGETS)],
        [
            [rule, *(f"{100 * one[2]:.0f} % ({100 * one[0]:.1f} %) {one[3]:.0f} h"
                     for one in each.values())]
            for rule, each in curve.items()
        ],
    )  # fmt: skip
    whole = {
        rule: {c: summed([one[c] for one in each]) for c in each[0]}
        for rule, each in by_rule.items()
    }
    print_table(
        "The whole curve: false alarms > found, by constant",
        ["rule", "curve"],
        [
            [rule, "  ".join(f"{100 * v[0]:.1f}>{100 * v[2]:.0f}" for v in each.values())]
            for rule, each in whole.items()
        ],
    )
    return {
        "own": own,
        "curve": curve,
        "whole": whole,
        "series": {
            name: {rule: asdict(by_rule[rule][at][SHIPPED[rule]]) for rule in by_rule}
            for at, name in enumerate(names)
        },
    }


if __name__ == "__main__":
    main()
