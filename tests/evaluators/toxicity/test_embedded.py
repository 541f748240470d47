from __future__ import annotations

import dataclasses
import json
import math
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegauge.errors import ModelError, NotApplicable, SuiteError, Unscored
from tidegauge.models import Folder, Shelf
from tidegauge_evaluators import _toxic_model
from tidegauge_evaluators._toxic_features import BUCKETS, COUNTS, normalise, read, windows
from tidegauge_evaluators._toxic_model import Toxicity
from tidegauge_evaluators._weights import read_weights
from tidegauge_evaluators.toxicity.embedded import Embedded, embedded

SHIPPED = Path(_toxic_model.__file__).parent / "models" / "toxicity"
CALM = (
    "The parcel was sent on Monday and arrives tomorrow.",
    "My sister is a doctor and my neighbour is a Muslim.",
    "You can reset the password under Settings.",
    "Thank you, that was very helpful!",
)
RUDE = (
    "You are a stupid idiot and everybody hates you.",
    "Shut up you pathetic loser.",
    "Those people are filthy vermin and should be shot.",
)


def scored(text: str, scorer: Embedded) -> list[float]:
    row = {"text": text}
    units = scorer.split(row)
    values = scorer.join(row, units, scorer.model.infer(units).values).values
    return [float(value) for value in values if isinstance(value, float)]


@pytest.fixture(scope="module")
def fast() -> Embedded:
    made = embedded(shelf=Shelf(), fast=True)
    assert isinstance(made, Embedded)
    return made


@pytest.fixture(scope="module")
def full() -> Embedded:
    for package in _toxic_model.NEEDED:
        pytest.importorskip(package)
    if not (SHIPPED / _toxic_model.LAYERS).is_file():
        pytest.skip("the model comes without layers")
    made = embedded(shelf=Shelf())
    assert isinstance(made, Embedded)
    if made.model.encoder is None:
        pytest.skip(made.lost)
    return made


@pytest.mark.parametrize("text", CALM)
def test_calm_texts_are_not_flagged(text: str, fast: Embedded) -> None:
    assert scored(text, fast)[0] < 0.5


@pytest.mark.parametrize("text", CALM)
def test_calm_texts_are_not_flagged_by_the_layers(text: str, full: Embedded) -> None:
    assert scored(text, full)[0] < 0.5


@pytest.mark.parametrize("text", RUDE)
def test_insults_and_threats_are(text: str, fast: Embedded) -> None:
    assert scored(text, fast)[0] > 0.5


@pytest.mark.parametrize("text", RUDE)
def test_insults_and_threats_are_by_the_layers(text: str, full: Embedded) -> None:
    assert scored(text, full)[0] > 0.5


def test_an_attack_on_a_group_is_told_from_praise_of_it(full: Embedded) -> None:
    hostile = scored("I despise immigrants, they should all be thrown out.", full)
    kind = scored("I admire immigrants, they should all be welcome.", full)
    assert hostile[0] > 0.5 > kind[0]
    assert hostile[1] > kind[1] + 0.3


def test_texts_without_words_have_no_toxicity(fast: Embedded) -> None:
    for text in ("", " \n\t", "\x00\x07", "?!...", "\udc80"):
        with pytest.raises(NotApplicable):
            fast.split({"text": text})
    with pytest.raises(NotApplicable):
        fast.split({})


def test_other_scripts_are_unscored_rather_than_called_harmless(fast: Embedded) -> None:
    for text in ("مرحبا بالعالم", "これは文です。", "Это предложение"):
        with pytest.raises(Unscored):
            fast.split({"text": text})
    assert fast.split({"text": "naïve café, déjà vu, 日本"})


def test_a_long_text_is_as_toxic_as_its_worst_window(fast: Embedded) -> None:
    calm = "the meeting starts at nine and ends at ten in the large room " * 40
    alone = scored(calm, fast)[0]
    hidden = scored(calm + RUDE[1] + " " + calm, fast)[0]
    assert alone < 0.5 < hidden


