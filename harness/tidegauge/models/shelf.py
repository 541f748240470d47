"""Where model folders are found, and what is known of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a model folder says of itself in ``tidegauge-model.json``."""

    name: str
    licence: str = ""
    source: str = ""
    """Where it came from: a hub's name and revision, a URL, "trained here"."""
    labels: tuple[str, ...] = ()
    """Names of the outputs, in order."""
    max_length: int = 512
    """Tokens that the model takes at once, special ones included."""
    sha256: Mapping[str, str] = field(default_factory=dict)
    """File -> digest; all files but the manifest itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """A model folder whose files agree with its manifest."""

    path: Path
    manifest: Manifest

    @property
    def identity(self) -> str:
        """SHA-256 in hex over names and digests of the files."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """Finds model folders; handed to scorers that ask for a ``shelf``."""

    folder: Path | None = None
    """The models folder; ``None`` = the user's own."""
    base: Path = field(default_factory=Path)
    """Where relative paths in a suite begin."""
    allow_download: bool = False
    """Whether what is missing may be fetched from a hub."""
    device: str = ""
    """``cuda``, ``mps``, ``cpu``; empty = the best there is."""

    def find(self, name: str) -> Folder:
        """Resolve a path, a name in the models folder, ``minilm``, or a name in the hub's cache.

        Raises
        ------
        ModelError
            When nothing is found, naming every place that was looked in, or when a file does not
            match its digest.
        """
        raise NotImplementedError
