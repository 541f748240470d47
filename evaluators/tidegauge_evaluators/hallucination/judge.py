"""Groundedness of a response by a language model behind any chat endpoint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tidegauge.errors import NotApplicable, SuiteError, Unscored
from tidegauge.records import Kind, ScorerCard
from tidegauge.scorer import About, Joined, Scorer, Texts, Unit
from tidegauge_evaluators._chat import Chat, Manners, need_client
from tidegauge_evaluators._claims import claims
from tidegauge_evaluators._endpoint import Endpoint
from tidegauge_evaluators._endpoint import endpoint as read_endpoint
from tidegauge_evaluators._grounding import TOO_MANY, identity_of
from tidegauge_evaluators._premises import NO_CONTEXT
from tidegauge_evaluators._rollup import RULES, Rule, need_rule, roll_up
from tidegauge_evaluators._sentences import splitter
from tidegauge_evaluators._verdicts import (
    CONTRADICTED,
    NOT_IN_CONTEXT,
    SUPPORTED,
    Checking,
    quoted,
    shares,
    verdicts,
)

CARD = ScorerCard(
    title="Unsupported by its context, language model as judge",
    explain="Whether the judge found a sentence that the context does not bear out.",
    reads={"response": "response", "context": "context", "prompt": "prompt"},
    optional=frozenset({"prompt"}),
    better="lower",
    unit="share of sentences, or 0 and 1",
    reference="Zheng et al. 2023, arXiv:2306.05685; its limits: arXiv:2606.19544",
    range=(0.0, 1.0),
    extra="judge",
)

NAME = "hallucination.judge"
HALF = 0.5
"""Between a verdict's 0 and 1."""


