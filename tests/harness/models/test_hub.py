"""Fetching from a hub: a real server that speaks the few addresses its client asks for."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tidegauge.models import Shelf

pytest.importorskip("huggingface_hub")
COMMIT = "d" * 40
FILES = {
    "config.json": b'{"id2label": {"0": "fine", "1": "toxic"}}',
    "tokenizer.json": b"{}",
    "model.safetensors": b"numbers",
    "pytorch_model.bin": b"a pickle that nobody asked for",
    "onnx/model.onnx": b"for another runtime",
    "modeling_evil.py": b"raise SystemExit",
    "README.md": b"---\nlicense: mit\n---\n",
}


class Hub(BaseHTTPRequestHandler):
    """Knows one model, ``team/tiny``."""

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def log_message(self, format: str, *args: object) -> None:
        self.server.asked.append(self.path)  # type: ignore[attr-defined]

    def _answer(self, *, with_body: bool) -> None:
        path = self.path.partition("?")[0]
        if path.startswith("/api/models/team/tiny"):
            if "/tree/" in path:
                listed = [
                    {"type": "file", "path": n, "size": len(b), "oid": hashlib.sha1(b).hexdigest()}
                    for n, b in FILES.items()
                ]
                self._send(200, json.dumps(listed).encode(), "application/json", with_body)
                return
            info = {
                "id": "team/tiny",
                "modelId": "team/tiny",
                "sha": COMMIT,
                "private": False,
                "tags": [],
                "siblings": [{"rfilename": name} for name in FILES],
            }
            self._send(200, json.dumps(info).encode(), "application/json", with_body)
            return
        name = path.removeprefix(f"/team/tiny/resolve/{COMMIT}/")
        if name in FILES:
            self._send(200, FILES[name], "application/octet-stream", with_body)
        else:
            self._send(404, b"{}", "application/json", with_body)

    def _send(self, code: int, body: bytes, kind: str, with_body: bool) -> None:
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", f'"{hashlib.sha1(body).hexdigest()}"')
        self.send_header("X-Repo-Commit", COMMIT)
        if code == 404:
            self.send_header("X-Error-Code", "RepoNotFound")
        self.end_headers()
        if with_body:
            self.wfile.write(body)


@pytest.fixture
def hub() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    server.asked = []  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def command(*args: str, tmp_path: Path, **env: str) -> subprocess.CompletedProcess[str]:
    code = (
        "import sys; from tidegauge.cli.models import models; from tidegauge.errors import "
        "TidegaugeError\ntry: sys.exit(models.main(standalone_mode=False))\n"
        "except TidegaugeError as e: print(e); sys.exit(2)"
    )
    return python(code, *args, tmp_path=tmp_path, **env)


def python(code: str, *args: str, tmp_path: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run in a process of its own: the hub's client reads its variables when imported."""
    kept = {k: v for k, v in os.environ.items() if "proxy" not in k.lower()}
    kept.pop("HF_HUB_OFFLINE", None)
    places = {
        "HF_HOME": str(tmp_path / "hf"),
        "TIDEGAUGE_MODELS": str(tmp_path / "models"),
        "TIDEGAUGE_CACHE": str(tmp_path / "cache"),
        "HF_HUB_DISABLE_XET": "1",
    }
    return subprocess.run(
        [sys.executable, "-c", code, *args],
        env={**kept, **places, **env},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_a_model_is_fetched_sealed_and_found(hub: ThreadingHTTPServer, tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{hub.server_address[1]}"
    done = command("pull", "team/tiny", tmp_path=tmp_path, HF_ENDPOINT=url)
    assert done.returncode == 0, done.stdout + done.stderr
    folder = Shelf(folder=tmp_path / "models").find("team/tiny")
    there = {f.relative_to(folder.path).as_posix() for f in folder.path.rglob("*") if f.is_file()}
    safe = {"config.json", "tokenizer.json", "model.safetensors", "README.md"}
    assert there == safe | {"tidegauge-model.json"}, "neither pickles nor code"
    assert folder.sealed
    assert folder.manifest.source == f"team/tiny at {COMMIT}"
    assert (folder.manifest.licence, folder.manifest.labels) == ("mit", ("fine", "toxic"))

    asked = len(hub.asked)  # type: ignore[attr-defined]
    again = command("pull", "team/tiny", tmp_path=tmp_path, HF_ENDPOINT=url)
    assert again.returncode == 0
    assert len(hub.asked) == asked, "what is here is not fetched again"  # type: ignore[attr-defined]

    found = command("list", tmp_path=tmp_path).stdout
    assert "team/tiny" in found
    assert "matches its manifest" in found
    (folder.path / "model.safetensors").write_bytes(b"changed")
    checked = command("verify", tmp_path=tmp_path)
    assert checked.returncode == 2
    assert "damaged  team/tiny" in checked.stdout


def test_an_unknown_model_and_no_hub_are_told_with_a_way_out(
    hub: ThreadingHTTPServer, tmp_path: Path
) -> None:
    url = f"http://127.0.0.1:{hub.server_address[1]}"
    for name, env in (
        ("team/other", {"HF_ENDPOINT": url}),
        ("team/tiny", {"HF_ENDPOINT": "http://127.0.0.1:9"}),
        ("team/tiny", {"HF_ENDPOINT": url, "HF_HUB_OFFLINE": "1"}),
    ):
        done = command("pull", name, tmp_path=tmp_path, **env)
        assert done.returncode == 2, done.stdout + done.stderr
        assert f"{name} could not be fetched" in done.stdout
        assert "name it by its path" in done.stdout
    assert not list((tmp_path / "models").glob("[!.]*"))


FIND = """
import sys
from tidegauge.models import Shelf
from tidegauge.errors import ModelError
try:
    print(Shelf(allow_download=sys.argv[1] == "yes").find("team/tiny").path)
except ModelError as error:
    print(error.hint)
"""


def test_a_run_fetches_only_where_it_is_allowed_to(
    hub: ThreadingHTTPServer, tmp_path: Path
) -> None:
    url = f"http://127.0.0.1:{hub.server_address[1]}"
    refused = python(FIND, "no", tmp_path=tmp_path, HF_ENDPOINT=url)
    assert "tidegauge models pull team/tiny" in refused.stdout, refused.stderr
    assert hub.asked == []  # type: ignore[attr-defined]
    allowed = python(FIND, "yes", tmp_path=tmp_path, HF_ENDPOINT=url)
    assert allowed.stdout.strip() == str(tmp_path / "models" / "team--tiny"), allowed.stderr
