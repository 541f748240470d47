from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest

from tidegauge_evaluators._pacing import Pace


def test_one_burst_of_trouble_halves_once_and_clean_answers_raise_one_by_one() -> None:
    async def story() -> None:
        pace = Pace(8)
        async with AsyncExitStack() as places:
            taken = [await places.enter_async_context(pace.place()) for _ in range(8)]
            for one in taken:
                pace.trouble(one)
        assert pace.limit == 4.0
        for _ in range(4):
            pace.clean()
        assert pace.limit == 5.0
        for _ in range(100):
            pace.clean()
        assert pace.limit == 8.0

    asyncio.run(story())


def test_it_never_stops_asking_altogether() -> None:
    async def story() -> None:
        pace = Pace(2)
        for _ in range(5):
            async with pace.place() as taken:
                pace.trouble(taken)
        assert pace.limit == 1.0

    asyncio.run(story())


def test_everyone_waits_for_the_time_that_one_was_told() -> None:
    async def story() -> float:
        loop = asyncio.get_running_loop()
        pace = Pace(4)
        async with pace.place() as taken:
            pace.trouble(taken, wait=0.1)
        start = loop.time()
        async with pace.place():
            return loop.time() - start

    assert asyncio.run(story()) == pytest.approx(0.1, abs=0.09)


def test_what_was_learnt_is_where_the_next_batch_begins() -> None:
    async def story() -> tuple[float, float]:
        return Pace(8, 3.0).limit, Pace(2, 5.0).limit

    assert asyncio.run(story()) == (3.0, 2.0)
