"""The release gate: two models' answers held against each other."""

from tidegauge.comparing.comparing import compare, compare_suite

__all__ = ["compare", "compare_suite"]
