"""The ``causes`` part of a suite: which column causes which, as an order or as a graph."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from tidegauge.catalog import nearest
from tidegauge.errors import SuiteError
from tidegauge.suite.document import Node, shown
from tidegauge.suite.shape import Causes, Columns, Wanted
from tidegauge.suite.values import entries, items, name

KEYS = {
    "order": "Tiers of columns, causes first: [[region, age], [income], [approved]].",
    "edges": "A graph, as [cause, effect] pairs: [[region, income], [income, approved]].",
}
TIERS = "[[region, age], [income]]"
PAIRS = "[[region, income], [age, income]]"


def read_causes(node: Node) -> Causes:
    """Read an order or a graph; not both, for two answers to one question may disagree."""
    found = entries(node, KEYS, f"{{order: {TIERS}}}")
    if len(found) == 2:
        found["edges"].complain(
            'found "edges" beside "order"; allowed: one of the two',
            "keep edges where you know them: they say more",
        )
    order, edges = found.get("order"), found.get("edges")
    return Causes(
        order=_order(order) if order else (),
        edges=_edges(edges) if edges else (),
        places={name: _place(one) for part in (order, edges) if part for name, one in _named(part)},
    )


def refuse_unknown(columns: Columns, scorers: Sequence[Wanted], node: Node) -> None:
    """Complain of columns that the suite leaves out, or that its list of columns does not name.

    Where features are ``"*"`` only the log can tell; ``require_columns`` looks there.
    """
    known = _declared(columns)
    made = tuple(f"{one.column}." for one in scorers)
    for column, one in dict(_named(node)).items():
        if column in columns.ignore:
            one.complain(
                f'found the column "{shown(column)}", which columns.ignore leaves out',
                "take it out of one of the two",
            )
        elif columns.features != "*" and column not in known and not f"{column}.".startswith(made):
            one.complain(
                f'found the column "{shown(column)}", which columns does not name',
                nearest(column, known) or "name it under columns.features",
            )


def require_columns(causes: Causes, known: Collection[str]) -> None:
    """Refuse a column that no log has.

    Parameters
    ----------
    causes
        What the suite says.
    known
        Every column of the baseline, those that scorers add included.

    Raises
    ------
    SuiteError
        Naming the place in the suite, the column and what is near it.
    """
    named = [*(one for tier in causes.order for one in tier), *sum(causes.edges, ())]
    for column in dict.fromkeys(named):
        if column not in known:
            place = causes.places.get(column, "causes")
            raise SuiteError(
                f'{place}: found the column "{shown(column)}", which the log does not have',
                nearest(column, known),
            )


def _order(node: Node) -> tuple[tuple[str, ...], ...]:
    tiers = []
    for tier in items(node, TIERS):
        members = tier.value if isinstance(tier.value, tuple) else (tier,)
        if not members:
            tier.wrong("a column, or a list of columns")
        tiers.append(tuple(filter(None, (name(one) for one in members))))
    if isinstance(node.value, tuple) and len(tiers) < 2:
        node.wrong(f"two tiers or more, causes first, such as {TIERS}")
    _refuse_twice(node)
    return tuple(tiers)


def _refuse_twice(node: Node) -> None:
    met: set[str] = set()
    for column, one in _named(node):
        if column in met:
            one.complain(f'found the column "{shown(column)}" twice; allowed: once, in one tier')
        met.add(column)


def _edges(node: Node) -> tuple[tuple[str, str], ...]:
    pairs: dict[tuple[str, str], Node] = {}
    for item in items(node, PAIRS):
        if not isinstance(item.value, tuple) or len(item.value) != 2:
            item.wrong("a pair of columns, [cause, effect]")
            continue
        cause, effect = (name(one) for one in item.value)
        if cause == effect:
            item.complain(f'found "{shown(cause)}" as its own cause; allowed: another column')
        elif (cause, effect) in pairs:
            item.complain(f'found "{shown(cause)}" before "{shown(effect)}" twice; allowed: once')
        elif cause and effect:
            pairs[cause, effect] = item
            if circle := _circle(pairs, cause, effect):
                item.complain(
                    f"found a circle: {shown(' -> '.join(circle))}; allowed: causes before effects",
                    "take out one of its edges",
                )
                del pairs[cause, effect]
    return tuple(pairs)


def _circle(pairs: Collection[tuple[str, str]], start: str, effect: str) -> list[str]:
    """Find the way that leads from an effect back to where it started; empty where none does."""
    trails = [[start, effect]]
    met = {effect}
    while trails:
        trail = trails.pop()
        if trail[-1] == start:
            return trail
        for cause, after in pairs:
            if cause == trail[-1] and (after == start or after not in met):
                met.add(after)
                trails.append([*trail, after])
    return []


def _named(node: Node) -> Iterator[tuple[str, Node]]:
    """Every column that an order, or a graph, or both name."""
    if isinstance(node.value, dict):
        for key in KEYS:
            if key in node.value:
                yield from _named(node.value[key])
    elif isinstance(node.value, tuple):
        for one in node.value:
            yield from _named(one)
    elif isinstance(node.value, str | int) and not isinstance(node.value, bool) and node.text:
        yield node.text, node


def _declared(columns: Columns) -> list[str]:
    """Every column that a suite gives a role."""
    found: dict[str, None] = {}
    for role in Columns.__dataclass_fields__:
        value = getattr(columns, role)
        if role == "target":
            value = value.column if value else ""
        if role in ("kinds", "valid", "ignore"):
            continue
        members = value.values() if isinstance(value, dict) else value
        found.update(dict.fromkeys([members] if isinstance(members, str) else members))
    return [name for name in found if name and name != "*"]


def _place(node: Node) -> str:
    return f"{node.file}:{node.line}: {node.key}" if node.line else node.key
