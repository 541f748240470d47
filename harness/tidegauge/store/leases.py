"""Leases: who does what only one of several servers may do, and until when.

A lease that is not renewed runs out by itself, so that a server that dies blocks nobody for long.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from tidegauge.store.history import Store
from tidegauge.store.tables import leases


def take(store: Store, name: str, holder: str, *, seconds: float, now: datetime) -> bool:
    """Take or renew a lease; False where another holds it.

    Parameters
    ----------
    name
        What it is for: ``run credit``.
    holder
        Who asks; the same holder may take it again.
    seconds
        For how long it is good.
    now
        The moment, with a zone.

    Examples
    --------
    >>> import tempfile
    >>> from datetime import UTC
    >>> from tidegauge.store import open_store
    >>> store = open_store(tempfile.mkdtemp() + "/history.db")
    >>> now = datetime(2026, 11, 23, tzinfo=UTC)
    >>> [take(store, "run", who, seconds=60, now=now) for who in ("a", "b", "a")]
    [True, False, True]
    >>> take(store, "run", "b", seconds=60, now=now + timedelta(seconds=61))
    True
    >>> store.close()
    """
    until = now + timedelta(seconds=seconds)
    with store.transaction() as connection:
        held = connection.execute(sa.select(leases).where(leases.c.name == name)).first()
        if held is not None and held.holder != holder and held.until > now:
            return False
        row = {"holder": holder, "until": until}
        if held is None:
            connection.execute(sa.insert(leases).values(name=name, **row))
        else:
            connection.execute(sa.update(leases).where(leases.c.name == name).values(**row))
    return True


def known(store: Store, name: str) -> bool:
    """Whether somebody holds a lease, or let it run out; not so once it was given back."""
    with store.reading() as connection:
        return connection.scalar(sa.select(leases.c.name).where(leases.c.name == name)) is not None


def give_back(store: Store, name: str, holder: str) -> None:
    """End a lease before it runs out; nothing happens where another holds it."""
    with store.transaction() as connection:
        own = (leases.c.name == name) & (leases.c.holder == holder)
        connection.execute(sa.delete(leases).where(own))
