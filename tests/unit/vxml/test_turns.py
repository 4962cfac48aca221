from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from mirabelle.vxml.turns import MOST, Turns

FOR_EVER = 3600.0


@pytest.fixture
def executor() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(MOST) as executor:
        yield executor


class Gate:
    """Holds steps up until it is opened, and counts those that wait in it."""

    def __init__(self) -> None:
        self._open = threading.Event()
        self._entered = threading.Semaphore(0)

    def step(self, number: int) -> int:
        self._entered.release()
        assert self._open.wait(60)
        return number

    async def entered(self, count: int) -> None:
        """Wait until so many more have come."""
        for _ in range(count):
            await asyncio.to_thread(self._entered.acquire)

    def nobody_else(self) -> bool:
        return not self._entered.acquire(blocking=False)

    def open(self) -> None:
        self._open.set()


async def test_a_step_gives_what_it_computed(executor: ThreadPoolExecutor) -> None:
    assert await Turns(executor).run(divmod, 7, 2) == (3, 1)


async def test_a_step_raises_what_went_wrong(executor: ThreadPoolExecutor) -> None:
    with pytest.raises(ZeroDivisionError):
        await Turns(executor).run(divmod, 7, 0)


async def test_steps_are_computed_one_after_the_other(executor: ThreadPoolExecutor) -> None:
    turns, order = Turns(executor, patience=FOR_EVER), list[int]()
    running = 0

    def step(number: int) -> None:
        nonlocal running
        running += 1
        assert running == 1
        order.append(number)
        running -= 1

    await asyncio.gather(*(turns.run(step, number) for number in range(200)))
    assert order == list(range(200))


async def test_beside_one_that_takes_long_others_are_computed(executor: ThreadPoolExecutor) -> None:
    turns, gate = Turns(executor, patience=0.01), Gate()
    long = asyncio.create_task(turns.run(gate.step, 1))
    await gate.entered(1)
    assert await asyncio.gather(*(turns.run(int, number) for number in range(20))) == list(range(20))
    gate.open()
    assert await long == 1


async def test_there_are_never_more_than_may_be(executor: ThreadPoolExecutor) -> None:
    turns, gate = Turns(executor, most=3, patience=0.0), Gate()
    running = [asyncio.create_task(turns.run(gate.step, number)) for number in range(5)]
    await gate.entered(3)
    assert gate.nobody_else()
    gate.open()
    assert await asyncio.gather(*running) == [0, 1, 2, 3, 4]


async def test_one_that_is_cancelled_while_it_waits_holds_nobody_up(executor: ThreadPoolExecutor) -> None:
    turns, gate = Turns(executor, patience=FOR_EVER), Gate()
    long = asyncio.create_task(turns.run(gate.step, 1))
    await gate.entered(1)
    waiting = [asyncio.create_task(turns.run(int, number)) for number in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    gate.open()
    assert await asyncio.gather(long, *waiting[1:]) == [1, 1, 2]


async def test_one_that_is_cancelled_while_it_computes_keeps_its_turn_until_it_is_done(
    executor: ThreadPoolExecutor,
) -> None:
    turns, gate = Turns(executor, patience=FOR_EVER), Gate()
    long = asyncio.create_task(turns.run(gate.step, 1))
    await gate.entered(1)
    long.cancel()
    await asyncio.wait([long])
    following = asyncio.create_task(turns.run(gate.step, 2))
    await asyncio.sleep(0)
    assert gate.nobody_else()
    gate.open()
    assert await following == 2


async def test_one_that_is_cancelled_as_its_turn_comes_passes_it_on(executor: ThreadPoolExecutor) -> None:
    turns, gate = Turns(executor, patience=FOR_EVER), Gate()
    first = asyncio.create_task(turns.run(gate.step, 1))
    await gate.entered(1)
    second, third = (asyncio.create_task(turns.run(int, number)) for number in (2, 3))
    await asyncio.sleep(0)
    first.add_done_callback(lambda _: second.cancel())
    gate.open()
    assert await third == 3
    assert await first == 1
