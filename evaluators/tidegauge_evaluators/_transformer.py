"""A classifier or cross-encoder folder as Hugging Face writes it, run as a model scorers share."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tidegauge.errors import ModelError
from tidegauge.models import Folder, best_device, bounded_threads, gains_from_bfloat16
from tidegauge.scorer import Inferred, Unit
from tidegauge_evaluators._loading import (
    Loaded,
    label_names,
    load_classifier,
    longest_unit,
    read_config,
)
from tidegauge_evaluators._windows import cut

VERSION = 1
"""Raised whenever the same weights and texts would give other numbers."""
KEPT = 4_000_000
"""Token numbers kept between sizing a unit and running it: some 30 MB."""
CPU_BUDGET, GPU_BUDGET = 512, 65_536
"""Tokens of one batch, padding included. On a CPU small batches are as fast, and nearly free of
padding: 2 % of it on a log of 600 texts of mixed length, where 2,048 tokens make 9 %."""
UNREADABLE = str.maketrans(dict.fromkeys([0, *range(0xD800, 0xE000)], "\N{REPLACEMENT CHARACTER}"))
"""NUL and lone surrogates, which tokenizers choke on or read as an end."""

Activation = Literal["sigmoid", "softmax", "none"]
Precision = Literal["auto", "float32", "bfloat16"]


class Transformer:
    """A model folder's classifier over single texts or pairs.

    Loaded at the first unit, from the folder alone: no hub is asked, no code of the folder is
    run, no pickle is read. NUL and lone surrogates are read as U+FFFD. Units longer than
    ``max_length`` lose the end of their first text, and ``excess`` says how many tokens; cut
    texts by ``windows`` first and nothing is lost.

    Parameters
    ----------
    folder
        Holds ``config.json``, the tokenizer's files, and weights.
    device
        ``cuda``, ``mps``, ``cpu``; empty = the best there is.
    activation
        What is done to the outputs: ``sigmoid`` for labels that may hold together, ``softmax``
        for those that exclude each other, ``none`` for raw ones.
    precision
        Of the matrix products. ``auto`` = bfloat16 where the device gains from it, which moves
        probabilities by about 0.001 and is no part of the identity: numbers of one machine
        serve another. ``float32`` or ``bfloat16`` hold everywhere.
    labels
        Names of the outputs where the folder's ``config.json`` is not to be believed.
    load
        Makes model and tokenizer of the folder where it is not in the usual form.
    """

    def __init__(
        self,
        folder: Folder,
        *,
        device: str = "",
        activation: Activation = "sigmoid",
        precision: Precision = "auto",
        labels: Sequence[str] = (),
        load: Callable[[Path], Loaded] | None = None,
    ) -> None:
        self.folder = folder
        self.config = read_config(folder.path)
        self.labels = tuple(labels) or label_names(self.config, folder)
        self.max_length = longest_unit(self.config, folder)
        self._activation: Activation = activation
        self._precision: Precision = precision
        self._asked = device
        self._load = load or load_classifier
        self._loaded: Loaded | None = None
        self._kept: OrderedDict[Unit, dict[str, NDArray[np.int32]]] = OrderedDict()
        self._kept_tokens = 0
        self._lock = threading.RLock()

    @property
    def identity(self) -> str:
        """SHA-256 over the folder's files and every setting that changes a number."""
        said = (VERSION, self.folder.identity, self.labels, self.max_length)
        settings = (self._activation, self._precision)
        return hashlib.sha256(repr((*said, *settings)).encode()).hexdigest()

    @property
    def width(self) -> int:
        """Number of labels."""
        return len(self.labels)

    @property
    def budget(self) -> int:
        """Tokens of one batch, padding included."""
        return CPU_BUDGET if self.device == "cpu" else GPU_BUDGET

    @property
    def device(self) -> str:
        """What it runs on."""
        return best_device(self._asked)

    def size(self, unit: Unit) -> int:
        """Tokens that the model will see of a unit, special ones included."""
        return min(self._tokens(unit), self.max_length)

    def excess(self, unit: Unit) -> int:
        """Tokens of a unit that the model will not see."""
        return max(0, self._tokens(unit) - self.max_length)

    def windows(self, text: str, overlap: int = 64) -> list[str]:
        """Cut a text into pieces that the model sees whole, each sharing tokens with the next.

        Together they hold every character. A text that fits comes back as it is.
        """
        if self._tokens((text,)) <= self.max_length:
            return [text]
        tokenizer = self._ready().tokenizer
        with self._lock:
            offsets = tokenizer(
                text.translate(UNREADABLE),
                add_special_tokens=False,
                return_offsets_mapping=True,
                return_attention_mask=False,
                verbose=False,
            )["offset_mapping"]
        room = self.max_length - tokenizer.num_special_tokens_to_add(pair=False)
        return cut(text, offsets, room, overlap, lambda piece: self.excess((piece,)))

    def infer(self, units: Sequence[Unit]) -> Inferred:
        """Run one batch of units of one kind, single texts or pairs.

        Returns
        -------
        Inferred
            Shape (units, labels). A pair whose second text alone is too long has failed.
        """
        loaded = self._ready()
        rows: list[dict[str, NDArray[np.int32]]] = []
        failed: dict[int, str] = {}
        for place, unit in enumerate(units):
            row = self._fitting(unit)
            if row is None:
                failed[place] = f"its second text alone is longer than {self.max_length} tokens"
            else:
                rows.append(row)
        values = np.full((len(units), self.width), np.nan, np.float32)
        if rows:
            inside = [place for place in range(len(units)) if place not in failed]
            values[inside] = self._run(loaded, rows)
        return Inferred(values, failed)

    def _run(
        self, loaded: Loaded, rows: Sequence[Mapping[str, NDArray[np.int32]]]
    ) -> NDArray[np.float32]:
        import torch

        inputs = {
            name: torch.from_numpy(table).to(self.device)
            for name, table in _padded(rows, loaded.tokenizer).items()
        }
        asked = self._precision
        halved = asked == "bfloat16" or (asked == "auto" and gains_from_bfloat16(self.device))
        kind = self.device.partition(":")[0]
        cast = torch.autocast(kind, dtype=torch.bfloat16, enabled=halved)
        with torch.inference_mode(), cast:
            logits = loaded.module(**inputs)[0].float()
            if self._activation == "sigmoid":
                logits = logits.sigmoid()
            elif self._activation == "softmax":
                logits = logits.softmax(-1)
        made: NDArray[np.float32] = logits.cpu().numpy()
        if made.shape != (len(rows), self.width):
            raise ModelError(
                f"{self.folder.path} gives {made.shape[-1]} numbers a text and names {self.width} "
                f"labels: {', '.join(self.labels)}"
            )
        return made

    def _tokens(self, unit: Unit) -> int:
        return len(self._encoded(unit)["input_ids"])

    def _encoded(self, unit: Unit) -> dict[str, NDArray[np.int32]]:
        """Token numbers of a whole unit, remembered from sizing it until it is run."""
        known = self._kept.get(unit)
        if known is not None:
            return known
        row = self._tokenised(unit)
        with self._lock:
            self._kept[unit] = row
            self._kept_tokens += len(row["input_ids"])
            while self._kept_tokens > KEPT and len(self._kept) > 1:
                _, dropped = self._kept.popitem(last=False)
                self._kept_tokens -= len(dropped["input_ids"])
        return row

    def _fitting(self, unit: Unit) -> dict[str, NDArray[np.int32]] | None:
        """Token numbers of what the model will see; None where the second text does not fit."""
        if self._tokens(unit) <= self.max_length:
            return self._encoded(unit)
        pairs = len(unit) > 1
        special = self._ready().tokenizer.num_special_tokens_to_add(pair=pairs)
        if pairs and self._tokens((unit[1],)) + special >= self.max_length:
            return None
        return self._tokenised(unit, truncation="only_first", max_length=self.max_length)

    def _tokenised(self, unit: Unit, **settings: Any) -> dict[str, NDArray[np.int32]]:
        tokenizer = self._ready().tokenizer
        texts = [text.translate(UNREADABLE) for text in unit]
        with self._lock:
            if tokenizer.is_fast and not settings:
                return self._tokenised_fast(texts)
            made = tokenizer(*texts, return_attention_mask=False, verbose=False, **settings)
        return {name: np.asarray(numbers, np.int32) for name, numbers in made.items()}

    def _tokenised_fast(self, texts: Sequence[str]) -> dict[str, NDArray[np.int32]]:
        """Ask the tokenizer's core directly, in a third of the time."""
        tokenizer = self._ready().tokenizer
        core = tokenizer.backend_tokenizer
        if core.truncation is not None:
            core.no_truncation()
        if core.padding is not None:
            core.no_padding()
        made = core.encode(*texts)
        row = {"input_ids": np.asarray(made.ids, np.int32)}
        if "token_type_ids" in tokenizer.model_input_names:
            row["token_type_ids"] = np.asarray(made.type_ids, np.int32)
        return row

    def _ready(self) -> Loaded:
        """Model and tokenizer, loaded once."""
        with self._lock:
            if self._loaded is None:
                import torch

                torch.set_num_threads(min(torch.get_num_threads(), bounded_threads()))
                loaded = self._load(self.folder.path)
                module = loaded.module.eval().to(self.device)
                read_as_text(loaded.tokenizer)
                self._loaded = Loaded(module=module, tokenizer=loaded.tokenizer)
        return self._loaded


def read_as_text(tokenizer: Any) -> None:
    """Have ``[SEP]`` in a logged text read as five characters, not as the end of the text."""
    tokenizer.split_special_tokens = True
    if tokenizer.is_fast:
        tokenizer.backend_tokenizer.encode_special_tokens = True


def _padded(
    rows: Sequence[Mapping[str, NDArray[np.int32]]], tokenizer: Any
) -> dict[str, NDArray[np.int64]]:
    """Lay rows of different lengths into tables, shape (rows, longest), with a mask."""
    lengths = [len(row["input_ids"]) for row in rows]
    longest = max(lengths)
    empty = {"input_ids": tokenizer.pad_token_id, "token_type_ids": tokenizer.pad_token_type_id}
    tables = {
        name: np.full((len(rows), longest), empty.get(name, 0), np.int64)
        for name in (*rows[0], "attention_mask")
    }
    left = tokenizer.padding_side == "left"
    for i, (row, length) in enumerate(zip(rows, lengths, strict=True)):
        filled = slice(longest - length, longest) if left else slice(length)
        for name, numbers in row.items():
            tables[name][i, filled] = numbers
        tables["attention_mask"][i, filled] = 1
    return tables
