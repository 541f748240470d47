"""``limits.yaml``: calibrated limits as a file that a person reads, edits and puts back."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from tidegauge.calibration.scales import SCALES
from tidegauge.calibration.shape import Bounds, Calibrated, Calibration
from tidegauge.errors import BaselineError, SuiteError
from tidegauge.suite.document import Node, from_yaml, raise_problems
from tidegauge.suite.values import choice, entries, items, number, text, whole
from tidegauge.wording import counted

FORMAT = 1
KEYS = ("format", "windows", "false_alarms", "achieved", "odd", "limits")
LIMIT_KEYS = (
    "check", "column", "slice", "usual", "warn", "critical", "rows", "how",
    "weekday", "hour", "hour of week",
)  # fmt: skip
HOW_KEYS = ("noise", "surely", "scale", "share", "df", "windows", "beyond")
SEASONS = {"weekday": 7, "hour": 24, "hour of week": 168}
DIGITS = 6
"""Significant digits that are written; what differs in none of them was not edited."""

HEAD = """\
# Limits that this baseline's own windows taught: {windows} of {length}, {first} to {last}.
# {rate}
# Change any number of usual, warn or critical, and put the file back:
#   tidegauge baseline limits FILE --set limits.yaml
# warn and critical are bounds for windows of `rows` rows. Smaller windows are allowed more, by
# `noise`: the share of the scatter that comes from the chance of rows; larger ones less, by the
# share that does so `surely`. [low, high] bounds both sides. weekday, hour: what each adds to
# usual, on the scale that `how` names; Monday first, UTC.
format: 1
windows: {{number: {windows}, length: {length}, first: {first}, last: {last}, rows: {reference}}}
false_alarms: {asked}
achieved: {{alarms: {alarms}, windows: {judged}, rate: {share}, low: {low}, high: {high}}}
"""


def limits_text(found: Calibration) -> str:
    """Write the file."""
    achieved = found.achieved
    head = HEAD.format(
        windows=found.windows,
        length=found.length,
        first=found.first[:16],
        last=found.last[:16],
        rate=rate_sentence(found),
        reference=found.reference,
        asked=_short(found.asked),
        alarms=achieved.alarms,
        judged=achieved.windows,
        share=_short(achieved.rate),
        low=_short(achieved.low),
        high=_short(achieved.high),
    )
    odd = "".join(
        f"  - {{window: {json.dumps(one.window)}, because: {json.dumps(one.because)}}}\n"
        for one in found.odd
    )
    said = f"odd:  # left out of what was learned\n{odd}" if odd else "odd: []\n"
    return head + said + "limits:\n" + "".join(map(_limit_text, found.limits))


def rate_sentence(found: Calibration) -> str:
    """Say what was asked, what was achieved, and whether the windows can bear it out.

    Examples
    --------
    >>> from tidegauge.calibration.shape import Achieved
    >>> achieved = Achieved(alarms=1, windows=50, rate=0.02, low=0.0005, high=0.107)
    >>> print(rate_sentence(Calibration(length="1d", first="", last="", windows=50, asked=0.05,
    ...                                 achieved=achieved, needed=19)))
    Asked: alarms in at most 5 % of unchanged windows. Achieved on windows that were held out: 2 %
    (1 of 50; 95 % interval 0.05 to 10.7 %).
    """
    got = found.achieved
    said = (
        f"Asked: alarms in at most {100 * found.asked:.3g} % of unchanged windows. Achieved on "
        f"windows that were held out: {100 * got.rate:.3g} % ({got.alarms} of {got.windows}; "
        f"95 % interval {100 * got.low:.3g} to {100 * got.high:.3g} %)."
    )
    if not found.bears:
        said += f" {found.windows} windows cannot bear that out: {found.needed} are needed."
    return said


def read_limits(written: str, learned: Calibration, *, file: str) -> Calibration:
    """Read a limits file back over what was learned.

    Parameters
    ----------
    written
        The YAML.
    learned
        What stood in the baseline file, to tell what was edited.
    file
        What to call it in messages.

    Raises
    ------
    BaselineError
        When it says anything that is not allowed; all complaints at once, each with its line.
    """
    try:
        node = from_yaml(written, file=file)
        found = entries(node, KEYS, "format, windows, limits")
        if "format" not in found or found["format"].value != FORMAT:
            node.complain(f"found no format: {FORMAT}; this release reads format {FORMAT}")
        if "limits" not in found:
            node.complain("found no limits; needed: a list")
        listed = (
            items(found["limits"], "[{check: drift.psi, warn: 0.1}]") if "limits" in found else ()
        )
        before = {one.key: one for one in learned.limits}
        limits = [_limit(item, before) for item in listed]
        _refuse_twice(limits, listed)
        raise_problems(node)
    except SuiteError as error:
        raise BaselineError(error.message, error.hint) from None
    return replace(learned, limits=tuple(one for one in limits if one))


def same(mine: Bounds | float, yours: Bounds | float) -> bool:
    """Say whether two numbers, or pairs of bounds, are written alike."""
    return _bounds_text(mine) == _bounds_text(yours)


def _limit_text(one: Calibrated) -> str:
    lines = [f"  - check: {json.dumps(one.check)}"]
    lines += [
        f"    {key}: {json.dumps(value)}"
        for key, value in (("column", one.column), ("slice", one.slice))
        if value
    ]
    edited = ", edited by hand" if one.edited else ""
    beyond = f"  # passed by {counted(one.beyond, 'window')} of the baseline{edited}"
    lines += [
        f"    usual: {_short(one.usual)}",
        f"    warn: {_bounds_text(one.warn)}{beyond}",
        f"    critical: {_bounds_text(one.critical)}",
        f"    rows: {_short(one.rows)}",
        f"    how: {{noise: {_short(one.noise)}, surely: {_short(one.surely)}, "
        f"scale: {one.scale}, share: {_short(one.share)}, "
        f"df: {_short(one.df)}, windows: {one.windows}, beyond: {one.beyond}}}",
    ]
    lines += [
        f"    {name}: [{', '.join(f'{effect:.3g}' for effect in effects)}]"
        for name, effects in one.seasons.items()
    ]
    return "\n".join(lines) + "\n"


def _bounds_text(bounds: Bounds | float) -> str:
    if not isinstance(bounds, tuple):
        return _short(bounds)
    low, high = bounds
    if low is not None and high is not None:
        return f"[{_short(low)}, {_short(high)}]"
    only = high if low is None else low
    return _short(only if only is not None else 0.0)


def _short(value: float) -> str:
    written = f"{value:.{DIGITS}g}"
    # YAML 1.2 reads 1e-05 as a text where a dot or a sign is missing.
    return written if "e" not in written or "." in written else written.replace("e", ".0e")


def _limit(node: Node, before: Mapping[tuple[str, str, str], Calibrated]) -> Calibrated | None:
    found = entries(node, LIMIT_KEYS, "{check: drift.psi, column: age, warn: 0.1, critical: 0.2}")
    missing = [key for key in ("check", "usual", "warn", "critical") if key not in found]
    if missing:
        node.complain(f"found no {missing[0]}; needed: check, usual, warn and critical")
        return None
    parts = [text(found[key]) if key in found else "" for key in ("check", "column", "slice")]
    known = before.get((parts[0], parts[1], parts[2]))
    if known is None:
        where = " in ".join(filter(None, parts[1:])) or "the whole log"
        node.complain(
            f"found a limit of {parts[0]} on {where}, for which none was learned",
            "remove it, or learn anew with: tidegauge baseline SUITE --calibrate",
        )
        return None
    warn, critical = (_bounds(found[key], known.warn) for key in ("warn", "critical"))
    _refuse_crossed(found["critical"], warn, critical)
    usual = number(found["usual"])
    changed = not all(
        same(*pair)
        for pair in ((warn, known.warn), (critical, known.critical), (usual, known.usual))
    )
    seasons = {name: _season(found[name], size) for name, size in SEASONS.items() if name in found}
    return replace(
        known,
        usual=usual if changed else known.usual,
        warn=warn if changed else known.warn,
        critical=critical if changed else known.critical,
        seasons=seasons if _differ(seasons, known.seasons) else known.seasons,
        edited=known.edited or changed or _differ(seasons, known.seasons),
        **_how(found, known),
    )


def _how(found: Mapping[str, Node], known: Calibrated) -> dict[str, Any]:
    """Read how it came about; edited like the rest by those who know what they do."""
    read: dict[str, Any] = {}
    if "rows" in found:
        read["rows"] = (
            known.rows if same(number(found["rows"]), known.rows) else number(found["rows"])
        )
    how = entries(found["how"], HOW_KEYS, "{noise: 0.3}") if "how" in found else {}
    for key in ("noise", "surely", "share", "df"):
        if key in how:
            value, was = number(how[key]), getattr(known, key)
            read[key] = was if same(value, was) else value
            low, high = (0, math.inf) if key == "df" else (0, 1)
            if not low <= value <= high:
                how[key].wrong(f"a number between {low} and {high}")
    if "scale" in how:
        read["scale"] = choice(how["scale"], SCALES)
    for key in ("windows", "beyond"):
        if key in how:
            read[key] = whole(how[key])
    return read


def _bounds(node: Node, like: Bounds) -> Bounds:
    """Read one bound, or both, on the sides where the measure has them."""
    if like[0] is not None and like[1] is not None:
        pair = items(node, "[0.1, 0.3]: a lower and an upper bound")
        if len(pair) != 2:
            if isinstance(node.value, tuple):
                node.wrong("two numbers: a lower and an upper bound")
            return like
        low, high = number(pair[0]), number(pair[1])
        if low > high:
            node.complain("found a lower bound above the upper one; allowed: [low, high]")
        return low, high
    value = number(node)
    return (value, None) if like[1] is None else (None, value)


def _refuse_crossed(node: Node, warn: Bounds, critical: Bounds) -> None:
    pairs = ((critical[0], warn[0]), (warn[1], critical[1]))
    if any(a is not None and b is not None and a > b for a, b in pairs):
        node.complain(
            "found a critical bound that is passed before the warn bound; allowed: warn first",
            "swap warn and critical",
        )


def _season(node: Node, size: int) -> tuple[float, ...]:
    found = tuple(number(item) for item in items(node, f"{size} numbers"))
    if isinstance(node.value, tuple) and len(found) != size:
        node.wrong(f"{size} numbers")
    return found


def _differ(mine: Mapping[str, tuple[float, ...]], yours: Mapping[str, tuple[float, ...]]) -> bool:
    def written(seasons: Mapping[str, tuple[float, ...]]) -> dict[str, list[str]]:
        return {name: [f"{x:.3g}" for x in effects] for name, effects in seasons.items()}

    return written(mine) != written(yours)


def _refuse_twice(limits: list[Calibrated | None], nodes: tuple[Node, ...]) -> None:
    seen: set[tuple[str, str, str]] = set()
    for one, node in _both(limits, nodes):
        if one.key in seen:
            node.complain("found a second limit for the same check, column and slice")
        seen.add(one.key)


def _both(
    limits: list[Calibrated | None], nodes: tuple[Node, ...]
) -> Iterator[tuple[Calibrated, Node]]:
    for one, node in zip(limits, nodes, strict=True):
        if one is not None:
            yield one, node
