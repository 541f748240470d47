"""Sentence encoders: folders in the sentence-transformers format as models of the pipeline."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from tidegauge.errors import MissingExtraError, ModelError
from tidegauge.models import Folder, Shelf, best_device, bounded_threads, gains_from_bfloat16
from tidegauge.scorer import Inferred, Unit
from tidegauge_evaluators._transformer import read_as_text
from tidegauge_evaluators._windows import cut

Vectors = NDArray[np.float32]
Precision = Literal["auto", "float32", "bfloat16"]

TRUSTED = "sentence_transformers."
"""Modules of an encoder come from this package; a folder's own code is never run."""
BUDGETS = {"cpu": 1_024, "mps": 16_384, "cuda": 131_072}
"""Tokens of a batch, padding included, by kind of device."""


class Cut(NamedTuple):
    """A text in pieces that an encoder takes whole."""

    windows: tuple[str, ...]
    truncated: int
    """Tokens behind the last window."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoder:
    """A sentence encoder; loads its weights when first used, once in a process.

    A unit is one text. Vectors are of length 1 and equal to what
    ``SentenceTransformer.encode(normalize_embeddings=True)`` gives for the same folder. A text
    longer than ``max_length`` tokens is cut there by ``infer``: ``cut`` makes windows of it, or
    says how much would be lost.
    """

    folder: Folder
    prompt: str | None = None
    """Put before every text; ``None`` = the folder's own default prompt, if it names one."""
    device: str = ""
    """``cuda``, ``mps``, ``cpu``; empty = the best there is."""
    precision: Precision = "auto"

    @property
    def name(self) -> str:
        """The model's name."""
        return self.folder.manifest.name

    @property
    def identity(self) -> str:
        """SHA-256 in hex over weights, tokenizer, pooling, length, prompt and precision."""
        parts = ["sentence encoder 1", self.folder.identity, self.prefix, self.dtype]
        return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()

    @property
    def prefix(self) -> str:
        """What is put before every text."""
        if self.prompt is not None:
            return self.prompt
        said = _json(self.folder.path / "config_sentence_transformers.json", {})
        return str((said.get("prompts") or {}).get(said.get("default_prompt_name"), ""))

    @property
    def dtype(self) -> str:
        """Precision of the matrix products: ``float32`` or ``bfloat16``."""
        if self.precision != "auto":
            return self.precision
        return "bfloat16" if gains_from_bfloat16(best_device(self.device)) else "float32"

    @property
    def width(self) -> int:
        """Numbers per text."""
        return _width(self.folder.path) or self._loaded.width

    @property
    def max_length(self) -> int:
        """Tokens taken at once, the special ones and the prompt included."""
        return self._loaded.max_length

    @property
    def budget(self) -> int:
        """Most texts times longest size of one batch."""
        return BUDGETS[best_device(self.device).partition(":")[0]]

    def size(self, unit: Unit) -> int:
        """Tokens of a text that the encoder sees."""
        return min(self._loaded.count(self.prefix + _clean(unit[0])), self.max_length)

    def infer(self, units: Sequence[Unit]) -> Inferred:
        """Encode one batch; rows of shape (units, width), each of length 1."""
        vectors = self._loaded.vectors(
            [_clean(text) for (text,) in units], self.prefix, self.dtype == "bfloat16"
        )
        broken = np.flatnonzero(~np.isfinite(vectors).all(axis=1)).tolist()
        vectors[broken] = np.nan
        return Inferred(vectors, dict.fromkeys(broken, "the encoder gave no finite vector"))

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Encode many texts, batched by length under the budget.

        Returns
        -------
        ndarray
            Shape (texts, width), in the order given.
        """
        sizes = np.array([self.size((text,)) for text in texts], dtype=np.int64)
        result = np.empty((len(texts), self.width), np.float32)
        for batch in _batches(sizes, self.budget):
            result[batch] = self.infer([(texts[i],) for i in batch]).values
        return result

    def cut(self, text: str, most: int = 1) -> Cut:
        """Cut a text into at most so many windows, between words where it has any.

        Examples
        --------
        ``encoder.cut("short").windows`` is ``("short",)``; a text of 600 tokens has three windows
        of MiniLM's 256 tokens, and with ``most=2`` the rest counts as ``truncated``.
        """
        return self._loaded.cut(_clean(text), self.prefix, most)

    @property
    def _loaded(self) -> _Loaded:
        return _load(self.folder.path, self.folder.identity, best_device(self.device))


def sentence_encoder(
    shelf: Shelf,
    model: str = "minilm",
    *,
    prompt: str | None = None,
    precision: Precision = "auto",
) -> Encoder:
    """Find an encoder's folder; its weights are loaded when first needed.

    Parameters
    ----------
    shelf
        Finds models.
    model
        Name or path: a folder that sentence-transformers wrote.
    prompt
        Put before every text ("query: "); ``None`` = the folder's own default.
    precision
        ``auto`` = bfloat16 products where the device gains from them. Vectors of different
        precisions are not comparable as samples, and their identities differ.

    Raises
    ------
    ModelError
        When there is no such folder, or it is no sentence encoder.
    MissingExtraError
        When sentence-transformers is not installed.
    """
    folder = shelf.find(model)
    _require_encoder(folder.path)
    return Encoder(folder=folder, prompt=prompt, device=shelf.device, precision=precision)


def _require_encoder(path: Path) -> None:
    """Refuse folders of another kind, and those whose modules are code of their own."""
    listed = _json(path / "modules.json", None)
    if not isinstance(listed, list) or not listed:
        raise ModelError(
            f"{path} is no sentence encoder: it has no modules.json that lists its modules",
            "name a folder that sentence-transformers wrote",
        )
    kinds = [str(module.get("type", "")) for module in listed]
    foreign = [kind for kind in kinds if not kind.startswith(TRUSTED)]
    if foreign:
        raise ModelError(
            f"{path / 'modules.json'} asks for {foreign[0]!r}, code that does not belong to "
            "sentence-transformers; a model folder's own code is never run",
            "use an encoder made of Transformer, Pooling, Dense and Normalize modules",
        )


def _width(path: Path) -> int:
    """Tell the width by the folder's files, so that known vectors need no weights; 0 = unknown."""
    width = 0
    for module in _json(path / "modules.json", []):
        place = path / str(module.get("path", ""))
        kind = str(module.get("type", "")).rpartition(".")[2]
        if kind == "Transformer":
            width = _json(place / "config.json", {}).get("hidden_size", 0)
        elif kind == "Dense":
            width = _json(place / "config.json", {}).get("out_features", 0)
        elif kind == "Pooling":
            said = _json(place / "config.json", {})
            modes = [key for key, on in said.items() if key.startswith("pooling_mode_") and on]
            width = width if len(modes) == 1 else 0  # several modes are laid side by side
        elif kind != "Normalize":
            return 0
    return int(width) if isinstance(width, int) else 0


