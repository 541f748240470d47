"""Real texts as sentence vectors, encoded once and kept under .cache/."""

from __future__ import annotations

import gzip
import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tidegauge.models import Shelf
from tidegauge.profile import VectorSample
from tidegauge_evaluators._encoder import sentence_encoder

CACHE = Path(__file__).parent / ".cache"
SETS: dict[str, tuple[str, int]] = {
    "clinc150": ("domain", 10_000),
    "banking77": ("label", 10_000),
    "sms_spam": ("label", 6_000),
    "event_tweets": ("", 8_000),
}
"""Set -> what its topics are called there, and rows that are used."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Encoded:
    """Texts, their vectors and their topics."""

    name: str
    vectors: NDArray[np.float32]
    texts: tuple[str, ...]
    topics: NDArray[np.str_]

    def sample(self, rows: NDArray[np.int64]) -> VectorSample:
        """Give some rows as one side's sample."""
        return VectorSample(
            vectors=self.vectors[rows], texts=tuple(self.texts[i] for i in rows), n=len(rows)
        )


@cache
def encoded(folder: Path, name: str) -> Encoded:
    """Read a set, and encode it unless that was done before."""
    topic, most = SETS[name]
    with gzip.open(folder / f"{name}.jsonl.gz", "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    kept = np.sort(np.random.default_rng(0).permutation(len(rows))[:most])
    texts = tuple(str(rows[i]["text"]) for i in kept)
    topics = np.array([str(rows[i][topic]) if topic else "" for i in kept])
    return Encoded(name=name, vectors=vectors_of(texts), texts=texts, topics=topics)


def vectors_of(texts: tuple[str, ...]) -> NDArray[np.float32]:
    """Encode texts, unless that was done before."""
    encoder = sentence_encoder(Shelf(), precision="float32")
    key = hashlib.sha256("\0".join((encoder.identity, *texts)).encode("utf-8", "replace"))
    path = CACHE / f"vectors-{key.hexdigest()[:16]}.npy"
    if not path.is_file():
        CACHE.mkdir(exist_ok=True)
        print(f"encoding {len(texts):,} texts; they are kept in {path.name}", flush=True)
        np.save(path, encoder.encode(texts))
    found: NDArray[np.float32] = np.load(path, mmap_mode="r", allow_pickle=False)
    return found
