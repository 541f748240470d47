"""What became of the other columns beside each step of an explanation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from tidegauge.case import Case
from tidegauge.findings import Step
from tidegauge_evaluators._carrier_scores import SURE
from tidegauge_evaluators._dependence import weakened
from tidegauge_evaluators._domain import Domain
from tidegauge_evaluators._redundancy import association


def with_moved(steps: Sequence[Step], shown: Mapping[str, float], case: Case) -> Iterator[Step]:
    """Say of each step which columns moved because of it: those nearest to it in the baseline."""
    causes = {name for step in steps for name in step.columns}
    movers = [name for name, z in shown.items() if name not in causes and z > SURE]
    through = [step for step in steps if step.way != "apart"]
    nearest: dict[str, list[str]] = {}
    for name in movers:
        if through:
            step = max(
                through, key=lambda s: max(association(case, name, other) for other in s.columns)
            )
            nearest.setdefault(step.columns[0], []).append(name)
    for step in steps:
        yield replace(step, moved=tuple(nearest.get(step.columns[0], ())))


def with_weakened(steps: Iterable[Step], domain: Domain, names: Sequence[str]) -> Iterator[Step]:
    """Say of each column that others did not follow how far it let go of them."""
    for step in steps:
        others = [name for name in names if name not in step.columns]
        alone = len(step.columns) == 1 and step.way != "through"
        yield replace(step, weakened=weakened(domain, step.columns[0], others) if alone else None)
