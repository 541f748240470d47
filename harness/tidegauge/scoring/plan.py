"""The scorers of a run, bound to a log's columns and loaded."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tidegauge.catalog import evaluator, nearest
from tidegauge.catalog import scorer as tool
from tidegauge.errors import MissingExtraError, ModelError, SuiteError, TidegaugeError
from tidegauge.profile import Made
from tidegauge.scoring.asked import Asked, load

if TYPE_CHECKING:
    from tidegauge.models import Shelf
    from tidegauge.records import Check, Kind, Role
    from tidegauge.scorer import Scorer
    from tidegauge.suite.shape import Wanted

VECTORS = "embedding.vector"
"""The scorer that measures of vectors need; taken along where a check asks for one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A scorer that is ready to run."""

    asked: Asked
    scorer: Scorer

    @property
    def source(self) -> str:
        """Column of the text it is about; empty where the log has none."""
        return self.asked.inputs.get(next(iter(self.asked.card.reads)), "")

    @property
    def made(self) -> dict[str, Made]:
        """Columns that it adds, its status included."""
        found = {
            f"{self.asked.column}.{suffix}" if suffix else self.asked.column: self._made(
                kind, _role(suffix, kind)
            )
            for suffix, kind in self.scorer.outputs.items()
        }
        if self.asked.card.sampled:
            return found
        status = self._made("categorical", "scorer_status")
        return found | {f"{self.asked.column}.status": status}

    def _made(self, kind: Kind, role: Role) -> Made:
        return Made(
            scorer=self.asked.name,
            kind=kind,
            role=role,
            source=self.source,
            main=self.asked.column,
        )


def _role(suffix: str, kind: Kind) -> Role:
    if kind == "vector":
        return "vector"
    return "flagged" if suffix.endswith("flagged") else "scored"


def plan(asked: Iterable[Asked], shelf: Shelf) -> tuple[Planned, ...]:
    """Load every scorer; raises as ``load`` does."""
    return tuple(Planned(asked=one, scorer=load(one, shelf)) for one in asked)


def plan_what_can_be(
    asked: Iterable[Asked], shelf: Shelf
) -> tuple[tuple[Planned, ...], dict[str, TidegaugeError]]:
    """Load every scorer that has its packages and models; give the others' complaints by column."""
    planned: list[Planned] = []
    failed: dict[str, TidegaugeError] = {}
    for one in asked:
        try:
            planned.append(Planned(asked=one, scorer=load(one, shelf)))
        except (MissingExtraError, ModelError) as error:
            failed[one.column] = error
    return tuple(planned), failed


def bind(
    wanted: Iterable[Wanted], roles: Mapping[str, str], present: Collection[str] | None
) -> tuple[Asked, ...]:
    """Find the columns that each scorer reads.

    Parameters
    ----------
    wanted
        Scorers as the suite writes them.
    roles
        Role -> column of the log's texts.
    present
        Every column of the log; ``None`` = whatever is named is taken for a column.

    Raises
    ------
    SuiteError
        When a scorer is told to read what is neither a role nor a column.
    """
    return tuple(_bound(one, roles, present) for one in wanted)


def vectors_for(
    checks: Iterable[Check],
    wanted: Iterable[Wanted],
    roles: Mapping[str, str],
    present: Collection[str],
) -> tuple[Wanted, ...]:
    """Ask for the vectors that checks need and no scorer of the suite makes."""
    from tidegauge.suite.shape import Wanted

    have = {one.on or _about(one.name) for one in wanted if one.name == VECTORS}
    needed: dict[str, None] = {}
    for check in checks:
        card = evaluator(check.evaluator).card
        if card.over == "sample" and "vector" in card.reads:
            needed |= dict.fromkeys(check.on or (card.on,))
    return tuple(
        Wanted(name=VECTORS, column=f"{VECTORS}@{place}", on=place)
        for place in needed
        if place not in have and roles.get(place, place) in present
    )


def _about(name: str) -> str:
    """Role of the text that a scorer is about."""
    return next(iter(tool(name).card.reads.values()))


def _bound(one: Wanted, roles: Mapping[str, str], present: Collection[str] | None) -> Asked:
    card = tool(one.name).card
    inputs = {argument: roles[role] for argument, role in card.reads.items() if role in roles}
    if one.on:
        inputs[next(iter(card.reads))] = _column(one, roles, present)
    return Asked(name=one.name, column=one.column, inputs=inputs, settings=one.settings)


def _column(one: Wanted, roles: Mapping[str, str], present: Collection[str] | None) -> str:
    column = roles.get(one.on, one.on)
    if present is not None and column not in present:
        raise SuiteError(
            f'the scorer {one.column} is on "{one.on}", which is neither the role of a text '
            "nor a column",
            nearest(one.on, [*roles, *present]),
        )
    return column
