"""Why: from rows of both sides to ranked causes. Units measure; the verdict is decided here."""

from tidegauge.causes.attributing import attribute

__all__ = ["attribute"]
