"""What every page needs beside what it shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeVar

from tidegauge.views.places import ASSET, link

Theme = Literal["auto", "light", "dark"]

View = TypeVar("View", contravariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageContext:
    """The request behind a page: who asks, from where, and what the page may offer."""

    base: str = ""
    """What stands before every address where a proxy adds it: ``/tidegauge``; never ends in /."""
    path: str = "/"
    """Address of this page without ``base``, query included; goes into the field ``back``."""
    csrf: str = ""
    """Value of the hidden field ``csrf``; empty where ``can_write`` is false."""
    user: str = ""
    """Who is signed in; empty where nobody has to."""
    can_write: bool = True
    """Whether to show forms that change something."""
    can_run: bool = False
    """Whether to show the form that starts a run."""
    can_sign_out: bool = False
    """Whether there is a session to end."""
    live: bool = True
    """Whether the page may listen to events; the script reads it from ``data-live`` on body."""
    theme: Theme = "auto"
    """Goes into ``data-theme`` of the root element."""
    now: str = ""
    """ISO 8601, UTC."""
    version: str = ""
    """Of tidegauge."""
    digests: Mapping[str, str] = field(default_factory=dict)
    """Name of an asset -> first digits of its digest, so that browsers may keep it for ever."""
    open_incidents: int = 0
    """For the mark beside the word Incidents."""
    notice: str = ""
    """What the last form did, in one sentence; empty as a rule."""

    def url(self, place: str, query: Mapping[str, object] | None = None, **parts: str) -> str:
        """Address of a place, ``base`` included; print it escaped as anything else.

        Examples
        --------
        >>> PageContext(base="/gauge").url("/runs/{run}", run="3f")
        '/gauge/runs/3f'
        """
        return link(place, self.base, query, **parts)

    def asset(self, name: str) -> str:
        """Address of a file of the folder ``static``.

        Examples
        --------
        >>> PageContext(digests={"app.js": "9f2c"}).asset("app.js")
        '/static/app.js?v=9f2c'
        """
        return link(ASSET, self.base, {"v": self.digests.get(name, "")}, name=name)


class Page(Protocol[View]):
    """A page: a function from a view to a whole HTML document."""

    def __call__(self, view: View, *, page: PageContext) -> str:
        """Write the page."""
        ...
