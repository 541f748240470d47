"""tidegauge: whether the models you run in production still work, and why not."""

__version__ = "0.1.0"
