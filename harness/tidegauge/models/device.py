"""Which processor a model runs on, and how."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path

from tidegauge.errors import ModelError

DEVICES = ("cuda", "mps", "cpu")
THREADS = "TIDEGAUGE_THREADS"
"""Environment variable that bounds the threads of a model."""
MOST_THREADS = 16
"""Encoder batches stop gaining beyond about this many cores."""


def best_device(asked: str = "") -> str:
    """Name the processor to run on: ``cuda``, else ``mps``, else ``cpu``.

    Parameters
    ----------
    asked
        One of these, ``cuda:1`` for a further card, or empty for the best there is.

    Raises
    ------
    ModelError
        When what was asked for is not there.
    """
    there = _devices()
    if not asked:
        return there[0]
    if asked.partition(":")[0] not in there:
        raise ModelError(
            f'no device "{asked}" here; there is {" and ".join(there)}',
            "leave the device out to take the best there is",
        )
    return asked


@cache
def gains_from_bfloat16(device: str) -> bool:
    """Whether matrix products in bfloat16 are faster than in float32 on a device.

    They are on CUDA from compute capability 8.0, and on processors with AMX or AVX-512 bfloat16
    instructions; elsewhere they are emulated and slower.
    """
    kind, _, number = device.partition(":")
    if kind == "cuda":
        import torch

        return torch.cuda.get_device_capability(int(number or 0)) >= (8, 0)
    return kind == "cpu" and bool({"avx512_bf16", "amx_bf16"} & processor_flags())


def bounded_threads() -> int:
    """Threads a model may use: the cores this process may run on, at most 16.

    ``$TIDEGAUGE_THREADS`` and ``$OMP_NUM_THREADS`` bound it further; a container's share of
    processor time counts as cores.
    """
    bounds = [cores(), MOST_THREADS]
    for variable in (THREADS, "OMP_NUM_THREADS"):
        with suppress(ValueError):
            bounds.append(int(os.environ.get(variable, "").partition(",")[0]))
    return max(1, min(bounds))


def cores() -> int:
    """Cores this process may run on, by affinity and by the container's quota."""
    affine = getattr(os, "sched_getaffinity", None)  # not on macOS and Windows
    count = len(affine(0)) if affine else os.cpu_count() or 1
    with suppress(OSError, ValueError):
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="ascii").split()
        count = min(count, max(1, round(int(quota) / int(period))))
    return count


@cache
def processor_flags() -> frozenset[str]:
    """Instruction sets of this processor, where Linux lists them."""
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("flags"):
                return frozenset(line.partition(":")[2].split())
    return frozenset()


@cache
def _devices() -> tuple[str, ...]:
    if not _may_have_accelerator():  # spares the import, which costs more than a run from cache
        return ("cpu",)
    try:
        import torch
    except ImportError:
        return ("cpu",)
    cuda = ("cuda",) if torch.cuda.is_available() else ()
    mps = ("mps",) if torch.backends.mps.is_available() else ()
    return (*cuda, *mps, "cpu")


def _may_have_accelerator() -> bool:
    """Whether asking torch can bring another answer than the processor."""
    if sys.platform != "linux":
        return True
    return any(
        Path("/dev", name).exists()
        for name in ("nvidiactl", "nvidia0", "nvhost-ctrl", "dxg", "kfd")
    )
