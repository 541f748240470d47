"""What the command line must not load."""

from __future__ import annotations

import subprocess
import sys

import pytest

ARRAYS = "import pyarrow as pa; pa.array(['a']); pa.array([1.0]).to_numpy()"
SPARED = f"import sys; from tidegauge.startup import spare_pandas; spare_pandas(); {ARRAYS}; "


def _runs(code: str) -> None:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_arrow_works_without_importing_pandas() -> None:
    _runs(SPARED + "assert 'pandas' not in sys.modules")


def test_pandas_can_still_be_imported_and_its_frames_read() -> None:
    _runs(
        SPARED + "import pandas; table = pa.table(pandas.DataFrame({'x': [1.0, None]}));"
        "assert table['x'].null_count == 1; assert table.to_pandas()['x'].isna().sum() == 1"
    )


@pytest.mark.parametrize("command", [["--version"], ["--help"], ["run", "--help"]])
def test_help_loads_nothing_that_computes(command: list[str]) -> None:
    _runs(
        "import sys; from tidegauge.cli import cli\n"
        f"try: cli.main({command!r})\n"
        "except SystemExit: pass\n"
        "heavy = {'numpy', 'scipy', 'pandas', 'pyarrow', 'sklearn', 'pydantic', 'jinja2', 'rich'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
