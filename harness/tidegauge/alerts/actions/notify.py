"""Tell people through apprise, which speaks to a hundred services."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterable
from typing import TYPE_CHECKING

from tidegauge.alerts.filling import filled
from tidegauge.alerts.texts import body_of, title_of
from tidegauge.errors import MissingExtraError, TidegaugeError
from tidegauge.incident import Message
from tidegauge.suite.acts import Deed, Notify

if TYPE_CHECKING:
    from tidegauge.store import Store
    from tidegauge.suite import Suite

KEYED = ("json", "jsons", "form", "forms", "xml", "xmls")
"""Services of apprise that take headers: they get the idempotency key as one."""


def act(deed: Deed, message: Message, suite: Suite, store: Store) -> None:
    """Tell everybody at the deed's places."""
    assert isinstance(deed, Notify)
    tell(deed.places, message)


def tell(places: Iterable[str], message: Message, *, more: str = "") -> None:
    """Send a message to places, each as a suite holds it.

    Raises
    ------
    TidegaugeError
        When apprise is not installed, cannot read a place, or a service took nothing.
    """
    try:
        import apprise
    except ImportError:
        raise MissingExtraError(
            "telling people needs an optional dependency", 'pip install "tidegauge[alerts]"'
        ) from None

    logging.getLogger("apprise").setLevel(logging.CRITICAL)  # it logs URLs
    title, body = title_of(message), "\n\n".join(filter(None, (body_of(message), more)))
    kinds = {"resolved": apprise.NotifyType.SUCCESS}
    by_severity = {"critical": apprise.NotifyType.FAILURE, "warn": apprise.NotifyType.WARNING}
    kind = kinds.get(message.event) or by_severity.get(message.severity, apprise.NotifyType.INFO)
    failed = []
    for number, place in enumerate(places, 1):
        sender = apprise.Apprise()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its services import what Python will do without
            known = sender.add(_keyed(filled(place), message.key))
            sent = known and sender.notify(
                title=title, body=body, notify_type=kind, body_format=apprise.NotifyFormat.TEXT
            )
        if not known:
            failed.append(f"apprise does not know the service of address {number}")
        elif not sent:
            failed.append(f"the service at address {number} ({_service(place)}) took nothing")
    if failed:
        raise TidegaugeError("; ".join(failed), "try it: tidegauge incidents test-actions SUITE")


def _service(place: str) -> str:
    return place.partition("://")[0] if "://" in place else "from the environment"


def _keyed(url: str, key: str) -> str:
    """Add the idempotency key as a header, where a service takes headers."""
    if url.partition("://")[0].lower() not in KEYED:
        return url
    return f"{url}{'&' if '?' in url else '?'}+Idempotency-Key={key}"
