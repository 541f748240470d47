"""Logs: the rows a model wrote, from files, object stores and frames, as Arrow batches."""

from tidegauge.logs.opening import open_log
from tidegauge.logs.record import Log
from tidegauge.logs.windows import Window, parse_window

__all__ = ["Log", "Window", "open_log", "parse_window"]
