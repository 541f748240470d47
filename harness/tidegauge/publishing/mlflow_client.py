"""The door to an MLflow server: imported late and without telemetry, complaints in words."""

from __future__ import annotations

import os
import socket
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import SplitResult, urlsplit
from urllib.request import getproxies, proxy_bypass

from tidegauge.errors import MissingExtraError, TidegaugeError

WAIT = 5.0
"""Seconds in which a server has to take a connection: MLflow itself tries for minutes."""
HINT = "name the server by --mlflow, tracking_uri or MLFLOW_TRACKING_URI"


def client_of(tracking_uri: str = "") -> Any:
    """Open a client of a tracking server and its model registry.

    Parameters
    ----------
    tracking_uri
        ``http://host:5000``, ``sqlite:///mlflow.db`` or a folder; empty = as MLflow is set up.

    Raises
    ------
    MissingExtraError
        When MLflow is not installed.
    TidegaugeError
        When none is named, or nothing answers there.
    """
    mlflow = library()
    if not tracking_uri and not mlflow.is_tracking_uri_set():
        raise TidegaugeError("no MLflow server is named", HINT)
    uri = tracking_uri or mlflow.get_tracking_uri()
    _reach(uri)
    with told(uri):
        return mlflow.MlflowClient(tracking_uri=uri, registry_uri=tracking_uri or None)


def library() -> Any:
    """Import MLflow; it sends usage data unless it is told not to before."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # importing it warns about itself
            import mlflow
            import mlflow.artifacts
            import mlflow.entities
            import mlflow.exceptions
    except ImportError as error:
        raise MissingExtraError(
            "MLflow is not installed", 'pip install "tidegauge[mlflow]"'
        ) from error
    return mlflow


@contextmanager
def told(uri: str) -> Iterator[None]:
    """Say in words what MLflow, or the way to it, complained of."""
    mlflow = library()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except mlflow.exceptions.MlflowException as error:
        said = (str(error).splitlines() or [type(error).__name__])[0]
        raise TidegaugeError(f"MLflow at {shown(uri)}: {said}", HINT) from error
    except OSError as error:  # what requests raises is one, too
        raise TidegaugeError(f"MLflow at {shown(uri)}: {error}", HINT) from error


def shown(uri: str) -> str:
    """Name a server without the password that its address may hold.

    Examples
    --------
    >>> shown("https://me:secret@flow.example:5000/x")
    'https://flow.example:5000/x'
    """
    parts = urlsplit(uri)
    if "@" not in parts.netloc:
        return uri
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _reach(uri: str) -> None:
    parts = urlsplit(uri)
    if parts.scheme not in ("http", "https") or not parts.hostname or _through_proxy(parts):
        return
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
        socket.create_connection((parts.hostname, port), timeout=WAIT).close()
    except (OSError, ValueError) as error:
        raise TidegaugeError(f"MLflow at {shown(uri)}: {error}", HINT) from error


def _through_proxy(parts: SplitResult) -> bool:
    """Whether a proxy stands between, which only MLflow's own requests go through."""
    return parts.scheme in getproxies() and not proxy_bypass(parts.hostname or "")
