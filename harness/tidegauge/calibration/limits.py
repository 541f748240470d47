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
from tidegauge.records import Policy
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
    from tidegauge.calibration.keeping import limits_of

    found = limits_of(reference)
    require_limits(suite.checks, found, reference.side.source)
    return Limits(
        policy=suite.policy, wanted=True, found=found, source=_file(reference.side.source)
    )


def _file(source: str) -> str:
    """Name a baseline's file; one that moves along has none."""
    return PurePath(source).name if source.endswith(".tgb") else ""


def wants_limits(suite: Suite) -> bool:
    """Say whether a suite asks for calibrated limits anywhere."""
    named = (limit.versus for check in suite.checks for limit in check.limits)
    return suite.policy.limits == "calibrated" or "calibrated" in named


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
