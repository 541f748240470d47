"""Pages that show no run: an error, and the way in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorView:
    """Page ``error``: what went wrong, and what to do. Its texts may hold what a visitor sent."""

    status: int
    """HTTP status: 404, 403 ..."""
    title: str
    """In a few words: "No such run"."""
    because: str
    """One sentence."""
    hint: str = ""
    """The next step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginView:
    """Page ``login``: asks for the token. Form to ``places.LOGIN``: token, back, csrf."""

    back: str = "/"
    """Where to go afterwards, without base."""
    trouble: str = ""
    """Why the last attempt failed; empty at first."""
