"""Sample logs of two models, each with a planted incident, and the suites that find them."""

from __future__ import annotations

from pathlib import Path

from tidegauge.demo import credit, support


def write_demo(folder: str | Path, *, seed: int = 0) -> tuple[Path, ...]:
    """Write the sample logs and their suites.

    Parameters
    ----------
    folder
        Where to; made if need be. Files of the same names are replaced.
    seed
        The same seed writes the same rows.

    Returns
    -------
    tuple of Path
        The suites, ready to run: a credit model's, and a support assistant's.
    """
    folder = Path(folder)
    return credit.write(folder, seed=seed), support.write(folder, seed=seed)
