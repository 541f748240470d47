"""Text that others wrote, made safe for a terminal."""

from __future__ import annotations


def plain(text: str) -> str:
    r"""Replace what is no character to print, line ends apart: it could steer the terminal.

    Examples
    --------
    >>> plain("a\x1b[31mb\nc")
    'a?[31mb\nc'
    """
    return "".join(c if c.isprintable() or c == "\n" else "?" for c in text)
