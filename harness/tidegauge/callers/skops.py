"""The door to scikit-learn models in skops' format, which holds no code."""

from __future__ import annotations

from pathlib import Path

from tidegauge.callers.asking import Asked, first_line, listed
from tidegauge.callers.python import ask_object
from tidegauge.callers.spec import Spec
from tidegauge.errors import MissingExtraError, ModelError


def open_skops(path: Path, spec: Spec) -> Asked:
    """Load a ``.skops`` file whose types are all known to skops or listed as trusted.

    Raises
    ------
    MissingExtraError
        When skops is not installed.
    ModelError
        When the file is damaged, or holds types that nobody vouched for.
    """
    try:
        from skops import io
    except ImportError as error:
        raise MissingExtraError(
            f"{path.name} needs skops, which is not installed", 'pip install "tidegauge[skops]"'
        ) from error
    try:
        untrusted = [
            str(one) for one in io.get_untrusted_types(file=path) if one not in spec.trusted
        ]
        if not untrusted:
            return ask_object(io.load(path, trusted=list(spec.trusted)), spec, path.name)
    except ModelError:
        raise
    except Exception as error:  # damaged files raise whatever their bytes lead to
        raise ModelError(
            f"{path}: cannot be loaded by skops: {type(error).__name__}: {first_line(error)}"
        ) from error
    raise ModelError(
        f"{path}: holds types that skops does not know to be safe: {listed(untrusted)}",
        "where you know each of them, list them: "
        f"{{path: {path.name}, trusted: [{', '.join(untrusted)}]}}",
    )
