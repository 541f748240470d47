"""A language model behind a chat endpoint, as a model of units.

Works with whatever speaks ``POST .../chat/completions``: hosted services, vLLM, llama.cpp,
Ollama, LM Studio. The network is touched only while inferring.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from tidegauge.errors import MissingExtraError
from tidegauge.scorer import Inferred, Unit
from tidegauge_evaluators._endpoint import Endpoint
from tidegauge_evaluators._pacing import Pace
from tidegauge_evaluators._replies import (
    SAID,
    Again,
    Answer,
    Closed,
    Failed,
    WrongShape,
    answer_of,
    require_ok,
)

if TYPE_CHECKING:
    import httpx2

ROUNDS = 16
"""Requests of a batch for each place: enough that its last stragglers cost little, few enough
that a killed run loses little."""
LONGEST_WAIT = 120.0
"""Seconds; a server that asks for more is taken at its word and not asked again."""
LARGEST = 2**22
"""Bytes of a reply; more is no answer to our questions."""
IN_A_ROW = 5
"""Questions without any answer, one after another, after which the server counts as down."""
DOWN = 60.0
"""Seconds for which a server that is down is left alone."""
SHAPES = ("json_schema", "json_object", "text")
"""Ways to ask for JSON, strictest first; a server that refuses one is asked by the next."""


class Prompt(NamedTuple):
    """A question in two messages."""

    system: str
    user: str


class Task(Protocol):
    """What is asked of each unit, and how answers are read."""

    @property
    def identity(self) -> str:
        """Changes whenever the wording or the reading does."""

    @property
    def width(self) -> int:
        """Numbers per unit."""

    @property
    def schema(self) -> Mapping[str, Any]:
        """JSON Schema of an answer."""

    def prompt(self, unit: Unit) -> Prompt:
        """Word the question."""

    def read(self, unit: Unit, text: str) -> NDArray[np.float32]:
        """Read an answer, shape (width,); raises ``ValueError`` with the reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """How a server is asked; nothing of it changes an answer."""

    concurrency: int = 8
    """Most requests under way."""
    timeout: float = 60.0
    """Seconds that a whole answer may take."""
    retries: int = 5
    """Further attempts at one question."""
    pause: float = 0.5
    """Seconds before the first of them; doubled for each one after."""
    price_in: float = 0.0
    """US dollars for a million tokens read."""
    price_out: float = 0.0
    """US dollars for a million tokens written."""


@dataclass(slots=True, kw_only=True)
class State:
    """What was learnt of a server."""

    shape: int = 0
    """Place in ``SHAPES`` of the strictest way that it takes."""
    cap: str = "max_tokens"
    """What it calls the most tokens of an answer."""
    limit: float | None = None
    """Requests that it bore at once."""
    unanswered: int = 0
    """Questions without an answer since the last answer."""
    closed: str = ""
    """Why it is not asked now."""
    until: float = 0.0
    """When it is asked again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """A model behind an endpoint."""

    endpoint: Endpoint
    name: str
    """The server's name of the model."""
    task: Task
    temperature: float | None = 0.0
    """``None`` = the server's own, for models that take no other."""
    max_tokens: int = 4_096
    """Most tokens of an answer."""
    manners: Manners = field(default_factory=Manners)
    state: State = field(default_factory=State)

    @property
    def identity(self) -> str:
        """SHA-256 in hex over whatever changes an answer; never over the key."""
        parts = (self.task.identity, self.endpoint.place, self.name, self.temperature)
        return hashlib.sha256(
            repr((*parts, self.max_tokens)).encode("utf-8", "replace")
        ).hexdigest()

    @property
    def width(self) -> int:
        """Numbers per unit."""
        return self.task.width

    @property
    def budget(self) -> int:
        """Questions of one batch."""
        return self.manners.concurrency * ROUNDS

    def size(self, unit: Unit) -> int:
        """One: the server minds its own memory."""
        return 1

    def infer(self, units: Sequence[Unit]) -> Inferred:
        """Ask all questions; those without an answer are among the failed.

        Works under a running event loop, too, as in a notebook.
        """
        run = Run(self)
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            asyncio.run(run.all(units))
        else:
            with ThreadPoolExecutor(1) as pool:
                pool.submit(asyncio.run, run.all(units)).result()
        return Inferred(run.values, run.failed, dict(run.costs))

    def body(self, prompt: Prompt) -> dict[str, Any]:
        """Write a request."""
        body: dict[str, Any] = {
            "model": self.name,
            "messages": [
                {"role": "system", "content": prompt.system},
                {"role": "user", "content": prompt.user},
            ],
            self.state.cap: self.max_tokens,
        }
        return body if self.temperature is None else {**body, "temperature": self.temperature}


