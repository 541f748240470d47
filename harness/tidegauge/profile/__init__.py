"""Mergeable summaries, laid over the baseline's frozen grid: all that measures read.

The law: ``profile(a + b) == merge(profile(a), profile(b))``, counts exactly, moments to float
tolerance, in any order. One batch, a thread, an hour rolled into a day are the same code.
"""

from tidegauge.profile.categorical import CategoricalProfile
from tidegauge.profile.classification import ClassificationProfile
from tidegauge.profile.clusters import ClusterProfile
from tidegauge.profile.dataset import DatasetProfile
from tidegauge.profile.keys import KeysProfile
from tidegauge.profile.labels import LabelSample
from tidegauge.profile.layout import Layout, Made, TargetLayout
from tidegauge.profile.moments import Moments
from tidegauge.profile.numeric import NumericProfile
from tidegauge.profile.presence import PresenceProfile
from tidegauge.profile.regression import RegressionProfile
from tidegauge.profile.vectors import VectorSample

__all__ = [
    "CategoricalProfile",
    "ClassificationProfile",
    "ClusterProfile",
    "DatasetProfile",
    "KeysProfile",
    "LabelSample",
    "Layout",
    "Made",
    "Moments",
    "NumericProfile",
    "PresenceProfile",
    "RegressionProfile",
    "TargetLayout",
    "VectorSample",
]
