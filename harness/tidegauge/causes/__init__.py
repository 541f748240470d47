"""Why: from rows of both sides to ranked causes. Units measure; the verdict is decided here."""

from tidegauge.causes.attributing import attribute
from tidegauge.causes.explaining import Rows, at_a_glance, explain, explain_report, explained

__all__ = ["Rows", "at_a_glance", "attribute", "explain", "explain_report", "explained"]
