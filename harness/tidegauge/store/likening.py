"""A text told by how it differs from another one that is much like it.

Both are cut at their commas; a stretch that the other text has too is named by its place there.
Two reports of one suite over one baseline share cards, checks, words and half of each picture.
"""

from __future__ import annotations

import json

from tidegauge.errors import HistoryError

CUT = ","
NEAR = 3
"""Pieces in a row by which a stretch is found again after the texts went apart."""


def differ(text: str, model: str) -> str:
    """Write down how ``text`` differs from ``model``.

    Examples
    --------
    >>> same_as(differ("a,b,c,d,x", "a,b,c,d,e"), "a,b,c,d,e")
    'a,b,c,d,x'
    """
    mine, yours = text.split(CUT), model.split(CUT)
    places: dict[tuple[str, ...], int] = {}
    for place in range(len(yours) - NEAR + 1):
        places.setdefault(tuple(yours[place : place + NEAR]), place)
    moves: list[int] = []
    own: list[str] = []
    here = there = new = 0
    while here < len(mine):
        if there >= len(yours) or mine[here] != yours[there]:
            found = places.get(tuple(mine[here : here + NEAR]))
            if found is None:  # a number in the place of another
                own.append(mine[here])
                here, there, new = here + 1, there + 1, new + 1
                continue
            jump, there = found - there, found
        else:
            jump = 0
        length = 0
        while (
            here + length < len(mine)
            and there + length < len(yours)
            and mine[here + length] == yours[there + length]
        ):
            length += 1
        moves += (new, jump, length)
        here, there, new = here + length, there + length, 0
    moves.append(new)
    return json.dumps(moves, separators=(",", ":")) + CUT.join(own)


def same_as(difference: str, model: str) -> str:
    """Put the text together again.

    Raises
    ------
    HistoryError
        When the difference is not from that model.
    """
    yours = model.split(CUT)
    try:
        moves, end = json.JSONDecoder().raw_decode(difference)
        own = iter(difference[end:].split(CUT))
        pieces: list[str] = []
        there = 0
        for place in range(0, len(moves) - 1, 3):
            new, jump, length = moves[place : place + 3]
            pieces += [next(own) for _ in range(new)]
            there += new + jump
            pieces += yours[there : there + length]
            there += length
        pieces += [next(own) for _ in range(moves[-1])]
    except (ValueError, StopIteration, RuntimeError) as error:
        raise HistoryError("a stored report is damaged") from error
    return CUT.join(pieces)
