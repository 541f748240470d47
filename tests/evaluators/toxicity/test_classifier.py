from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tidegauge.errors import ModelError, NotApplicable, SuiteError
from tidegauge.models import Shelf
from tidegauge.scorer import Joined, Scorer
from tidegauge_evaluators.toxicity.classifier import classifier

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

MakeFolder = Callable[..., Path]


def load(folder: Path, **settings: Any) -> Scorer:
    return classifier(shelf=Shelf(), model=str(folder), **{"precision": "float32", **settings})


def score(tool: Scorer, text: str) -> Joined:
    units = tool.split({"text": text})
    assert tool.model is not None
    return tool.join({"text": text}, units, tool.model.infer(units).values)


def named(tool: Scorer, text: str) -> dict[str, Any]:
    return dict(zip(tool.outputs, score(tool, text).values, strict=True))


def logits(folder: Path, text: str) -> Any:
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.AutoModelForSequenceClassification.from_pretrained(folder).eval()
    with torch.no_grad():
        return model(**tokenizer(text, return_tensors="pt")).logits[0].numpy()


def softmax(values: Any) -> Any:
    return np.exp(values) / np.exp(values).sum()


def test_an_empty_text_has_no_toxicity(make_folder: MakeFolder) -> None:
    with pytest.raises(NotApplicable):
        load(make_folder(["neutral", "toxic"])).split({"text": " "})


@pytest.mark.usefixtures("no_network")
def test_two_labels_that_exclude_each_other(make_folder: MakeFolder) -> None:
    folder = make_folder(["neutral", "Toxic"])
    tool = load(folder)
    assert list(tool.outputs) == ["", "neutral", "flagged"]
    values = named(tool, "you idiot")
    expected = softmax(logits(folder, "you idiot"))
    assert values[""] == pytest.approx(expected[1], abs=1e-5)
    assert values["neutral"] == pytest.approx(expected[0], abs=1e-5)
    assert values["flagged"] is bool(expected[1] >= 0.5)


def test_several_toxic_labels_add_up_where_they_exclude_each_other(
    make_folder: MakeFolder,
) -> None:
    folder = make_folder(["neither", "hate speech", "offensive"])
    values = named(load(folder, label=["hate speech", "offensive"]), "hate the river")
    expected = softmax(logits(folder, "hate the river"))
    assert values[""] == pytest.approx(expected[1] + expected[2], abs=1e-5)
    assert values["hate_speech"] == pytest.approx(expected[1], abs=1e-5)


def test_the_largest_counts_where_labels_hold_together(make_folder: MakeFolder) -> None:
    folder = make_folder(["toxic", "insult", "spam"], problem="multi_label_classification")
    values = named(load(folder, label=["toxic", "insult"]), "hate the river")
    expected = 1 / (1 + np.exp(-logits(folder, "hate the river")))
    assert values[""] == pytest.approx(max(expected[:2]), abs=1e-5)
    assert values["spam"] == pytest.approx(expected[2], abs=1e-5)


def test_one_output_is_a_sigmoid(make_folder: MakeFolder) -> None:
    folder = make_folder(["toxicity"])
    assert list(load(folder).outputs) == ["", "flagged"]
    expected = 1 / (1 + np.exp(-logits(folder, "you idiot")[0]))
    assert named(load(folder), "you idiot")[""] == pytest.approx(expected, abs=1e-5)


def test_labels_without_a_name_are_refused_until_the_suite_names_one(
    make_folder: MakeFolder,
) -> None:
    folder = make_folder(outputs=2)
    with pytest.raises(SuiteError, match='"LABEL_0", "LABEL_1"') as refused:
        load(folder)
    assert "label:" in refused.value.hint
    assert "" in load(folder, label="label_1").outputs


def test_labels_that_could_mean_anything_are_refused(make_folder: MakeFolder) -> None:
    folder = make_folder(["nothate", "hate"])
    with pytest.raises(SuiteError, match='"nothate", "hate"'):
        load(folder)
    with pytest.raises(SuiteError, match='no label "hateful"'):
        load(folder, label="hateful")
    with pytest.raises(SuiteError, match="every label"):
        load(folder, label=["hate", "nothate"])


def test_outputs_of_a_regression_are_no_probabilities(make_folder: MakeFolder) -> None:
    folder = make_folder(["toxicity"], problem="regression")
    with pytest.raises(SuiteError, match="regression"):
        load(folder)
    assert 0 < named(load(folder, activation="sigmoid"), "hate")[""] < 1
    with pytest.raises(SuiteError, match="softmax, sigmoid"):
        load(folder, activation="tanh")


def test_labels_of_one_name_keep_apart(make_folder: MakeFolder) -> None:
    folder = make_folder(["toxic", "Flagged", "off-topic", "off topic"])
    assert list(load(folder).outputs) == [
        "", "label_flagged", "off_topic", "off_topic_3", "flagged",
    ]  # fmt: skip


def test_long_texts_are_read_to_the_end(make_folder: MakeFolder) -> None:
    folder = make_folder(["neutral", "toxic"])
    text = "the water is good " * 40 + "hate idiot awful " * 20
    joined = score(load(folder), text)
    assert joined.truncated == 0
    tool = load(folder)
    windows = [named(tool, unit[0])[""] for unit in tool.split({"text": text})]
    assert joined.values[0] == pytest.approx(max(windows), abs=1e-5)


@pytest.mark.parametrize(
    "text",
    ["\N{GRINNING FACE}" * 900, "שלום", "a\0\udc80", "<b>&amp;</b>", "\x1b[2J", "y" * 100_000],
    ids=["emoji", "right-to-left", "unreadable", "html", "escapes", "huge"],
)
def test_hostile_texts_get_a_number(make_folder: MakeFolder, text: str) -> None:
    assert 0 <= named(load(make_folder(["neutral", "toxic"])), text)[""] <= 1


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="nowhere"):
        load(tmp_path / "nowhere")


def test_the_report_learns_what_counts_as_toxic(make_folder: MakeFolder) -> None:
    about = load(make_folder(["neutral", "toxic"]), threshold=0.8).about
    assert any("toxic = toxic" in note for note in about.notes)
    assert any("0.8" in note for note in about.notes)
