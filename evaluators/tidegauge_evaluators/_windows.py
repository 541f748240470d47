"""Long texts as overlapping pieces that a model sees whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence

SEARCHED = 0.25
"""Part of a window that is given up to end it where a word ends."""


def cut(
    text: str,
    offsets: Sequence[tuple[int, int]],
    room: int,
    overlap: int,
    excess: Callable[[str], int],
) -> list[str]:
    """Cut a text at token borders into pieces of at most ``room`` tokens, covering all of it.

    Parameters
    ----------
    text
        The text.
    offsets
        First character and end of each of its tokens, in order.
    room
        Tokens a piece may have.
    overlap
        Tokens that neighbours share, at most a quarter of the room.
    excess
        Tokens by which a piece is too long when tokenised by itself, which differs where a cut
        falls inside a word.

    Examples
    --------
    >>> words = [(0, 3), (4, 7), (8, 11), (12, 15), (16, 19)]
    >>> cut("one two six ten few", words, 4, 1, lambda piece: 0)
    ['one two six ten ', 'ten few']
    """
    overlap = min(overlap, room // 4)
    n, begin = len(offsets), 0
    pieces = []
    while True:
        end = n if n - begin <= room else _word_start(text, offsets, begin, begin + room)
        start = offsets[begin][0] if begin else 0
        piece = text[start : _character(text, offsets, end)]
        while end - begin > 1 and (over := excess(piece)) > 0:
            end = max(begin + 1, end - over)
            piece = text[start : _character(text, offsets, end)]
        pieces.append(piece)
        if end >= n:
            return pieces
        # Tokens of one character share its place: the next piece must begin behind this one's.
        behind = next((i for i in range(begin + 1, end) if offsets[i][0] > start), end)
        begin = max(behind, _word_start(text, offsets, behind, end - overlap))


def _character(text: str, offsets: Sequence[tuple[int, int]], token: int) -> int:
    return offsets[token][0] if token < len(offsets) else len(text)


def _word_start(text: str, offsets: Sequence[tuple[int, int]], begin: int, end: int) -> int:
    """Last token up to ``end`` that starts a word, or ``end`` where none is near."""
    for token in range(end, begin + int((end - begin) * (1 - SEARCHED)), -1):
        first = offsets[token][0]
        if text[first : first + 1].isspace() or text[first - 1 : first].isspace():
            return token
    return end