def judge(
    *,
    endpoint: str,
    model: str,
    api_key_env: str = "OPENAI_API_KEY",
    rollup: str = "any",
    threshold: float = 0.5,
    claims_per_request: int = 10,
    max_claims: int = 200,
    temperature: float | None = 0.0,
    max_tokens: int = 4_096,
    concurrency: int = 8,
    timeout: float = 60.0,
    retries: int = 5,
    pause: float = 0.5,
    price_in: float = 0.0,
    price_out: float = 0.0,
) -> Scorer:
    """Ask a language model of each sentence whether the context bears it out.

    Each sentence is ``supported``, ``contradicted`` or ``not_in_context``. Greetings, questions,
    offers and refusals are set apart first, as by every scorer of groundedness. An answer that
    is not exactly a verdict for every sentence leaves its row unscored, with the reason; it is
    never taken for either verdict. Answers are kept, so that a second run asks nothing.

    Texts are sent as one block of JSON whose end no text can write, and the model is told that
    they are data. That makes orders in logged texts unlikely to be followed, not impossible:
    hold the judge against labels (``hallucination.corrected_rate``) before you rely on it.

    Requests grow in number while the server answers and halve when it does not; its
    ``Retry-After`` is kept to. A server that leaves five questions in a row without an answer
    is left alone for a minute, and the rows are unscored.

    Parameters
    ----------
    endpoint
        Address of a server that speaks OpenAI's chat completions, such as
        ``http://localhost:8000/v1``. The texts are sent there.
    model
        The server's name of the model.
    api_key_env
        Environment variable that holds the key; where it is not set, none is sent.
    rollup
        How sentences make a response: ``any`` = 1 where one is not supported, ``share`` and
        ``mean`` = share of those that are not.
    threshold
        Value from which a response is flagged.
    claims_per_request
        Sentences of one response that are asked about together.
    max_claims
        A response of more sentences is unscored.
    temperature
        Of sampling; nothing = the server's own, for models that take no other.
    max_tokens
        Most tokens of an answer, a model's thoughts included.
    concurrency
        Most requests under way.
    timeout
        Seconds that one answer may take.
    retries
        Further attempts at one question.
    pause
        Seconds before the first of them; doubled for each one after.
    price_in, price_out
        US dollars for a million tokens read and written, to count what a run costs.

    Raises
    ------
    SuiteError
        When a setting is not allowed.
    MissingExtraError
        When httpx2 or sentencex is not installed.
    """
    need_client()
    rule = need_rule(rollup, NAME)
    where = read_endpoint(endpoint, api_key_env, NAME)
    _require_settings(
        model=model,
        at_least_one={
            "claims_per_request": claims_per_request,
            "max_claims": max_claims,
            "max_tokens": max_tokens,
            "concurrency": concurrency,
        },
        above_zero={"timeout": timeout, "threshold": threshold},
        zero_or_more={
            "retries": retries,
            "pause": pause,
            "price_in": price_in,
            "price_out": price_out,
            "temperature": temperature or 0.0,
        },
    )
    chat = Chat(
        endpoint=where,
        name=model,
        task=Checking(most=claims_per_request),
        temperature=temperature,
        max_tokens=max_tokens,
        manners=Manners(
            concurrency=concurrency,
            timeout=timeout,
            retries=retries,
            pause=pause,
            price_in=price_in,
            price_out=price_out,
        ),
    )
    settings = (rule, threshold, max_claims)
    return Judging(
        model=chat,
        most=claims_per_request,
        max_claims=max_claims,
        rule=rule,
        threshold=threshold,
        about=About(model=model, notes=_notes(where, api_key_env, rule)),
        identity=identity_of(NAME, chat.identity, splitter(), *settings),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Judging:
    """A scorer that asks a language model."""

    model: Chat
    most: int
    max_claims: int
    rule: Rule
    threshold: float
    about: About
    identity: str

    @property
    def outputs(self) -> Mapping[str, Kind]:
        """Suffix -> kind; ``contradicted`` and ``neutral`` are shares of the sentences."""
        numbers = ("", "contradicted", "neutral", "unsupported_share", "sentences", "length")
        return {**dict.fromkeys(numbers, "numeric"), "flagged": "boolean"}

    def split(self, row: Texts) -> Sequence[Unit]:
        """Make questions of a row."""
        stated = self._stated(row)
        context, question = row.get("context", ""), row.get("prompt", "")
        return [(context, question, *part) for part in shares(stated, self.most)]

    def join(self, row: Texts, units: Sequence[Unit], outputs: NDArray[np.float32]) -> Joined:
        """Roll the verdicts up to the response."""
        stated = [claim for unit in units for claim in unit[2:]]
        numbers = verdicts(outputs)
        found = numbers[:, 0]
        unsupported = (found != SUPPORTED).astype(np.float64)
        value = roll_up(unsupported, self.rule, HALF)
        return Joined(
            (
                value,
                float((found == CONTRADICTED).mean()),
                float((found == NOT_IN_CONTEXT).mean()),
                float(unsupported.mean()),
                float(len(stated)),
                float(len(row.get("response", ""))),
                value >= self.threshold,
            ),
            because=_because(row.get("context", ""), stated, numbers),
        )

    def _stated(self, row: Texts) -> tuple[str, ...]:
        stated = claims(row.get("response", ""))
        if not row.get("context", "").strip():
            raise NotApplicable(NO_CONTEXT)
        if len(stated) > self.max_claims:
            raise Unscored(TOO_MANY)
        return stated


def _because(context: str, stated: Sequence[str], numbers: NDArray[np.float32]) -> str:
    """Give the sentence that decided: one contradicted before one that is not there."""
    worst = int(np.argmax([(0, 2, 1)[int(verdict)] for verdict in numbers[:, 0]]))
    if numbers[worst, 0] == SUPPORTED:
        return ""
    against = quoted(context, numbers[worst]) if numbers[worst, 0] == CONTRADICTED else ""
    return f'{stated[worst]} (the context: "{against}")' if against else stated[worst]


def _notes(where: Endpoint, api_key_env: str, rule: Rule) -> tuple[str, ...]:
    notes = [RULES[rule], "what the context neither says nor denies counts as unsupported"]
    if not where.local:
        notes.append(f"prompts, contexts and responses are sent to {where.host}")
    if where.key and not where.encrypted and not where.local:
        notes.append("they travel unencrypted, and so does the key")
    if api_key_env and not where.key and not where.local:
        notes.append(f"${api_key_env} is not set: no key is sent")
    return tuple(notes)


def _require_settings(
    *,
    model: str,
    at_least_one: Mapping[str, float],
    above_zero: Mapping[str, float],
    zero_or_more: Mapping[str, float],
) -> None:
    """Refuse settings that cannot be meant."""
    if not model.strip():
        raise SuiteError(f"{NAME}: model is empty", "name the model as the server does")
    wrong = [f"{k} is {v}; allowed: 1 or more" for k, v in at_least_one.items() if not v >= 1]
    wrong += [f"{k} is {v}; allowed: above 0" for k, v in above_zero.items() if not v > 0]
    wrong += [f"{k} is {v}; allowed: 0 or more" for k, v in zero_or_more.items() if not v >= 0]
    if wrong:
        raise SuiteError(f"{NAME}: {wrong[0]}")
