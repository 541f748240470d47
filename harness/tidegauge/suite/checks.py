"""The ``checks`` part of a suite: evaluators, where to apply them, and their limits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import get_args

from tidegauge.catalog import Evaluator, evaluator, evaluator_names, nearest
from tidegauge.errors import SuiteError
from tidegauge.records import Check, Severity
from tidegauge.suite.document import Node, from_yaml, raise_problems
from tidegauge.suite.limits import read_limit, refuse_senseless
from tidegauge.suite.params import read_params
from tidegauge.suite.shape import Wanted
from tidegauge.suite.values import flag, items, mapping, name, windows

PRESETS = ("standard", "sensitive", "none")
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
PLACES = (
    "features", "target", "prediction", "score", "outcome", "dataset",
    "latency", "status", "id", "timestamp", "segments",
    "prompt", "response", "context", "reference_answer", "tokens", "model_version",
    "scored", "flagged", "scorer_status",
)  # fmt: skip
WHOLE = ("outcome", "dataset")
"""Places that are no single columns."""
KEYS = {
    "on": "Where to apply it: features, another role, a column, or a list of them.",
    "info": "Limit whose breach is worth a note.",
    "warn": "Limit whose breach is worth a look.",
    "critical": "Limit whose breach fails the run.",
    "slices": "Whether each segment value is judged too (default true).",
    "persist": "Windows in a row that must be beyond the limit before it alarms (default 1).",
    "require": "Whether too little evidence ends the run with exit code 3 (default false).",
}
EXAMPLE = "[drift.psi, {drift.psi: {on: prediction, warn: 0.1}}]"


def read_checks(node: Node, *, trusted: bool = False) -> tuple[Check, ...]:
    """Read a list of checks.

    Parameters
    ----------
    node
        The list.
    trusted
        Whether evaluators need not be looked at: a preset is held to them by a test.
    """
    seen: dict[str, Node] = {}
    checks = []
    for item in items(node, EXAMPLE):
        before = len(node.problems)
        check = _read_check(item, trusted)
        if check is None or len(node.problems) > before:
            continue
        if repr(check) in seen:
            item.complain(
                f"found the same check as in {_place(seen[repr(check)])}; allowed: once",
                "remove one of the two",
            )
        seen[repr(check)] = item
        checks.append(check)
    return named(checks)


def preset_checks(preset: str, scorers: Iterable[Wanted] = ()) -> tuple[Check, ...]:
    """Give the checks of a preset: ``standard``, ``sensitive``, or ``none`` of all.

    Parameters
    ----------
    preset
        Its name.
    scorers
        What turns texts into columns; the preset's checks of their topics come along.

    Raises
    ------
    SuiteError
        When there is no such preset.

    Examples
    --------
    >>> preset_checks("standard")[0].evaluator
    'quality.schema'
    """
    if preset not in PRESETS:
        raise SuiteError(
            f'found the preset "{preset}"; allowed: {", ".join(PRESETS)}', nearest(preset, PRESETS)
        )
    if preset == "none":
        return ()
    topics = {one.name.partition(".")[0] for one in scorers}
    judged = {"quality", "drift", *topics} if topics else set()
    of_texts = _shipped(f"{preset}.text.yaml") if topics else ()
    added = (check for check in of_texts if check.evaluator.partition(".")[0] in judged)
    return named([*_shipped(f"{preset}.yaml"), *added])


@cache
def _shipped(name: str) -> tuple[Check, ...]:
    file = Path(__file__).parent.parent / "presets" / name
    node = from_yaml(file.read_text("utf-8"), file=file.name)
    checks = read_checks(node, trusted=True)
    raise_problems(node)
    return checks


def with_preset(checks: Sequence[Check], preset: Iterable[Check]) -> tuple[Check, ...]:
    """Put the preset's checks behind those given, which replace their like.

    A check replaces the preset's of the same evaluator in the places it is applied to, and keeps
    their limits where it has none of its own.
    """
    mine = list(checks)
    rest = []
    for theirs in preset:
        left = theirs.on
        for index, check in enumerate(mine):
            if check.evaluator != theirs.evaluator or not (shared := _shared(check, theirs)):
                continue
            left = tuple(place for place in left if place not in shared)
            mine[index] = check if check.limits else replace(check, limits=theirs.limits)
            if not left:
                break
        else:
            rest.append(replace(theirs, on=left))
    return named([*mine, *rest])


def named(checks: Iterable[Check]) -> tuple[Check, ...]:
    """Give every check an id that stays when others come or go.

    ``drift.psi`` on features, ``drift.psi@prediction`` elsewhere, ``drift.psi:2`` for a second
    one in the same place.
    """
    met: Counter[str] = Counter()

    def ids() -> Iterator[Check]:
        for check in checks:
            elsewhere = check.on and check.on != ("features",)
            base = f"{check.evaluator}@{'+'.join(check.on)}" if elsewhere else check.evaluator
            met[base] += 1
            yield replace(check, id=base if met[base] == 1 else f"{base}:{met[base]}")

    return tuple(ids())


def _read_check(node: Node, trusted: bool) -> Check | None:
    written, options = name_and_options(node, KEYS, "an evaluator", "{drift.psi: {warn: 0.1}}")
    if not written:
        return None
    keyed = replace(options, key=f"{node.key}.{written}" if options is node else options.key)
    if not trusted and written not in evaluator_names():
        keyed.complain(
            f'found "{written}", and nothing provides an evaluator of this name',
            nearest(written, evaluator_names()),
        )
        return None
    found = mapping(keyed, "{warn: 0.1, critical: 0.2}") if options is not node else {}
    limits = {key: read_limit(found[key], key) for key in SEVERITIES if key in found}
    params = {key: item for key, item in found.items() if key not in KEYS}
    places = _on(found["on"]) if "on" in found else ()
    tool = _tool(written, keyed) if not trusted and (limits or params or places) else None
    if tool:
        _refuse_places(places, tool, found.get("on", keyed))
        refuse_senseless({key: (found[key], limit) for key, limit in limits.items()}, tool.card)
        values = read_params(params, tool.params, tool.measure, KEYS, keyed)
    else:
        values = {}
    return Check(
        id=written,
        evaluator=written,
        on=places,
        params=values,
        limits=tuple(limit for limit in limits.values() if limit),
        slices=flag(found["slices"]) if "slices" in found else True,
        require=flag(found["require"]) if "require" in found else False,
        persist=windows(found["persist"]) if "persist" in found else 1,
    )


def _tool(name: str, node: Node) -> Evaluator | None:
    try:
        return evaluator(name)
    except SuiteError as error:
        node.complain(f"found no measure: {error.message}", error.hint)
        return None
    except (ImportError, AttributeError) as error:
        node.complain(
            f"found an evaluator that cannot be loaded: {error}", "repair the package it is in"
        )
        return None


def name_and_options(
    node: Node, keys: Mapping[str, str], what: str, example: str
) -> tuple[str, Node]:
    """Split ``name`` or ``name: options``; without options the node itself comes back.

    Parameters
    ----------
    node
        One item of a list.
    keys
        Keys of the options, to tell a wrong indentation.
    what, example
        What is named, for complaints: "an evaluator", ``{drift.psi: {warn: 0.1}}``.
    """
    if isinstance(node.value, str) and node.value:
        return node.value, node
    if not isinstance(node.value, dict) or not node.value:
        node.wrong(f"the name of {what}, or a mapping such as {example}")
        return "", node
    written = next((key for key in node.value if key not in keys), "")
    if not written:
        node.wrong(f"a mapping that begins with {what}'s name: {example}")
        return "", node
    options = node.value[written]
    if len(node.value) > 1:
        loose = next((key for key in node.value if key in keys), "")
        node.complain(
            f"found {len(node.value)} keys in one item ({', '.join(node.value)}); allowed: one",
            f"indent {loose} below {written}" if loose else "begin each item with its own dash",
        )
    if options.value is None:
        return written, replace(options, value={})
    return written, options


def _on(node: Node) -> tuple[str, ...]:
    listed = node.value if isinstance(node.value, tuple) else (node,)
    if not listed:
        node.wrong("features, another role, a column, or a list of them")
    found: dict[str, None] = {}
    for item in listed:
        place = name(item)
        if place in found:
            item.complain(f'found "{place}" twice; allowed: once')
        if place and place not in PLACES and (meant := _other_number(place)):
            item.wrong(f"{', '.join(PLACES)}, or a column", f"did you mean {meant}?")
        found[place] = None
    return tuple(filter(None, found))


def _refuse_places(places: tuple[str, ...], tool: Evaluator, node: Node) -> None:
    """Complain where the evaluator reads columns and is given the whole log, or the reverse."""
    default = tool.card.on
    if default in WHOLE and any(place != default for place in places):
        node.wrong(f"{default}, for {tool.name} is not about single columns", "leave on out")
    elif default not in WHOLE and (whole := [place for place in places if place in WHOLE]):
        node.wrong(f"columns, for {tool.name} does not read the {whole[0]}")


def _other_number(place: str) -> str:
    """Find the place meant by ``feature``, ``Targets``: nobody names a column so."""
    stem = place.lower().removesuffix("s")
    return next((word for word in PLACES if word.removesuffix("s") == stem), "")


def _shared(check: Check, theirs: Check) -> set[str]:
    """Find where both are applied; the card is asked only where one does not say."""
    if check.on == theirs.on:
        return set(check.on) or {""}
    default = (evaluator(check.evaluator).card.on,)
    return set(check.on or default) & set(theirs.on or default)


def _place(node: Node) -> str:
    return f"line {node.line}" if node.line else node.key
