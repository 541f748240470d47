"""Runs scorers over rows: each text once, in batches by length, with what is known kept."""

from tidegauge.scoring.asked import Asked, load
from tidegauge.scoring.cache import Cache
from tidegauge.scoring.pipeline import Outcome, score_rows

__all__ = ["Asked", "Cache", "Outcome", "load", "score_rows"]
