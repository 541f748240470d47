"""What an action does: one file a kind, found by what the suite asks for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

from tidegauge.incident import Message
from tidegauge.suite.acts import KINDS, Deed

if TYPE_CHECKING:
    from tidegauge.store import Store
    from tidegauge.suite import Suite


class Doing(Protocol):
    """Does a deed for a message; raises where it could not, and says nothing where it could."""

    def __call__(self, deed: Deed, message: Message, suite: Suite, store: Store) -> None:
        """Do it."""
        ...


def doing(deed: Deed) -> Doing:
    """Find the function that does a deed: ``tidegauge.alerts.actions.KIND.act``."""
    module = import_module(f"{__name__}.{KINDS[type(deed)]}")
    return cast(Doing, module.act)


def texts_of(deed: Deed, suite: Suite) -> tuple[str, ...]:
    """List the texts of a deed that may hold secrets, as the suite holds them."""
    from tidegauge.suite import acts

    match deed:
        case acts.Notify():
            return deed.places
        case acts.Webhook():
            return (deed.url, deed.secret, *deed.headers.values())
        case acts.Command():
            return (*deed.environment.values(),)
        case acts.Airflow():
            return (deed.url, deed.token)
        case acts.Start():
            trigger = suite.triggers.get(deed.trigger)
            return texts_of(trigger.does, suite) if trigger else ()
        case acts.Investigate():
            return tuple(place for owner in suite.owners.values() for place in owner.places)
        case acts.Publish():
            return tuple(deed.settings.values())
