"""A small model of inference that has learnt to read: trained in seconds on invented facts."""

from __future__ import annotations

import random
import re
import string
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import pytest

from tidegauge_evaluators._probes import PROBES

NAMES = "Maria Otto Ines Paul Vera Hugo Lena Omar Ruth Karl".split()  # noqa: SIM905
FACTS = {
    "lives in": "Lisbon Rome Oslo Cairo Lima Paris",
    "works as a": "nurse baker pilot judge clerk tailor",
    "plays the": "piano violin flute drum harp organ",
    "owns a": "boat horse tractor camera garden bakery",
}
FILLING = (
    "The sky is grey.",
    "It rained all day.",
    "Nobody came late.",
    "The street was long and quiet.",
    "Many people walked past the old house.",
)
ORDER = ("contradiction", "entailment", "neutral")
WIDTH, STEPS, BATCH, POSITIONS = 48, 150, 32, 128


class MakeReader(Protocol):
    """Writes a folder of the trained model with its outputs named, ordered or merged anew."""

    def __call__(
        self,
        labels: Sequence[str],
        *,
        outputs: Sequence[str] = ORDER,
        trained: bool = True,
    ) -> Path: ...


@pytest.fixture(scope="session")
def make_reader(tmp_path_factory: pytest.TempPathFactory) -> MakeReader:
    """Write a folder whose outputs are called ``labels`` and really are ``outputs``.

    An output is one of ``ORDER``, or "support" (entailment against the mean of the two others),
    or "unsupport" (the negative of that).
    """
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    pytest.importorskip("sentencex")
    transformers.utils.logging.disable_progress_bar()
    tokenizer = _tokenizer(transformers)
    learnt = _trained(torch, transformers, tokenizer)

    def make(
        labels: Sequence[str], *, outputs: Sequence[str] = ORDER, trained: bool = True
    ) -> Path:
        folder = tmp_path_factory.mktemp("reader")
        tokenizer.save_pretrained(folder)
        config = _config(transformers, tokenizer, labels)
        torch.manual_seed(len(labels))
        module = transformers.BertForSequenceClassification(config)
        if trained:
            module.bert.load_state_dict(learnt.bert.state_dict())
            mixed = torch.tensor([_MIX[output] for output in outputs])
            with torch.no_grad():
                module.classifier.weight.copy_(mixed @ learnt.classifier.weight)
                module.classifier.bias.copy_(mixed @ learnt.classifier.bias)
        module.save_pretrained(folder)
        return folder

    return make


_MIX = {
    "contradiction": [1.0, 0.0, 0.0],
    "entailment": [0.0, 1.0, 0.0],
    "neutral": [0.0, 0.0, 1.0],
    "support": [-0.5, 1.0, -0.5],
    "unsupport": [0.5, -1.0, 0.5],
}


def _tokenizer(transformers: Any) -> Any:
    told = [*NAMES, *FACTS, *FACTS.values(), *FILLING, *(t for p in PROBES for t in p[:2])]
    words = sorted({word.casefold() for text in told for word in re.findall(r"\w+", text)})
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    letters = [*string.ascii_lowercase, *string.digits, *string.punctuation]
    pieces = [f"##{letter}" for letter in string.ascii_lowercase + string.digits]
    vocabulary = dict.fromkeys([*special, *letters, *pieces, *words])
    made = transformers.BertTokenizer(vocab={word: i for i, word in enumerate(vocabulary)})
    made.model_max_length = POSITIONS
    return made


def _config(transformers: Any, tokenizer: Any, labels: Sequence[str]) -> Any:
    return transformers.BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=WIDTH,
        num_hidden_layers=2,
        num_attention_heads=1,
        intermediate_size=64,
        max_position_embeddings=POSITIONS,
        id2label=dict(enumerate(labels)),
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )


def _trained(torch: Any, transformers: Any, tokenizer: Any) -> Any:
    """Train on drawn pairs and the probes."""
    torch.manual_seed(0)
    rng = random.Random(0)
    module = transformers.BertForSequenceClassification(_config(transformers, tokenizer, ORDER))
    _give_sight(torch, module)
    optimizer = torch.optim.AdamW(module.parameters(), lr=3e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=STEPS)
    for _ in range(STEPS):
        batch = [_pair(rng) for _ in range(BATCH - 8)] + [tuple(p) for p in rng.sample(PROBES, 8)]
        inputs = tokenizer(
            [premise for premise, _, _ in batch],
            [claim for _, claim, _ in batch],
            padding=True,
            return_tensors="pt",
        )
        wanted = torch.tensor([ORDER.index(relation) for *_, relation in batch])
        loss = torch.nn.functional.cross_entropy(module(**inputs).logits, wanted)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    assert loss.item() < 0.05, "the small model has not learnt to read"
    return module.eval()


def _give_sight(torch: Any, module: Any) -> None:
    """Start near a solution, so that seconds suffice.

    In the first layer a word looks at its like in the other text and notes which text it found
    (dimension -1 says which text a word is of); in the second all look at words of the claim
    that found none.
    """
    embeddings = module.bert.embeddings
    first, second = (layer.attention for layer in module.bert.encoder.layer)
    side, note = WIDTH - 1, WIDTH - 2
    alike = 2.0 * torch.eye(WIDTH)
    alike[side:, side:] = alike[note, note] = 0.0
    ours, theirs = alike.clone(), alike.clone()
    ours[side, side], theirs[side, side] = -2.0, 2.0
    noted = torch.zeros(WIDTH, WIDTH)
    noted[note, side] = 1.0
    written = torch.zeros(WIDTH, WIDTH)
    written[note, note] = 1.0
    with torch.no_grad():
        embeddings.word_embeddings.weight.normal_()[:, note:] = 0.0
        embeddings.position_embeddings.weight.zero_()
        embeddings.token_type_embeddings.weight.zero_()[:, side] = torch.tensor([2.0, -2.0])
        first.self.query.weight.copy_(ours)
        first.self.key.weight.copy_(theirs)
        first.self.value.weight.copy_(noted)
        first.output.dense.weight.copy_(written)
        second.self.query.weight.zero_()
        second.self.query.bias.zero_()[0] = 7.0
        second.self.key.weight.zero_()[0, note:] = -2.0
        second.self.value.weight.copy_(torch.eye(WIDTH))
        second.output.dense.weight.copy_(2.0 * torch.eye(WIDTH))


def _pair(rng: random.Random) -> tuple[str, str, str]:
    """Draw a premise of one to three facts, and a claim that stands in some relation to it."""
    people, kinds = rng.sample(NAMES, 4), rng.sample(list(FACTS), 4)
    told = [(who, what, rng.choice(FACTS[what].split())) for who, what in zip(people, kinds)]  # noqa: B905
    told = told[: rng.randint(1, 3)]
    parts = [" ".join(fact) + "." for fact in told]
    parts += rng.sample(FILLING, rng.randint(0, 2))
    rng.shuffle(parts)
    who, what, value = rng.choice(told)
    relation = rng.choice(ORDER)
    if relation == "contradiction":
        value = rng.choice([other for other in FACTS[what].split() if other != value])
    elif relation == "neutral":
        if rng.random() < 0.6:
            what = kinds[3]
            value = rng.choice(FACTS[what].split())
        if what != kinds[3] or rng.random() < 0.5:
            who = people[3]
    return " ".join(parts), f"{who} {what} {value}.", relation
