"""tidegauge: whether the models you run in production still work, and why not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tidegauge.baseline import Baseline, load_baseline, save_baseline
    from tidegauge.causes import explain
    from tidegauge.comparing import compare
    from tidegauge.comparison import Comparison
    from tidegauge.freezing import freeze_baseline
    from tidegauge.logs import open_log
    from tidegauge.records import Report
    from tidegauge.running import check, run
    from tidegauge.scoring.frames import score
    from tidegauge.suite import load_suite

__version__ = "0.1.0"

_HOMES = {
    "Baseline": "baseline",
    "Comparison": "comparison",
    "Report": "records",
    "check": "running",
    "compare": "comparing",
    "explain": "causes",
    "freeze_baseline": "freezing",
    "load_baseline": "baseline",
    "load_suite": "suite",
    "open_log": "logs",
    "run": "running",
    "save_baseline": "baseline",
    "score": "scoring.frames",
}
"""Public name -> module that defines it, loaded when first asked for."""

__all__ = [
    "Baseline",
    "Comparison",
    "Report",
    "__version__",
    "check",
    "compare",
    "explain",
    "freeze_baseline",
    "load_baseline",
    "load_suite",
    "open_log",
    "run",
    "save_baseline",
    "score",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'tidegauge' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"tidegauge.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
