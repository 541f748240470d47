"""Benchmarks are programs, not a package: their folder goes on the path, as when one is run."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))
