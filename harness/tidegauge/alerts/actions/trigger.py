"""Pull a trigger that the suite defines, such as a training."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegauge.errors import TidegaugeError
from tidegauge.incident import Message
from tidegauge.suite.acts import Deed, Start

if TYPE_CHECKING:
    from tidegauge.store import Store
    from tidegauge.suite import Suite


def act(deed: Deed, message: Message, suite: Suite, store: Store) -> None:
    """Do what the trigger stands for."""
    from tidegauge.alerts.actions import doing

    assert isinstance(deed, Start)
    trigger = suite.triggers.get(deed.trigger)
    if trigger is None:
        raise TidegaugeError(f'the suite has no trigger "{deed.trigger}" any more')
    doing(trigger.does)(trigger.does, message, suite, store)
