"""Posts JSON over HTTP: no redirects, few bytes read back, a few attempts with growing waits."""

from __future__ import annotations

import random
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Collection, Mapping
from email.message import Message as Headers
from http.client import HTTPException
from typing import IO

from tidegauge.errors import TidegaugeError

READ = 2_000
"""Bytes of an answer that are read."""
LONGEST = 20.0
"""Seconds waited between two attempts at most, whatever a server asks for."""
AGAIN = (408, 425, 429, 500, 502, 503, 504)
"""Answers that may be other ones a moment later."""


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: Headers,
        newurl: str,
    ) -> None:
        """Follow nothing: what is signed for one host is not meant for another."""


def post(
    url: str,
    body: bytes,
    headers: Callable[[], Mapping[str, str]],
    *,
    timeout: float,
    attempts: int,
    fine: Collection[int] = (),
) -> None:
    """Post a body until it is taken.

    Parameters
    ----------
    url
        ``http`` or ``https``.
    body
        JSON.
    headers
        Asked before each attempt, for a signature holds its moment.
    timeout
        Seconds of one attempt.
    attempts
        At most so many.
    fine
        Answers beside 2xx by which it is taken.

    Raises
    ------
    TidegaugeError
        When nobody took it.
    """
    if not url.lower().startswith(("http://", "https://")):
        raise TidegaugeError("the URL begins with neither https:// nor http://")
    opener = urllib.request.build_opener(_Stay())
    problem, wait = "", 0.0
    for attempt in range(1, attempts + 1):
        time.sleep(wait)
        request = urllib.request.Request(url, data=body, method="POST")
        request.add_header("Content-Type", "application/json")
        request.add_header("User-Agent", "tidegauge")
        for name, value in headers().items():
            request.add_header(name, value)
        wait = 0.5 * 2 ** (attempt - 1) * random.uniform(0.8, 1.2)
        try:
            with opener.open(request, timeout=timeout) as answer:
                answer.read(READ)
            return
        except urllib.error.HTTPError as error:
            said = error.read(READ).decode("utf-8", "replace")[:200]
            error.close()
            if error.code in fine:
                return
            problem = f"the server answered {error.code} {error.reason}: {said}"
            if error.code not in AGAIN:
                break
            wait = max(wait, _asked(error.headers.get("Retry-After", "")))
        except (OSError, HTTPException, ValueError) as error:
            problem = f"nobody answered: {getattr(error, 'reason', None) or error}"
    raise TidegaugeError(problem)


def _asked(header: str) -> float:
    return min(float(header), LONGEST) if header.strip().isdigit() else 0.0
