from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegauge.errors import DataError
from tidegauge.labelling import Drawn, draw_sample, read_labels, write_labels
from tidegauge.labelling.sheets import _safe, unescaped

N = 40


def drawn(*, scores: object = None, clusters: bool = False) -> Drawn:
    given = np.random.default_rng(0).beta(1, 9, 500) if scores is None else np.asarray(scores)
    return draw_sample(
        given,
        n=N,
        seed=7,
        clusters=[f"talk {i // 3}" for i in range(500)] if clusters else (),
        scorer="hallucination.embedded",
        threshold=0.5,
    )


def texts(response: str = "It is so.") -> dict[str, list[str | None]]:
    return {"context": ["It was so."] * (N - 1) + [None], "response": [response] * N}


def filled(path: Path, labels: dict[int, str], name: str = "label") -> None:
    """Type labels into a CSV sheet: line of the sheet, without its head, -> word."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    for line, word in labels.items():
        rows[line + 1][rows[0].index(name)] = word
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
@pytest.mark.parametrize("clusters", [False, True])
def test_what_was_drawn_comes_back(tmp_path: Path, suffix: str, clusters: bool) -> None:
    one = drawn(clusters=clusters)
    labels = np.tile([0.0, 1.0, np.nan, 0.0], N // 4)
    one = replace(one, sample=replace(one.sample, labels=labels))
    write_labels(one, tmp_path / f"sheet.{suffix}", texts=texts(), ids=["x"] * N)
    back = read_labels(tmp_path / f"sheet.{suffix}")
    assert (back.strata, back.seed) == (one.strata, one.seed)
    np.testing.assert_array_equal(back.rows, one.rows)
    for name in ("labels", "scores", "probabilities", "strata", "stratum_rows", "stratum_means",
                 "clusters"):  # fmt: skip
        np.testing.assert_array_equal(getattr(back.sample, name), getattr(one.sample, name))
    for name in ("scorer", "threshold", "frame", "n", "undecided"):
        assert getattr(back.sample, name) == getattr(one.sample, name)


def test_rows_without_a_score_come_back(tmp_path: Path) -> None:
    one = drawn(scores=[np.nan] * 100 + [0.1] * 200 + [0.9] * 200)
    write_labels(one, tmp_path / "sheet.csv", texts=texts())
    back = read_labels(tmp_path / "sheet.csv")
    assert repr(back.strata) == repr(one.strata)  # NaN is not itself
    np.testing.assert_array_equal(back.sample.scores, one.sample.scores)
    np.testing.assert_array_equal(back.sample.stratum_means, one.sample.stratum_means)


def test_a_sheet_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "sheet.csv").write_text("somebody's work")
    with pytest.raises(DataError, match="exists already"):
        write_labels(drawn(), tmp_path / "sheet.csv", texts=texts())
    assert (tmp_path / "sheet.csv").read_text() == "somebody's work"


def test_other_suffixes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"allowed: \.csv and \.jsonl"):
        write_labels(drawn(), tmp_path / "sheet.xlsx", texts=texts())


def test_words_that_labellers_write(tmp_path: Path) -> None:
    path = tmp_path / "sheet.csv"
    write_labels(drawn(), path, texts=texts())
    words = ["1", "yes", "Unsupported", " TRUE ", "not in context", "0", "No", "supported", "ok",
             "?", "unsure", ""]  # fmt: skip
    filled(path, dict(enumerate(words)))
    back = read_labels(path)
    np.testing.assert_array_equal(
        back.sample.labels[:12], [1, 1, 1, 1, 1, 0, 0, 0, 0, np.nan, np.nan, np.nan]
    )
    assert back.sample.undecided == 2


def test_a_judges_verdicts_come_back_and_stand_for_labels_where_there_are_none(
    tmp_path: Path,
) -> None:
    judged = np.tile([1.0, 0.0, np.nan, 0.0], N // 4)
    one = drawn()
    one = replace(one, sample=replace(one.sample, judged=judged))
    path = tmp_path / "sheet.csv"
    write_labels(one, path, texts=texts())
    alone = read_labels(path).sample
    np.testing.assert_array_equal(alone.labels, judged)
    assert alone.by_judge
    filled(path, {0: "0", 1: "?"})
    both = read_labels(path).sample
    np.testing.assert_array_equal(both.judged, judged)
    assert np.nansum(np.isfinite(both.labels)) == 1
    assert not both.by_judge


def test_json_may_hold_numbers_booleans_and_null(tmp_path: Path) -> None:
    path = tmp_path / "sheet.jsonl"
    write_labels(drawn(), path, texts=texts())
    records = [json.loads(line) for line in path.read_text().splitlines()]
    for record, label in zip(records, [1, 0, True, False, None, 1.0], strict=False):
        record["label"] = label
    path.write_text("\n".join(map(json.dumps, records)))
    np.testing.assert_array_equal(read_labels(path).sample.labels[:6], [1, 0, 1, 0, np.nan, 1])


def test_wrong_labels_are_named_with_their_lines_all_at_once(tmp_path: Path) -> None:
    path = tmp_path / "sheet.csv"
    write_labels(drawn(), path, texts=texts("two\nlines"))
    filled(path, {0: "1", 1: "maybe", 3: "2"})
    with pytest.raises(DataError) as caught:
        read_labels(path)
    said = str(caught.value)
    assert f'{path}:4: label is "maybe"; allowed: 1, yes or unsupported' in said
    assert f'{path}:8: label is "2"' in said  # each row takes two lines


@pytest.mark.parametrize(
    ("column", "word", "says"),
    [
        ("probability", "0", "above 0"),
        ("probability", "#REF!", "a number"),
        ("judge", "0.5", "0, 1 or nothing"),
        ("stratum_rows", "1.5E+03", "a whole number"),
        ("stratum_rows", "7", "says otherwise of stratum"),
        ("seed", "8", "is it of another sheet?"),
        ("row", "1", None),
    ],
)
def test_a_damaged_design_is_refused(
    tmp_path: Path, column: str, word: str, says: str | None
) -> None:
    path = tmp_path / "sheet.csv"
    write_labels(drawn(), path, texts=texts())
    filled(path, {1: word, 2: word} if says is None else {2: word}, name=column)
    with pytest.raises(DataError, match=says or "stands on line 3 already"):
        read_labels(path)


def test_absent_columns_rows_and_files_are_named(tmp_path: Path) -> None:
    path = tmp_path / "sheet.csv"
    path.write_text("label,response\n1,yes\n")
    with pytest.raises(DataError, match="no column judge, row, score"):
        read_labels(path)
    path.write_text("label\n")
    with pytest.raises(DataError, match="found no rows"):
        read_labels(path)
    with pytest.raises(DataError, match="cannot be read: No such file"):
        read_labels(tmp_path / "none.csv")
    (tmp_path / "sheet.jsonl").write_text('{"label": 1}\n[]\n')
    with pytest.raises(DataError, match=r"sheet\.jsonl:2: found \[\]; needed: an object"):
        read_labels(tmp_path / "sheet.jsonl")


def test_a_stratum_that_lost_all_its_lines_is_missed(tmp_path: Path) -> None:
    path = tmp_path / "sheet.jsonl"
    write_labels(drawn(), path, texts=texts())
    left = [line for line in path.read_text().splitlines() if json.loads(line)["stratum"] != 2]
    path.write_text("\n".join(left))
    with pytest.raises(DataError, match="some strata have no line left"):
        read_labels(path)


def test_rows_may_be_sorted_and_some_left_out(tmp_path: Path) -> None:
    path = tmp_path / "sheet.jsonl"
    write_labels(drawn(), path, texts=texts())
    lines = path.read_text().splitlines()
    path.write_text("\n".join(sorted(lines, key=lambda line: json.loads(line)["row"])[1:]))
    assert len(read_labels(path).rows) == N - 1


def test_what_a_spreadsheet_of_another_country_saves_is_read(tmp_path: Path) -> None:
    path = tmp_path / "sheet.csv"
    one = drawn()
    write_labels(one, path, texts=texts("Grüße, señor"))
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    numbers = [rows[0].index(name) for name in ("score", "probability", "stratum_mean_score")]
    for row in rows[1:]:
        row[0] = "1"
        for at in numbers:
            row[at] = row[at].replace(".", ",")
    with path.open("w", encoding="cp1252", newline="") as file:
        csv.writer(file, delimiter=";").writerows(rows)
    back = read_labels(path)
    np.testing.assert_allclose(back.sample.scores, one.sample.scores)
    assert back.sample.labels.tolist() == [1.0] * N


HOSTILE = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "'=1", "", " ", "x" * 40_000,
           "\0", "\udc80", "مرحبا", "😀", '"', "a,b\nc;d", "<script>", "\x1b[31m"]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_stay_texts_in_a_spreadsheet(tmp_path: Path, text: str) -> None:
    path = tmp_path / "sheet.csv"
    cut = write_labels(drawn(), path, texts=texts(text))
    assert cut == (N if len(text) > 30_000 else 0)
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == N
    assert rows[0]["response"][:1] not in {"=", "+", "-", "@", "\t", "\r"}
    assert len(rows[0]["response"]) < 32_767
    read_labels(path)


@pytest.mark.parametrize("text", HOSTILE)
def test_json_lines_keep_hostile_texts_whole(tmp_path: Path, text: str) -> None:
    path = tmp_path / "sheet.jsonl"
    write_labels(drawn(), path, texts=texts(text))
    assert json.loads(path.read_text().splitlines()[0])["response"] == text
    read_labels(path)


@given(text=st.text(max_size=40))
def test_escaping_for_spreadsheets_is_undone(text: str) -> None:
    assert unescaped(_safe(text)) == text.replace("\0", "\ufffd")
    assert _safe(text)[:1] not in {"=", "+", "-", "@", "\t", "\r"}
