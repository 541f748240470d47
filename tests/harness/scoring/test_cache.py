"""Results between runs: exact, bounded, shared by processes, and never worth a run."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest

from tidegauge.scoring import Cache
from tidegauge.scoring.cache import MEGABYTES
from tidegauge.scoring.keys import row_key, unit_key

NUMBERS = range(3_000)


def key(at: int) -> bytes:
    return at.to_bytes(32, "big")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "scores.sqlite"


def test_nothing_is_known_at_first_and_asking_for_nothing_is_fine(file: Path) -> None:
    cache = Cache(file)
    assert cache.get([]) == {}
    assert not file.exists()
    assert cache.get([b"a"]) == {}
    cache.put({})
    cache.close()
    assert cache.notes == ()


def test_bytes_come_back_as_they_were_in_any_number(file: Path) -> None:
    entries = {key(at): bytes([at % 256]) * (at % 50) for at in NUMBERS}
    cache = Cache(file)
    cache.put(entries)
    cache.close()
    assert cache.get([*entries, b"unknown"]) == entries
    cache.put({key(1): b"newer"})
    assert cache.get([key(1)]) == {key(1): b"newer"}
    cache.close()


def test_keys_tell_apart_what_differs() -> None:
    rows = [{"a": "bc"}, {"ab": "c"}, {"a": "b", "c": ""}, {}, {"a": ""}, {"a": "\0"}, {"a": ";"}]
    keys = {row_key("x", row) for row in rows} | {row_key("y", row) for row in rows}
    units = [("ab",), ("a", "b"), ("", "ab"), ("\ud83d\ude00",), ("😀",), ("\ud83d", "\ude00")]
    keys |= {unit_key("x", unit) for unit in units}
    assert len(keys) == 2 * len(rows) + len(units)


def test_the_file_stays_within_its_bound_and_the_oldest_leave(file: Path) -> None:
    clock = [0.0]
    cache = Cache(file, megabytes=2, now=lambda: clock[0])
    for at in range(60):
        clock[0] += 3_600
        cache.put({key(at): os.urandom(50_000)})
        if at >= 5:
            assert cache.get([key(5)]), "used every hour"
    assert cache.get([key(59)])
    assert not cache.get([key(0)])
    assert cache.size() <= 2 * 2**20
    cache.close()
    assert cache.notes == ()
    assert file.stat().st_size <= 2.2 * 2**20


def test_an_entry_beyond_the_bound_is_not_kept(file: Path) -> None:
    cache = Cache(file, megabytes=1)
    cache.put({key(0): os.urandom(2**21)})
    assert cache.get([key(0)]) == {}
    assert cache.notes == ()
    cache.close()


@pytest.mark.parametrize(("said", "megabytes"), [("5", 5), ("no number", MEGABYTES), ("-1", 0)])
def test_the_bound_is_read_from_the_environment(
    said: str, megabytes: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TIDEGAUGE_CACHE_MB", said)
    monkeypatch.setenv("TIDEGAUGE_CACHE", str(tmp_path / "here"))
    cache = Cache()
    assert cache.bytes == megabytes * 2**20
    assert cache.file.parent == tmp_path / "here"


WRITER = """
import sys
from pathlib import Path
from tidegauge.scoring import Cache
cache, name = Cache(Path(sys.argv[1])), int(sys.argv[2])
for start in range(0, 3000, 20):
    mine = {(name * 10**6 + at).to_bytes(32, "big"): b"%d" % at for at in range(start, start + 20)}
    shared = {at.to_bytes(32, "big"): b"%d" % at for at in range(start, start + 20)}
    cache.put(mine | shared)
    found = cache.get(list(mine | shared))
    assert found == mine | shared, (len(found), cache.notes)