class Run:
    """One batch of questions."""

    def __init__(self, chat: Chat) -> None:
        self.chat = chat
        self.values: NDArray[np.float32] = np.zeros((0, chat.width), np.float32)
        self.failed: dict[int, str] = {}
        self.costs: Counter[str] = Counter()
        # Only spreads attempts over time; the same run spreads them the same way.
        self._jitter = random.Random(0)

    async def all(self, units: Sequence[Unit]) -> None:
        """Ask every question."""
        httpx2, state = need_client(), self.chat.state
        self.values = np.full((len(units), self.chat.width), np.nan, np.float32)
        if time.monotonic() >= state.until:
            state.closed, state.unanswered = "", 0
        if state.closed:  # without a client, whose making takes time
            self.failed = dict.fromkeys(range(len(units)), state.closed)
            return
        endpoint, manners = self.chat.endpoint, self.chat.manners
        self._pace = Pace(manners.concurrency, state.limit)
        # A question that waits for its next attempt keeps others from being begun: a server
        # that is down is found out by a few of them.
        self._begun = asyncio.Semaphore(manners.concurrency)
        async with httpx2.AsyncClient(
            timeout=manners.timeout,
            limits=httpx2.Limits(max_connections=manners.concurrency),
            trust_env=not endpoint.local,  # a proxy has no way to this machine
            verify=endpoint.encrypted,
        ) as client:
            await asyncio.gather(*(self._one(client, i, unit) for i, unit in enumerate(units)))
        state.limit = self._pace.limit

    async def _one(self, client: httpx2.AsyncClient, at: int, unit: Unit) -> None:
        """Ask one question and note what became of it."""
        state = self.chat.state
        try:
            async with self._begun:
                answer = await self._ask(client, self.chat.task.prompt(unit))
            self._spend(answer.tokens_in, answer.tokens_out)
            state.unanswered = 0
            self.values[at] = self.chat.task.read(unit, answer.text)
        except ValueError as error:
            self._fail(at, f"judge's answer cannot be read: {error}")
        except Failed as failed:
            self._spend(failed.tokens_in, failed.tokens_out)
            self._fail(at, str(failed))
        except Again as again:
            self._fail(at, str(again))
            state.unanswered += 1
            if state.unanswered >= IN_A_ROW:
                self._close(str(again), DOWN)
        except Closed as closed:
            self._fail(at, str(closed))
            self._close(str(closed), DOWN)

    async def _ask(self, client: httpx2.AsyncClient, prompt: Prompt) -> Answer:
        """Ask until there is an answer or no hope of one."""
        manners, attempt = self.chat.manners, 0
        body = self.chat.body(prompt)
        shape = self.chat.state.shape
        while True:
            async with self._pace.place() as taken:
                self._still_open()
                try:
                    answer = await self._send(client, body, shape)
                except WrongShape as wrong:
                    body, shape = self._reshaped(body, shape, str(wrong))
                    continue
                except Again as again:
                    self._pace.trouble(taken, min(again.wait, LONGEST_WAIT))
                    attempt += 1
                    if attempt > manners.retries or again.wait > LONGEST_WAIT:
                        raise
                else:
                    self._pace.clean()
                    self.chat.state.shape = max(self.chat.state.shape, shape)
                    return answer
            self.costs["retries"] += 1
            longest = min(manners.pause * 2.0 ** (attempt - 1), LONGEST_WAIT)
            await asyncio.sleep(longest * (0.5 + self._jitter.random() / 2.0))

    async def _send(
        self, client: httpx2.AsyncClient, body: Mapping[str, Any], shape: int
    ) -> Answer:
        """Send one request and read its reply, at most so much of it, for at most so long."""
        httpx2, seconds = need_client(), self.chat.manners.timeout
        asked = {**body, **_response_format(self.chat.task.schema, shape)}
        self.costs["requests"] += 1
        received = bytearray()
        try:
            async with (
                asyncio.timeout(seconds),
                client.stream(
                    "POST",
                    self.chat.endpoint.url,
                    content=json.dumps(asked).encode(),
                    headers=self.chat.endpoint.headers(),
                ) as reply,
            ):
                async for piece in reply.aiter_bytes():
                    received += piece
                    if len(received) > LARGEST:
                        raise Failed("judge's reply is too large")
        except (TimeoutError, httpx2.TimeoutException):
            raise Again(f"judge did not answer within {seconds:g} s") from None
        except httpx2.ConnectError:
            raise Again("judge cannot be reached") from None
        except httpx2.DecodingError:
            raise Failed("judge's reply cannot be decoded") from None
        except httpx2.TransportError:
            raise Again("judge broke off its reply") from None
        require_ok(reply.status_code, reply.headers, bytes(received))
        return answer_of(bytes(received))

    def _reshaped(self, body: dict[str, Any], shape: int, said: str) -> tuple[dict[str, Any], int]:
        """Word a request anew that the server did not take."""
        newer = "max_completion_tokens"
        if newer in said and newer not in body:
            self.chat.state.cap = newer
            return {newer if key == "max_tokens" else key: body[key] for key in body}, shape
        if shape + 1 < len(SHAPES):
            return body, shape + 1
        raise Failed(f"judge refused the request: {said[:SAID]}")

    def _fail(self, at: int, reason: str) -> None:
        self.failed[at] = self.chat.endpoint.hidden(reason)

    def _still_open(self) -> None:
        if self.chat.state.closed:
            raise Closed(self.chat.state.closed)

    def _close(self, reason: str, seconds: float) -> None:
        """Ask nothing more for a while."""
        state = self.chat.state
        if not state.closed:
            state.closed = self.chat.endpoint.hidden(reason)
            state.until = time.monotonic() + seconds

    def _spend(self, tokens_in: int, tokens_out: int) -> None:
        manners = self.chat.manners
        self.costs["tokens in"] += tokens_in
        self.costs["tokens out"] += tokens_out
        if manners.price_in or manners.price_out:
            spent = tokens_in * manners.price_in + tokens_out * manners.price_out
            self.costs["cost in USD"] += spent / 1e6  # type: ignore[assignment]


def need_client() -> Any:
    """Import the HTTP client.

    Raises
    ------
    MissingExtraError
        When it is not installed.
    """
    try:
        import httpx2
    except ImportError:
        raise MissingExtraError(
            "asking a judge needs the package httpx2", 'pip install "tidegauge[judge]"'
        ) from None
    return httpx2


def _response_format(schema: Mapping[str, Any], shape: int) -> dict[str, Any]:
    if SHAPES[shape] == "json_schema":
        named = {"name": "answer", "strict": True, "schema": schema}
        return {"response_format": {"type": "json_schema", "json_schema": named}}
    return {"response_format": {"type": "json_object"}} if SHAPES[shape] == "json_object" else {}