@pytest.mark.parametrize(
    "text",
    ["x" * 100_000, "a b " * 25_000, "word and another word. " * 4_500, "ab" * 50_000],
    ids=["one letter", "short words", "sentences", "one word"],
)
def test_windows_cover_a_hundred_thousand_characters_and_fit_the_encoder(text: str) -> None:
    normal = normalise(text)
    cut = windows(normal)
    assert max(map(len, cut)) <= 400
    assert max(len(window.split()) for window in cut) <= 60
    assert set("".join(cut)) == set(normal)
    assert sum(map(len, cut)) >= len(normal) * 0.99


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert('you idiot')</script>",
        "**you** [idiot](http://x.example)",
        "\x1b[31myou idiot\x1b[0m",
        "you \udc80 idiot\x00",
        "مرحبا you idiot what a clown",
        "🦀🐍💩 you idiot",
    ],
)
def test_ugly_texts_get_a_probability(text: str, fast: Embedded) -> None:
    assert all(0.0 < value < 1.0 for value in scored(text, fast))


def test_the_reason_names_words_of_the_worst_window(fast: Embedded) -> None:
    row = {"text": "The weather is nice and the room is warm. " * 10 + "You stupid idiot."}
    units = fast.split(row)
    joined = fast.join(row, units, fast.model.infer(units).values)
    assert "idiot" in joined.because.split(", ")
    calm = {"text": CALM[0]}
    units = fast.split(calm)
    assert fast.join(calm, units, fast.model.infer(units).values).because == ""


def test_disguised_words_are_read_as_what_they_stand_for() -> None:
    assert normalise("1diot mp3") == "1diot mp3", "digits at the edges may be a name"
    assert normalise("st00pid") == normalise("s t o o p i d") == "stoopid"
    assert normalise("ⓢⓣⓤⓟⓘⓓ") == normalise("stúpid") == normalise("stu\u200bpid") == "stupid"
    assert normalise("soooooo") == "soo"
    assert normalise("&lt;b&gt; &#128013;") == "< b > snake"
    assert normalise("&#9999999;") == ""


def test_probabilities_move_with_the_prior_by_hand(fast: Embedded) -> None:
    rare = embedded(shelf=Shelf(), fast=True, prior=0.01)
    assert isinstance(rare, Embedded)
    before, after = scored(RUDE[0], fast), scored(RUDE[0], rare)
    odds = [value / (1 - value) for value in (after[0], before[0], fast.model.base_rates[0])]
    assert odds[0] == pytest.approx(odds[1] / 99 / odds[2], rel=1e-3)
    assert after[1] == before[1], "the prior is one of toxic texts, not of attacks"


@pytest.mark.parametrize("wrong", [0.0, 1.0, -1.0, 2.0, True, math.nan])
def test_thresholds_and_priors_that_are_no_probabilities_are_refused(wrong: float) -> None:
    with pytest.raises(SuiteError):
        embedded(shelf=Shelf(), threshold=wrong)
    with pytest.raises(SuiteError):
        embedded(shelf=Shelf(), prior=wrong)


def test_settings_and_weights_are_part_of_the_identity(fast: Embedded) -> None:
    again = embedded(shelf=Shelf(), fast=True)
    other = embedded(shelf=Shelf(), fast=True, threshold=0.7)
    assert fast.identity == again.identity != other.identity
    unlike = dataclasses.replace(fast.model, folder=_other_digest(fast.model.folder))
    assert unlike.identity != fast.model.identity


def _other_digest(folder: Folder) -> Folder:
    changed = dict.fromkeys(folder.manifest.sha256, "0" * 64)
    return dataclasses.replace(
        folder, manifest=dataclasses.replace(folder.manifest, sha256=changed)
    )


def test_a_changed_weight_is_found_out(tmp_path: Path) -> None:
    copy = tmp_path / "models" / "toxicity"
    shutil.copytree(SHIPPED, copy)
    file = copy / "linear.safetensors"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    with pytest.raises(ModelError, match="is not the file"):
        embedded(shelf=Shelf(folder=tmp_path / "models"), fast=True)


def test_a_folder_for_other_features_is_refused(tmp_path: Path) -> None:
    copy = tmp_path / "models" / "toxicity"
    shutil.copytree(SHIPPED, copy)
    (copy / "tidegauge-model.json").unlink()
    settings = json.loads((copy / "toxicity.json").read_text(encoding="utf-8"))
    (copy / "toxicity.json").write_text(json.dumps(settings | {"counts": ["other"]}))
    made = embedded(shelf=Shelf(folder=tmp_path / "models"), fast=True)
    assert isinstance(made, Embedded)
    with pytest.raises(ModelError, match="counts other words"):
        scored(RUDE[0], made)