cache.close()
sys.exit("; ".join(cache.notes) or 0)
"""


def test_two_processes_may_write_at_once(file: Path) -> None:
    both = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(file), name], stderr=subprocess.PIPE)
        for name in ("1", "2")
    ]
    for process in both:
        _, said = process.communicate(timeout=120)
        assert process.returncode == 0, said.decode()
    cache = Cache(file)
    for name in (0, 1, 2):
        wanted = {(name * 10**6 + at).to_bytes(32, "big"): b"%d" % at for at in NUMBERS}
        assert cache.get(list(wanted)) == wanted
    cache.close()


def test_threads_may_share_a_cache(file: Path) -> None:
    cache = Cache(file)
    found: list[int] = []

    def work(name: int) -> None:
        for at in range(100):
            cache.put({key(1_000 * name + at): b"x"})
        found.append(len(cache.get([key(1_000 * name + at) for at in range(100)])))

    threads = [threading.Thread(target=work, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    cache.close()
    assert found == [100] * 4


@pytest.mark.parametrize("damage", ["all", "middle"])
def test_a_damaged_file_is_set_aside_and_begun_anew(file: Path, damage: str) -> None:
    cache = Cache(file)
    cache.put({key(at): os.urandom(500) for at in NUMBERS})
    cache.close()
    whole = bytearray(file.read_bytes())
    if damage == "all":
        whole[:] = b"no database " * (len(whole) // 12)
    else:
        whole[4_096 : len(whole) // 2] = os.urandom(len(whole) // 2 - 4_096)
    file.write_bytes(whole)
    cache.get([key(at) for at in NUMBERS])
    cache.put({key(0): b"anew"})
    assert cache.get([key(0)]) == {key(0): b"anew"}
    (note,) = cache.notes
    assert "was damaged" in note
    assert "begun anew" in note
    assert file.with_name("scores.sqlite.damaged").exists()
    cache.close()


def test_a_full_disk_ends_keeping_but_not_reading(file: Path) -> None:
    cache = Cache(file)
    cache.put({key(0): b"kept"})
    cache._open().execute("PRAGMA max_page_count = 20")  # SQLite then says the disk is full
    cache.put({key(1): os.urandom(200_000)})
    (note,) = cache.notes
    assert "results are not kept" in note
    assert "full" in note
    assert cache.get([key(0), key(1)]) == {key(0): b"kept"}
    cache.put({key(2): b"not tried again"})
    assert len(cache.notes) == 1
    cache.close()


def test_a_place_that_cannot_be_written_means_no_cache(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a file, no folder")
    cache = Cache(tmp_path / "file" / "scores.sqlite")
    cache.put({key(0): b"x"})
    assert cache.get([key(0)]) == {}
    (note,) = cache.notes
    assert "results are not kept" in note
    cache.close()


READER = """
import os, sys
from pathlib import Path
import tidegauge.catalog
from tidegauge.scoring import Cache
if os.geteuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)  # root may write everywhere
cache = Cache(Path(sys.argv[1]))
cache.put({b"a": b"new"})
found = cache.get([b"k", b"a"])
cache.put({b"a": b"new"})
assert found == {b"k": b"kept"}, (found, cache.notes)
assert len(cache.notes) == 1 and "not kept" in cache.notes[0], cache.notes
cache.close()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="permissions are POSIX")
def test_a_file_that_may_only_be_read_is_read() -> None:
    with tempfile.TemporaryDirectory() as name:  # pytest's own folders are closed to others
        folder = Path(name)
        cache = Cache(folder / "scores.sqlite")
        cache.put({b"k": b"kept"})
        cache.close()
        cache.file.chmod(0o444)
        folder.chmod(0o555)
        command = [sys.executable, "-c", READER, str(cache.file)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        folder.chmod(0o755)
        assert done.returncode == 0, done.stderr


def test_a_file_that_is_busy_for_long_costs_the_entry_not_the_run(file: Path) -> None:
    cache = Cache(file)
    cache.put({key(0): b"x"})
    cache._open().execute("PRAGMA busy_timeout = 50")
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    cache.put({key(1): b"y"})
    assert "was busy" in cache.notes[0]
    assert cache.get([key(0)]) == {key(0): b"x"}
    other.execute("COMMIT")
    other.close()
    cache.put({key(1): b"y"})
    assert cache.get([key(1)]) == {key(1): b"y"}
    cache.close()


def test_many_keys_are_read_fast(file: Path) -> None:
    entries = {key(at): b'[[0.123456789, false], 0, ""]' for at in range(20_000)}
    cache = Cache(file)
    cache.put(entries)
    started = time.process_time()
    assert len(cache.get(list(entries))) == len(entries)
    assert len(entries) / (time.process_time() - started) > 50_000
    cache.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_process_opens_the_file_anew(file: Path) -> None:
    cache = Cache(file)
    cache.put({key(0): b"x"})
    script = (
        "import os, sys; from pathlib import Path; from tidegauge.scoring import Cache\n"
        "cache = Cache(Path(sys.argv[1])); cache.put({b'a': b'parent'})\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    cache.put({b'b': b'child'}); os._exit(cache.get([b'a', b'b']) == {} or 0)\n"
        "os.waitpid(child, 0)\n"
        "found = cache.get([b'a', b'b']); cache.close()\n"
        "sys.exit(found != {b'a': b'parent', b'b': b'child'} or cache.notes != ())"
    )
    assert subprocess.run([sys.executable, "-c", script, str(file)], timeout=60).returncode == 0
    assert cache.get([b"b"]) == {b"b": b"child"}
    cache.close()
