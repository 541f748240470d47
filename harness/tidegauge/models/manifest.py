"""A model folder and what it says of itself, held against its files' digests."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tidegauge.errors import ModelError
from tidegauge.models.digests import digests, loadable

MANIFEST = "tidegauge-model.json"
PICKLED = (".bin", ".ckpt", ".pt", ".pth")
UNBOUNDED = 100_000
"""Tokenizers without a limit state 10^30; above this, the model's positions are the limit."""


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
    sealed: bool = True
    """Whether the manifest lies in the folder; otherwise it was made from what is there, and
    nothing but the digests seen before vouches for the files."""

    @property
    def identity(self) -> str:
        """SHA-256 in hex over names and digests of the files."""
        files = sorted(self.manifest.sha256.items())
        listed = "".join(f"{digest} {name}\n" for name, digest in files if loadable(name))
        return hashlib.sha256(listed.encode()).hexdigest()

    @property
    def pickled(self) -> bool:
        """Whether its only weights are pickles, to be loaded with ``weights_only=True`` only."""
        suffixes = {Path(name).suffix for name in self.manifest.sha256}
        return ".safetensors" not in suffixes and bool(suffixes & set(PICKLED))


def open_folder(
    path: Path, name: str, *, source: str = "", licence: str = "", anew: bool = False
) -> Folder:
    """Open a model folder and check its files; without a manifest, one is made in memory.

    Parameters
    ----------
    path
        The folder.
    name, source, licence
        What to call it, and what is known of it, where it holds no manifest.
    anew
        Read every file, even those whose digests are remembered.

    Raises
    ------
    ModelError
        When a file is missing or does not match its digest, or no file could be a model's.
    """
    if (path / MANIFEST).is_file():
        folder = Folder(path=path, manifest=read_manifest(path))
        refuse_changes(folder, anew=anew)
        return folder
    manifest = describe(path, name, source=source, licence=licence, anew=anew)
    return Folder(path=path, manifest=manifest, sealed=False)


def describe(
    path: Path, name: str, *, source: str = "", licence: str = "", anew: bool = False
) -> Manifest:
    """Make the manifest of a folder from its configuration and its files; as ``open_folder``.

    Raises
    ------
    ModelError
        When no file of the folder could be a model's.
    """
    found = digests(path, anew=anew)
    if not found:
        raise ModelError(
            f"{path} holds no files of a model", "it needs weights, a configuration, a tokenizer"
        )
    config = _json_of(path / "config.json")
    labels = config.get("id2label")
    return Manifest(
        name=name,
        licence=licence or _card_licence(path / "README.md"),
        source=source,
        labels=_in_order(labels) if isinstance(labels, dict) else (),
        max_length=_max_length(path, config),
        sha256=found,
    )


def read_manifest(path: Path) -> Manifest:
    """Read the manifest that lies in a folder.

    Raises
    ------
    ModelError
        When it is no JSON or lacks a name or digests.
    """
    file = path / MANIFEST
    try:
        written = json.loads(file.read_text(encoding="utf-8"))
        return Manifest(
            name=str(written["name"]),
            licence=str(written.get("licence", "")),
            source=str(written.get("source", "")),
            labels=tuple(map(str, written.get("labels", ()))),
            max_length=int(written.get("max_length", 512)),
            sha256={str(k): str(v) for k, v in written["sha256"].items()},
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(
            f"{file} is no manifest of a model: {type(error).__name__}: {error}",
            "fetch the model anew, or delete the file if you trust the folder",
        ) from error


def write_manifest(path: Path, manifest: Manifest) -> None:
    """Write the manifest into its folder, in one step."""
    text = json.dumps(asdict(manifest), indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    unfinished = path / f".{MANIFEST}.new"
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(path / MANIFEST)


def refuse_changes(folder: Folder, *, anew: bool = False) -> None:
    """Hold a folder's files against its manifest.

    Raises
    ------
    ModelError
        Naming the first file that is missing, differs, or is loaded yet not in the manifest.
    """
    expected = folder.manifest.sha256
    found = digests(folder.path, tuple(expected), anew=anew)
    for name, digest in expected.items():
        if name not in found:
            raise ModelError(
                f"{folder.path / name} is missing; the manifest names it", "fetch the model anew"
            )
        if found[name] != digest:
            raise ModelError(
                f"{folder.path / name} is not the file that the manifest names: "
                f"expected SHA-256 {digest}, found {found[name]}",
                "fetch the model anew, or find out who changed it",
            )
    strangers = sorted(name for name in found if name not in expected)
    if strangers:
        raise ModelError(
            f"{folder.path / strangers[0]} is not in the manifest, and a loader would read it",
            "delete the file, or fetch the model anew",
        )


def _max_length(path: Path, config: Mapping[str, Any]) -> int:
    """Tokens a model takes: the tokenizer's limit, else the number of positions."""
    sentences = _json_of(path / "sentence_bert_config.json").get("max_seq_length")
    stated = _json_of(path / "tokenizer_config.json").get("model_max_length")
    positions = config.get("max_position_embeddings")
    if positions and config.get("model_type") in ("roberta", "xlm-roberta", "camembert"):
        positions -= 2  # their first position is the padding token's index plus one
    limits = [int(n) for n in (sentences, stated, positions) if n and 0 < int(n) < UNBOUNDED]
    return min(limits) if limits else 512


def _in_order(labels: Mapping[str, Any]) -> tuple[str, ...]:
    numbered = sorted(labels.items(), key=lambda pair: int(pair[0]))
    return tuple(str(label) for _, label in numbered)


def _json_of(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _card_licence(file: Path) -> str:
    """Licence in the front matter of a hub's model card."""
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()[:60]
    except OSError:
        return ""
    said = [line.partition(":")[2].strip() for line in lines if line.startswith("license:")]
    return said[0].strip("\"'") if said else ""
