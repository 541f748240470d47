"""Labels that arrive late: what was predicted is kept, and windows are judged again by the truth.

``keep_predictions`` keeps with a run what its labels will be held against; ``rejudge`` joins
labels that arrived since to earlier windows; ``arrivals`` says how many have; ``track_record``
holds estimates and proxies against what labels came to show.
"""

from tidegauge.arrival.keeping import keep_predictions
from tidegauge.arrival.rejudging import arrived, judge_arrived, rejudge
from tidegauge.arrival.tracking import (
    Arrival,
    Track,
    arrivals,
    track_record,
    unknown,
    with_track_record,
)

__all__ = [
    "Arrival",
    "Track",
    "arrivals",
    "arrived",
    "judge_arrived",
    "keep_predictions",
    "rejudge",
    "track_record",
    "unknown",
    "with_track_record",
]
