"""Models as local folders with a manifest: found, checked, never fetched unless asked for."""

from tidegauge.models.shelf import Folder, Manifest, Shelf

__all__ = ["Folder", "Manifest", "Shelf"]
