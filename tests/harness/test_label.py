"""From a suite to a sheet, from labels to a rate, with a judge on the loopback interface."""

from __future__ import annotations

import csv
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

pytest.importorskip("httpx2")
pytest.importorskip("sentencex")

from tidegauge.cli.label import label
from tidegauge.errors import DataError, SuiteError, TidegaugeError

ROWS = 300
WRONG = [i % 10 == 0 for i in range(ROWS)]
MISSED = [i % 30 == 0 for i in range(ROWS)]
"""Wrong ones that the judge takes for right."""


class Careless(BaseHTTPRequestHandler):
    """A judge that believes every claim but those about the moon."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        data = json.loads(asked["messages"][1]["content"].split("\n")[1])
        verdicts = [
            {
                "claim": claim["claim"],
                "verdict": "not_in_context" if "moon" in claim["text"] else "supported",
                "quote": "",
            }
            for claim in data["claims"]
        ]
        message = {"content": json.dumps({"verdicts": verdicts})}
        body = json.dumps({"choices": [{"message": message, "finish_reason": "stop"}]}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Careless)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where answers are kept, so that the judge is asked once."""
    return tmp_path_factory.mktemp("kept")


@pytest.fixture
def suite(tmp_path: Path, kept: Path, endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TIDEGAUGE_CACHE", str(kept))
    monkeypatch.chdir(tmp_path)
    said = {
        (True, False): "The parcel is on the moon.",
        (True, True): "The parcel is in Rome.",
        (False, False): "The parcel is in Bern.",
    }
    table = pa.table(
        {
            "key": [f"=k{i}" for i in range(ROWS)],
            "answer": [
                f"{said[wrong, missed]} It is number {i}."
                for i, (wrong, missed) in enumerate(zip(WRONG, MISSED, strict=True))
            ],
            "passages": [None if i == 7 else f"Parcel {i} is in Bern." for i in range(ROWS)],
            "talk": [f"t{i // 2}" for i in range(ROWS)],
            "region": ["ab"[i % 2] for i in range(ROWS)],
        }
    )
    pq.write_table(table, tmp_path / "log.parquet")
    path = tmp_path / "suite.yaml"
    path.write_text(
        "suite: parcels\n"
        "logs: {baseline: {path: log.parquet}, current: {path: log.parquet}}\n"
        "columns: {id: key, response: answer, context: passages, conversation: talk}\n"
        "scorers:\n"
        f"  - hallucination.judge: {{endpoint: '{endpoint}', model: careless, as: grounded}}\n"
        "policy: {seed: 3}\n"
    )
    return path


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(label, [str(word) for word in words], catch_exceptions=False)


def sheet(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def fill(path: Path) -> None:
    """Label every row of a sheet with the truth."""
    rows = sheet(path)
    for row in rows:
        row["label"] = "yes" if WRONG[int(row["row"])] else "no"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def test_a_sheet_is_drawn_labelled_and_read_back(suite: Path, tmp_path: Path) -> None:
    done = run(suite, "-n", "120", "-o", tmp_path / "labels.csv")
    assert done.exit_code == 0
    assert "120 of 299 rows, drawn by grounded" in done.output
    assert "1 further rows have nothing to judge" in done.output
    assert "1 where the context does not bear out" in done.output
    rows = sheet(tmp_path / "labels.csv")
    assert len(rows) == 120
    assert "7" not in {row["row"] for row in rows}
    for row in rows:
        at = int(row["row"])
        assert row["id"] == f"'=k{at}"  # no spreadsheet takes it for a formula
        assert row["response"].endswith(f"It is number {at}.")
        assert row["context"] == f"Parcel {at} is in Bern."
        assert float(row["score"]) == float(WRONG[at] and not MISSED[at])
    drawn_wrong = sum(row["score"] == "1.0" for row in rows)
    assert drawn_wrong > 120 * sum(WRONG) / ROWS  # more of the rare kind than by chance

    fill(tmp_path / "labels.csv")
    told = run(suite, "--read", tmp_path / "labels.csv")
    assert told.exit_code == 0
    first = told.output.splitlines()[0]
    assert first.startswith("grounded: the true rate is")
    rate = float(first.split("is ")[1].split(" %")[0])
    assert rate == pytest.approx(10.0, abs=4.0)  # the judge alone says 6.7 %
    assert "kappa of scorer and labels" in told.output
    assert "rows in the log: 299" in told.output


def test_a_judge_labels_the_drawn_rows_and_is_held_against_people(
    suite: Path, tmp_path: Path, endpoint: str
) -> None:
    judge = f"{{hallucination.judge: {{endpoint: '{endpoint}', model: other, price_in: 1.0}}}}"
    done = run(suite, "-n", "100", "--judge", judge, "-o", tmp_path / "labels.csv")
    assert "the judge decided on 100 of 100 rows" in done.output
    assert "requests: 100" in done.output
    rows = sheet(tmp_path / "labels.csv")
    assert {row["label"] for row in rows} == {""}
    assert all(float(row["judge"]) == float(row["score"]) for row in rows)  # it is the same one
    assert "the judge alone" in run(suite, "--read", tmp_path / "labels.csv").output
    fill(tmp_path / "labels.csv")
    told = run(suite, "--read", tmp_path / "labels.csv").output
    assert "kappa of judge and labels" in told
    assert "the judge alone" not in told


def test_a_judge_that_is_none_is_refused_before_any_work(suite: Path, tmp_path: Path) -> None:
    with pytest.raises(TidegaugeError, match="holds no YAML"):
        run(suite, "--judge", "{")
    with pytest.raises(SuiteError, match="nothing provides"):
        run(suite, "--judge", "hallucination.jugde")
    with pytest.raises(SuiteError, match="makes no decision"):
        run(suite, "--judge", "text.length")
    assert not (tmp_path / "labels.csv").exists()


def test_drawing_again_draws_the_same(suite: Path, tmp_path: Path) -> None:
    for name in ("a.jsonl", "b.jsonl"):
        assert run(suite, "-n", "50", "-o", tmp_path / name).exit_code == 0
    assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes()


def test_slices_are_drawn_from_each(suite: Path, tmp_path: Path) -> None:
    run(suite, "-n", "60", "--by", "region", "-o", tmp_path / "labels.csv")
    slices = {row["stratum_slice"] for row in sheet(tmp_path / "labels.csv")}
    assert slices == {"region=a", "region=b"}
    with pytest.raises(SuiteError, match='no column "regoin"'):
        run(suite, "--by", "regoin", "-o", tmp_path / "more.csv")


def test_turns_of_one_conversation_are_told_apart_from_rows(suite: Path, tmp_path: Path) -> None:
    run(suite, "-n", "200", "-o", tmp_path / "labels.csv")
    rows = sheet(tmp_path / "labels.csv")
    together = {(int(row["row"]) // 2, row["cluster"]) for row in rows}
    assert len(together) == len({talk for talk, _ in together}) == len({c for _, c in together})


def test_work_is_never_overwritten(suite: Path, tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text("work")
    with pytest.raises(TidegaugeError, match="exists already"):
        run(suite)
    assert (tmp_path / "labels.csv").read_text() == "work"


def test_a_suite_without_the_scorer_says_so(suite: Path, tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match='no scorer "toxicity'):
        run(suite, "--scorer", "toxicity.embedded")
    bare = tmp_path / "bare.yaml"
    bare.write_text(suite.read_text().replace("scorers:", "preset: none\n#").replace("  - ", "# "))
    with pytest.raises((SuiteError, DataError)):
        run(bare)


def test_labels_of_too_few_rows_are_no_rate(suite: Path, tmp_path: Path) -> None:
    run(suite, "-n", "50", "-o", tmp_path / "labels.csv")
    with pytest.raises(TidegaugeError, match="rows with a label"):
        run(suite, "--read", tmp_path / "labels.csv")
