"""Which processor models run on."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tidegauge.errors import ModelError
from tidegauge.models import best_device, bounded_threads, gains_from_bfloat16
from tidegauge.models.device import MOST_THREADS, cores, processor_flags


def test_what_is_not_here_is_refused() -> None:
    with pytest.raises(ModelError, match='no device "tpu" here; there is'):
        best_device("tpu")


def test_the_processor_is_always_there() -> None:
    assert best_device("cpu") == "cpu"
    assert best_device() in ("cuda", "mps", "cpu")


def test_bfloat16_is_for_processors_that_multiply_it() -> None:
    told = {"avx512_bf16", "amx_bf16"} & processor_flags()
    assert gains_from_bfloat16("cpu") == bool(told)
    assert not gains_from_bfloat16("mps")


def test_threads_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.delenv("TIDEGAUGE_THREADS", raising=False)
    assert bounded_threads() == min(cores(), MOST_THREADS) >= 1
    monkeypatch.setenv("TIDEGAUGE_THREADS", "1")
    assert bounded_threads() == 1
    monkeypatch.setenv("TIDEGAUGE_THREADS", "many")
    assert bounded_threads() == min(cores(), MOST_THREADS)


def test_models_are_found_without_loading_torch_or_a_hub() -> None:
    code = (
        "import sys, tidegauge.models.listing, tidegauge.doctor, tidegauge.scoring.pipeline\n"
        "heavy = {'torch', 'transformers', 'huggingface_hub', 'pandas', 'tidegauge_evaluators'}\n"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
