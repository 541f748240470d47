"""Findings gathered under the cause that explains them: one incident, however many columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tidegauge.records import ALARMS, Cause, Report, Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One factor and every finding that it explains."""

    place: int
    """Its number among the report's incidents, from 0."""
    cause: Cause
    """The first cause that names the factor."""
    results: tuple[Result, ...]
    """Findings in the report's own order, worst first."""

    @property
    def columns(self) -> list[str]:
        """Columns with findings, those of the factor itself first."""
        found = dict.fromkeys(result.column for result in self.results)
        return sorted(found, key=lambda name: not leads(self.cause, name))

    @property
    def alarms(self) -> list[Result]:
        """Findings that ask for attention."""
        return [result for result in self.results if result.verdict.outcome in ALARMS]


def leads(cause: Cause, column: str) -> bool:
    """Whether a column is the cause itself, and not one that moved because of it."""
    return column == cause.factor or column in cause.columns


def key(result: Result) -> str:
    """Name a finding as causes do."""
    return f"{result.check}|{result.column}|{result.slice}"


def incidents(report: Report) -> list[Incident]:
    """Gather findings by factor; a finding that two causes claim goes to the first."""
    first: dict[str, Cause] = {}
    owner: dict[str, str] = {}
    for cause in report.causes:
        first.setdefault(cause.factor, cause)
        for named in cause.results:
            owner.setdefault(named, cause.factor)
    found: dict[str, list[Result]] = {factor: [] for factor in first}
    for result in report.results:
        factor = owner.get(key(result))
        if factor is not None:
            found[factor].append(result)
    told = [(first[factor], results) for factor, results in found.items() if results]
    return [
        Incident(place=place, cause=cause, results=tuple(results))
        for place, (cause, results) in enumerate(told)
    ]


def unexplained(report: Report, gathered: Sequence[Incident]) -> list[Result]:
    """Alarms that no cause explains, worst first."""
    explained = {key(result) for incident in gathered for result in incident.results}
    return [result for result in report.alarms if key(result) not in explained]


def lead(report: Report, gathered: Sequence[Incident]) -> str:
    """Say how far the causes go: how many alarms they explain, and how many they do not."""
    alarmed = [one for one in gathered if one.alarms]
    known = [one for one in alarmed if one.cause.verdict != "undetermined"]
    explained = sum(len(one.alarms) for one in known)
    vague = sum(len(one.alarms) for one in alarmed) - explained
    alone = len(unexplained(report, gathered))
    told = []
    if explained:
        who = "One cause explains" if len(known) == 1 else f"{len(known):,} causes explain"
        every = explained == len(report.alarms)
        told.append(f"{who} {_alarms(explained, len(report.alarms), every=every)}")
    if vague:
        told.append(f"{_alarms(vague)} {'goes' if vague == 1 else 'go'} with what cannot be told")
    if told and alone:
        told.append(f"{_alarms(alone)} {'stands' if alone == 1 else 'stand'} alone")
    return "; ".join(told) + "." if told else ""


def _alarms(n: int, of: int = 0, *, every: bool = False) -> str:
    if every:
        return "the alarm" if n == 1 else f"all {n:,} alarms"
    return f"{n:,} of {of:,} alarms" if of else f"{n:,} alarm{'s' if n != 1 else ''}"


def told_of(incident: Incident) -> str:
    """Say in a sentence what an incident holds."""
    if incident.cause.verdict == "undetermined":
        n = len(incident.results)
        return f"{counted(incident)} {'goes' if n == 1 else 'go'} with it"
    return f"It explains {counted(incident)}"


def explaining(report: Report) -> dict[str, Cause]:
    """Map the name of each explained finding to its cause."""
    return {key(r): incident.cause for incident in incidents(report) for r in incident.results}


def counted(incident: Incident) -> str:
    """Say how much an incident holds: "41 findings on 40 columns"."""
    n, columns = len(incident.results), [name for name in incident.columns if name]
    findings = f"{n:,} finding{'s' if n != 1 else ''}"
    if not columns:
        return findings
    return f"{findings} on {len(columns):,} column{'s' if len(columns) != 1 else ''}"


def listed_alarms(
    report: Report, most: int, each: int
) -> tuple[list[Result], list[tuple[Cause | None, int]]]:
    """Choose the alarms to list where there is little room.

    Parameters
    ----------
    report
        The report.
    most
        Alarms listed altogether.
    each
        Of those, how many of one cause.

    Returns
    -------
    listed, more
        The alarms, worst first; and how many are left out, by cause, ``None`` = by none.
    """
    owners = explaining(report)
    met: dict[str, int] = {}
    listed: list[Result] = []
    left: dict[str, tuple[Cause | None, int]] = {}
    for result in report.alarms:
        cause = owners.get(key(result))
        factor = cause.factor if cause else ""
        met[factor] = met.get(factor, 0) + 1
        if len(listed) < most and (cause is None or met[factor] <= each):
            listed.append(result)
        else:
            left[factor] = cause, left.get(factor, (cause, 0))[1] + 1
    return listed, list(left.values())
