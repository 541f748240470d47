"""A response's claims against its context, pair by pair, under one token budget."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tidegauge.errors import NotApplicable, SuiteError, Unscored
from tidegauge.records import Kind
from tidegauge.scorer import About, Joined, Texts, Unit, Value
from tidegauge_evaluators._claims import claims
from tidegauge_evaluators._premises import (
    NO_CONTEXT,
    TOO_LONG,
    Evidence,
    Premises,
    clauses,
    evidence,
    premises,
)
from tidegauge_evaluators._probes import Proven
from tidegauge_evaluators._rollup import Rule, roll_up

Read: TypeAlias = Callable[[NDArray[np.float32]], tuple[float | None, ...]]
"""From the outputs for one claim, shape (premises, width), to the probability that it is
unsupported and one number for each further output."""

VERSION = 1
"""Raised whenever the same model and texts would give other numbers."""
LEAST = 4
"""A premise gets at least this part of what the model takes; the claim may have the rest."""
TOO_MANY = "more sentences to check than max_claims"
REMEMBERED = 16_384
"""Rows whose plan is remembered between splitting and joining."""


class Plan(NamedTuple):
    """How a row is put to the model, without the texts of the premises."""

    claims: tuple[str, ...]
    premises: tuple[int, ...]
    """Number of premises of each claim."""
    unseen: int
    """Windows left out, over all claims."""
    truncated: int
    """Tokens of the context that stand in no premise of any claim."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """How claims are put to a model."""

    scorer: str
    """Who asks, for messages."""
    model: Proven
    put: Callable[[str, str], Unit]
    """Makes a unit of premise and claim."""
    window: int
    """Most sentences of a premise; 0 = as many as there is room for."""
    overlap: int
    """Sentences that neighbouring windows share."""
    max_windows: int
    """Most windows for a claim; 0 = all."""
    max_claims: int
    """Most claims of a response."""

    def __post_init__(self) -> None:
        for name, least in (("window", 0), ("overlap", 0), ("max_windows", 0), ("max_claims", 1)):
            need_count(getattr(self, name), least, f"{self.scorer}: {name}")

    @property
    def settings(self) -> tuple[int, int, int, int]:
        """What changes a number, for the identity."""
        return (self.window, self.overlap, self.max_windows, self.max_claims)

    def units(self, row: Texts) -> tuple[Plan, list[Unit]]:
        """Plan a row; raises as a scorer's ``split``."""
        stated = claims(row.get("response", ""))
        context = row.get("context", "")
        if not context.strip():
            raise NotApplicable(NO_CONTEXT)
        if len(stated) > self.max_claims:
            raise Unscored(TOO_MANY)
        room = self.model.max_length - tokens(self.model, self.put("", ""))
        least = room // LEAST
        stated = tuple(
            part for claim in stated for part in clauses(claim, self._count, room - least)
        )
        found = evidence(context, self._count, max(1, least - 2))
        chosen = [self._premises(found, claim, room) for claim in stated]
        seen = frozenset().union(*(one.seen for one in chosen))
        plan = Plan(
            claims=stated,
            premises=tuple(len(one.texts) for one in chosen),
            unseen=sum(one.unseen for one in chosen),
            truncated=sum(size for i, size in enumerate(found.sizes) if i not in seen),
        )
        pairs = zip(stated, chosen, strict=True)
        return plan, [self.put(text, claim) for claim, one in pairs for text in one.texts]

    def _premises(self, found: Evidence, claim: str, room: int) -> Premises:
        """Premises that fit beside a claim; joined sentences may have more tokens than apart."""
        left = room - self._count(claim)
        for _ in range(3):
            chosen = premises(
                found,
                claim,
                room=left,
                window=self.window,
                overlap=self.overlap,
                most=self.max_windows,
            )
            over = max(self.model.excess(self.put(text, claim)) for text in chosen.texts)
            if not over:
                return chosen
            left -= over
        raise Unscored(TOO_LONG)

    def _count(self, text: str) -> int:
        return tokens(self.model, (text,)) - tokens(self.model, ("",))


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounding:
    """A scorer that holds each claim of a response against its context."""

    asking: Asking
    read: Read
    further: tuple[str, ...]
    """Suffixes of the numbers beside the main one that ``read`` gives, rolled up like it."""
    rule: Rule
    threshold: float
    about: About
    identity: str
    plans: Plans = field(default_factory=lambda: Plans())

    @property
    def outputs(self) -> Mapping[str, Kind]:
        """Suffix -> kind."""
        numbers = ("", *self.further, *NUMBERS)
        return {**dict.fromkeys(numbers, "numeric"), "flagged": "boolean"}

    @property
    def model(self) -> Proven:
        """What infers."""
        return self.asking.model

    def split(self, row: Texts) -> Sequence[Unit]:
        """Pair every claim with its premises."""
        plan, units = self.asking.units(row)
        self.plans.keep(row, plan)
        return units

    def join(self, row: Texts, units: Sequence[Unit], outputs: NDArray[np.float32]) -> Joined:
        """Roll the claims up to the response."""
        plan = self.plans.of(row) or self.asking.units(row)[0]
        ends = np.cumsum(plan.premises)[:-1]
        read = [self.read(group) for group in np.split(outputs, ends)]
        main, *further = zip(*read, strict=True)
        unsupported = np.array(main, np.float64)
        value = roll_up(unsupported, self.rule, self.threshold)
        values: tuple[Value, ...] = (
            value,
            *(_rolled(numbers, self.rule, self.threshold) for numbers in further),
            roll_up(unsupported, "share", self.threshold),
            float(len(plan.claims)),
            float(plan.unseen),
            float(len(row.get("response", ""))),
            value >= self.threshold,
        )
        worst = plan.claims[int(unsupported.argmax())]
        return Joined(values, truncated=plan.truncated, because=worst)


NUMBERS = ("unsupported_share", "sentences", "windows_unseen", "length")
"""Suffixes that every such scorer has: the share of sentences at or above the threshold, the
sentences checked, the windows left out, and the response's characters, by which any score must
be better than length alone."""


class Plans:
    """Plans of the latest rows, so that joining does not split again."""

    def __init__(self) -> None:
        self._kept: OrderedDict[bytes, Plan] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, row: Texts, plan: Plan) -> None:
        """Remember a plan, and forget the oldest."""
        with self._lock:
            self._kept[_key(row)] = plan
            while len(self._kept) > REMEMBERED:
                self._kept.popitem(last=False)

    def of(self, row: Texts) -> Plan | None:
        """Give a row's plan where it is remembered."""
        with self._lock:
            return self._kept.get(_key(row))


def need_count(value: object, least: int, what: str) -> int:
    """Refuse a setting that is no whole number, or too small.

    Raises
    ------
    SuiteError
        Naming the setting.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise SuiteError(f"{what} is {value!r}", f"give a whole number, {least} or more")
    return value


def tokens(model: Proven, unit: Unit) -> int:
    """Tokens of a unit, whether or not the model sees them all."""
    return model.size(unit) + model.excess(unit)


def identity_of(*parts: object) -> str:
    """SHA-256 in hex over what changes a number."""
    return hashlib.sha256(repr((VERSION, *parts)).encode("utf-8", "replace")).hexdigest()


def _rolled(numbers: Sequence[float | None], rule: Rule, threshold: float) -> float | None:
    known = [number for number in numbers if number is not None]
    return roll_up(known, rule, threshold) if known else None


def _key(row: Texts) -> bytes:
    texts = repr((row.get("response"), row.get("context")))
    return hashlib.blake2b(texts.encode("utf-8", "replace"), digest_size=16).digest()