def test_without_torch_the_report_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_toxic_model, "NEEDED", ("torch_that_is_missing",))
    made = embedded(shelf=Shelf())
    assert isinstance(made, Embedded)
    assert made.model.encoder is None
    if (SHIPPED / _toxic_model.LAYERS).is_file():
        assert "torch_that_is_missing is not installed" in made.about.notes[0]
    assert scored(RUDE[0], made)[0] > 0.5


def test_our_reader_of_weights_agrees_with_safetensors() -> None:
    numpy_reader = pytest.importorskip("safetensors.numpy")
    for file in SHIPPED.glob("*.safetensors"):
        ours, theirs = read_weights(file), numpy_reader.load_file(file)
        assert ours.keys() == theirs.keys()
        for name, weight in theirs.items():
            assert np.array_equal(ours[name], weight), name


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    for content in (b"", b"\x08\x00\x00\x00\x00\x00\x00\x00no json.", b"\x02" + bytes(7) + b"[]"):
        (tmp_path / "x.safetensors").write_bytes(content)
        with pytest.raises(ModelError):
            read_weights(tmp_path / "x.safetensors")


def test_the_encoder_agrees_with_transformers() -> None:
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    from tidegauge_evaluators import _bert as bert

    config = transformers.BertConfig(
        hidden_size=bert.WIDTH, num_hidden_layers=bert.LAYERS, num_attention_heads=bert.HEADS,
        intermediate_size=64, vocab_size=200,
    )  # fmt: skip
    torch.manual_seed(3)
    theirs = transformers.BertModel(config).eval()
    weights = dict(theirs.state_dict())
    tokens, mask = bert.padded([[101, 5, 6, 7, 102], [101, 9, 102], [101, 102]])
    with torch.inference_mode():
        expected = theirs(input_ids=tokens, attention_mask=mask.long()).last_hidden_state
        found = bert.layers(weights, bert.embed(weights, tokens), mask, range(bert.LAYERS))
    assert torch.allclose(found[mask], expected[mask], atol=1e-4)


def test_a_text_scores_the_same_alone_and_in_a_batch(full: Embedded) -> None:
    units = [unit for text in (*CALM, *RUDE) for unit in full.split({"text": text})]
    together = full.model.infer(units).values
    alone = np.concatenate([full.model.infer([unit]).values for unit in units])
    assert np.allclose(together, alone, atol=1e-3)


def test_n_grams_by_hand() -> None:
    features = read(["ab", "", "ab ab"])
    of_first = features.row == 0
    letters = of_first & (features.bucket < 1 << 17)
    assert letters.sum() == 6  # " a" "ab" "b " " ab" "ab " " ab "
    assert (of_first & ~letters).sum() == 1
    assert np.allclose(features.value[letters], 1 / math.sqrt(6))
    assert not (features.row == 1).sum() - 1, "two spaces are one n-gram"
    assert set(features.bucket[of_first]) <= set(features.bucket[features.row == 2])


@settings(max_examples=50)
@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=30), max_size=5))
def test_a_text_has_the_same_features_in_any_company(texts: list[str]) -> None:
    normal = [normalise(text) for text in texts]
    together = read(normal)
    assert together.counts.shape == (len(texts), len(COUNTS))
    assert not together.bucket.size or together.bucket.max() < BUCKETS
    for at, text in enumerate(normal):
        alone = read([text])
        assert np.array_equal(np.sort(alone.bucket), np.sort(together.bucket[together.row == at]))
        assert np.array_equal(alone.counts[0], together.counts[at])


@settings(max_examples=50)
@given(st.text(max_size=200))
def test_folding_twice_changes_nothing_that_windows_lose(text: str) -> None:
    normal = normalise(text)
    assert " ".join(normal.split()) == normal
    cut = windows(normal)
    assert bool(cut) == bool(normal)
    assert all(word[:400] in " ".join(cut) for word in normal.split())


def test_the_model_is_small_and_says_where_it_comes_from() -> None:
    size = sum(file.stat().st_size for file in SHIPPED.iterdir())
    assert size <= 12_500_000
    card = (SHIPPED / "CARD.md").read_text(encoding="utf-8")
    for words in ("HateCheck", "Davidson", "CC BY 4.0", "Known failures", "95 %"):
        assert words in card


def test_the_reason_and_size_are_cheap_to_ask_for(fast: Embedded) -> None:
    assert isinstance(fast.model, Toxicity)
    assert fast.model.size(("",)) >= 1
    assert fast.model.weight_of("idiot") > fast.model.weight_of("tuesday")