def _json(path: Path, otherwise: Any) -> Any:
    """Content of a JSON file, or something else where there is none to read."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return otherwise


class _Loaded:
    """Weights in memory, with a tokenizer of our own to count with."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.width = int(model.get_embedding_dimension())
        self.max_length = int(model.max_seq_length or 512)
        read_as_text(model.tokenizer)
        self.tokenizer = _counter(model.tokenizer)
        self.specials = int(model.tokenizer.num_special_tokens_to_add())

    def count(self, text: str) -> int:
        """Tokens of a text, special ones included."""
        return len(self.tokenizer.encode(text).ids)

    def cut(self, text: str, prefix: str, most: int) -> Cut:
        """Windows of a text, and how many tokens are left over."""
        room = self.max_length - self.specials
        room -= self.count(prefix) - self.specials if prefix else 0
        tokens = self.tokenizer.encode(text, add_special_tokens=False)
        if len(tokens.ids) <= room:
            return Cut((text,), 0)
        windows = cut(text, tokens.offsets, room, 0, lambda piece: self._content(piece) - room)
        kept = windows[:most]
        return Cut(tuple(kept), sum(map(self._content, windows[most:])))

    def _content(self, text: str) -> int:
        return len(self.tokenizer.encode(text, add_special_tokens=False).ids)

    def vectors(self, texts: list[str], prompt: str, bfloat16: bool) -> Vectors:
        """Vectors of one batch, of length 1, shape (texts, width)."""
        import torch

        device = self.model.device
        with torch.inference_mode(), torch.autocast(device.type, torch.bfloat16, enabled=bfloat16):
            features = self.model.preprocess(texts, prompt=prompt or None)
            features = {
                k: v.to(device, non_blocking=True) if torch.is_tensor(v) else v
                for k, v in features.items()
            }
            found = self.model(features)["sentence_embedding"].float()
            return cast(Vectors, torch.nn.functional.normalize(found, dim=1).cpu().numpy())


@lru_cache(maxsize=4)
def _load(path: Path, identity: str, device: str) -> _Loaded:
    """Load a folder once; the identity is an argument so that changed files are seen."""
    try:
        from sentence_transformers import SentenceTransformer
    except ImportError as missing:
        raise MissingExtraError(
            f"a sentence encoder needs {missing.name}, which is not installed",
            'pip install "tidegauge[llm]"',
        ) from missing
    import torch

    torch.set_num_threads(min(torch.get_num_threads(), bounded_threads()))
    try:
        with _quiet_and_offline():
            model = SentenceTransformer(str(path), local_files_only=True, device=device)
    except Exception as broken:
        raise ModelError(
            f"{path} does not load as a sentence encoder: {broken}",
            "compare its files with its manifest: tidegauge doctor",
        ) from broken
    return _Loaded(model.eval())


@contextmanager
def _quiet_and_offline() -> Iterator[None]:
    """Keep the hub's client from asking the network about files at hand, and bars off screens."""
    from huggingface_hub import constants
    from transformers.utils import logging

    before, bars = constants.HF_HUB_OFFLINE, logging.is_progress_bar_enabled()
    constants.HF_HUB_OFFLINE = True
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = before
        if bars:
            logging.enable_progress_bar()  # type: ignore[no-untyped-call]


def _counter(tokenizer: Any) -> Any:
    """Copy of the fast tokenizer that never cuts or pads, to count and to find places in texts."""
    from tokenizers import Tokenizer

    copy = Tokenizer.from_str(tokenizer.backend_tokenizer.to_str())
    copy.encode_special_tokens = True
    copy.no_truncation()
    copy.no_padding()
    return copy


def _clean(text: str) -> str:
    """Text that tokenizers accept: lone surrogates become question marks."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def _batches(sizes: NDArray[np.int64], budget: int) -> Iterator[NDArray[np.intp]]:
    """Positions, longest first, in groups whose padded size is within the budget."""
    order = np.argsort(-sizes, kind="stable")
    start = 0
    while start < len(order):
        count = max(1, budget // max(1, int(sizes[order[start]])))
        yield order[start : start + count]
        start += count
