"""What a run asks of its baseline: calibrated limits, and whether the model is still the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING

from tidegauge.baseline import Baseline, versions_in
from tidegauge.errors import BaselineError
from tidegauge.judge import Measured
from tidegauge.logs import Window
from tidegauge.profile import DatasetProfile
from tidegauge.records import Check, Policy, Report
from tidegauge.suite import Suite
from tidegauge.wording import listed

if TYPE_CHECKING:
    from tidegauge.calibration.shape import Calibration


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The calibrated limits of a run's baseline, where its suite asks for them."""

    policy: Policy
    wanted: bool = False
    found: Calibration | None = None
    source: str = ""

    def applied(self, measured: Sequence[Measured], window: Window | None) -> list[Measured]:
        """Give every measurement that asks for them the limits of its window."""
        if not self.wanted:
            return list(measured)
        from tidegauge.calibration.applying import with_calibrated

        start = window.start if window else None
        return with_calibrated(measured, self.found, self.policy, start=start, source=self.source)

    def remarks(self, measured: Sequence[Measured]) -> tuple[str, ...]:
        """Say what a reader of the report must know of them."""
        if not self.wanted:
            return ()
        from tidegauge.calibration.applying import remarks

        return tuple(remarks(measured, self.found))


def limits_for(suite: Suite, reference: Baseline) -> Limits:
    """Find the calibrated limits that a suite asks for; one that asks for none loads nothing.

    Raises
    ------
    BaselineError
        When a check has no other limit and the baseline was never calibrated, or when limits
        were edited into something that does not read.
    """
    if not wants_limits(suite):
        return Limits(policy=suite.policy)
    from tidegauge.calibration.applying import require_limits

    limits = _limits(suite.policy, reference)
    require_limits(suite.checks, limits.found, reference.side.source)
    return limits


def limits_again(
    checks: Sequence[Check], policy: Policy, report: Report, reference: Baseline | None
) -> Limits:
    """Find the calibrated limits for a kept run that is judged again.

    They are those of ``reference``, if it is the baseline that the run was held against. Where it
    is another one, or there is none, checks are judged by their other limits, and say so.
    """
    if not _wanted(checks, policy):
        return Limits(policy=policy)
    same = reference is not None and reference.side.digest == report.baseline.digest
    return _limits(policy, reference if same else None)


def _limits(policy: Policy, reference: Baseline | None) -> Limits:
    from tidegauge.calibration.keeping import limits_of

    if reference is None:
        return Limits(policy=policy, wanted=True)
    source = _file(reference.side.source)
    return Limits(policy=policy, wanted=True, found=limits_of(reference), source=source)


def _file(source: str) -> str:
    """Name a baseline's file; one that moves along has none."""
    return PurePath(source).name if source.endswith(".tgb") else ""


def wants_limits(suite: Suite) -> bool:
    """Say whether a suite asks for calibrated limits anywhere."""
    return _wanted(suite.checks, suite.policy)


def _wanted(checks: Sequence[Check], policy: Policy) -> bool:
    named = (limit.versus for check in checks for limit in check.limits)
    return policy.limits == "calibrated" or "calibrated" in named


def model_change(then: DatasetProfile, now: DatasetProfile, policy: Policy) -> str:
    """Say that another version of the model answers than in the baseline; empty where none does.

    Raises
    ------
    BaselineError
        When one does and the policy refuses that.
    """
    before, after = versions_in(then), versions_in(now)
    new = [version for version in after if version not in before]
    if not before or not new:
        return ""
    said = f"the model changed since the baseline: {listed(before)} then, {listed(after)} now"
    if policy.model_change == "refuse":
        raise BaselineError(
            f"{said}, and the policy refuses to judge one by the other",
            "make a run of the new model the baseline: tidegauge promote RUN",
        )
    return said
