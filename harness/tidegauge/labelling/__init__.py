"""Rows drawn from a log for people or a judge to label, and their labels read back."""

from tidegauge.labelling.drawing import Drawn, Stratum, carry, draw_sample, frame_digest
from tidegauge.labelling.reading import read_labels
from tidegauge.labelling.sheets import write_labels
from tidegauge.labelling.watching import Watch

__all__ = [
    "Drawn",
    "Stratum",
    "Watch",
    "carry",
    "draw_sample",
    "frame_digest",
    "read_labels",
    "write_labels",
]
