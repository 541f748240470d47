"""Calibrated limits in a baseline file: put in, taken out, edited."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from tidegauge.baseline import Baseline
from tidegauge.calibration.document import limits_text, read_limits
from tidegauge.calibration.shape import Achieved, Calibrated, Calibration, Odd
from tidegauge.errors import BaselineError


def with_limits(baseline: Baseline, found: Calibration) -> Baseline:
    """Put calibrated limits into a baseline, as text that people read and as numbers."""
    text = limits_text(found)
    return replace(baseline, limits=text, calibration=_packed(found, text))


def limits_of(baseline: Baseline) -> Calibration | None:
    """Take the limits out of a baseline; ``None`` where it was not calibrated.

    Raises
    ------
    BaselineError
        When a person edited the member by hand and it does not read.
    """
    if not baseline.calibration:
        return None
    packed = json.loads(baseline.calibration)
    found = _unpacked(packed["calibration"])
    if packed["limits_sha256"] == _digest(baseline.limits):
        return found  # as we wrote it: no YAML to read
    return read_limits(baseline.limits, found, file=f"{baseline.side.source}: limits.yaml")


def edited(baseline: Baseline, text: str, *, file: str) -> Baseline:
    """Put an edited limits file back into its baseline.

    Raises
    ------
    BaselineError
        When the baseline was never calibrated, or the file says what is not allowed.
    """
    learned = limits_of(baseline)
    if learned is None:
        raise BaselineError(
            f"{baseline.side.source} holds no calibrated limits to edit",
            "learn some first: tidegauge baseline SUITE --calibrate",
        )
    found = read_limits(text, learned, file=file)
    return replace(baseline, limits=text, calibration=_packed(found, text))


def _packed(found: Calibration, text: str) -> str:
    return json.dumps({"calibration": asdict(found), "limits_sha256": _digest(text)})


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _unpacked(packed: Mapping[str, Any]) -> Calibration:
    parts = {
        **packed,
        "achieved": Achieved(**packed["achieved"]),
        "odd": tuple(Odd(**one) for one in packed["odd"]),
        "limits": tuple(_limit(one) for one in packed["limits"]),
    }
    return Calibration(**parts)


def _limit(packed: Mapping[str, Any]) -> Calibrated:
    seasons = {name: tuple(effects) for name, effects in packed["seasons"].items()}
    pairs = {key: tuple(packed[key]) for key in ("warn", "critical")}
    return Calibrated(**{**packed, **pairs, "seasons": seasons})
