"""Models as local folders with a manifest: found, checked, never fetched unless asked for."""

from tidegauge.models.device import best_device, bounded_threads, gains_from_bfloat16
from tidegauge.models.shelf import Folder, Manifest, Shelf

__all__ = [
    "Folder",
    "Manifest",
    "Shelf",
    "best_device",
    "bounded_threads",
    "gains_from_bfloat16",
]
