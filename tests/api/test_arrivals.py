"""Bodies under way, with little patience: who is given up, who makes room for whom, who is refused."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from starlette.requests import ClientDisconnect

from app.api.arrivals import Arrivals, Body
from app.api.connections import neighbourhood
from app.api.limits import Bucket, Limits
from app.api.refusals import BodyStalled, TooManyBodies

LIMITS = Limits(
    body_seconds=0.2,
    slowest=1000,
    bodies=4,
    body_memory=1000,
    streams=4,
    displaceable_seconds=0.05,
)


class Client:
    """Sends what it is told to."""

    def __init__(self) -> None:
        self.sent: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    def send(self, body: bytes, *, more: bool = True) -> None:
        self.sent.put_nowait({"type": "http.request", "body": body, "more_body": more})

    async def receive(self) -> dict[str, Any]:
        return await self.sent.get()


def run(case: Callable[[Arrivals, AsyncExitStack], Any]) -> None:
    async def within() -> None:
        async with AsyncExitStack() as stack:
            await case(Arrivals(LIMITS), stack)

    asyncio.run(within())


def body(
    arrivals: Arrivals, stack: AsyncExitStack, host: str = "10.0.0.1", *, kept: bool = False
) -> tuple[Client, Body]:
    client = Client()
    scope = {"client": (host, 1)}
    return client, stack.enter_context(arrivals.body(scope, client.receive, kept=kept))


async def all_of(body: Body) -> AsyncIterator[bytes]:
    more = True
    while more:
        message = await body.receive()
        more = message["more_body"]
        yield message["body"]


def test_silence_is_given_up() -> None:
    async def case(arrivals: Arrivals, stack: AsyncExitStack) -> None:
        client, one = body(arrivals, stack)
        client.send(b"x" * 100_000)
        await one.receive()
        with pytest.raises(BodyStalled):
            await one.receive()

    run(case)


def test_a_minimal_rate_is_asked_of_the_time_that_was_waited() -> None:
    async def dripping(arrivals: Arrivals, stack: AsyncExitStack, size: int) -> int:
        client, one = body(arrivals, stack)

        async def drip() -> None:
            for _ in range(10):
                await asyncio.sleep(0.05)
                client.send(b"x" * size)
            client.send(b"", more=False)

        task = asyncio.create_task(drip())
        try:
            return len([piece async for piece in all_of(one)])
        finally:
            task.cancel()

    async def case(arrivals: Arrivals, stack: AsyncExitStack) -> None:
        with pytest.raises(BodyStalled):
            await dripping(arrivals, stack, 1)
        assert await dripping(arrivals, stack, 100) == 11

    run(case)


def test_time_that_the_server_takes_does_not_count() -> None:
    async def case(arrivals: Arrivals, stack: AsyncExitStack) -> None:
        client, one = body(arrivals, stack)
        for _ in range(3):
            client.send(b"x")
            await one.receive()
            await asyncio.sleep(0.15)
        client.send(b"x", more=False)
        assert (await one.receive())["body"] == b"x"

    run(case)


def test_after_the_body_a_route_may_wait_for_the_client_to_leave() -> None:
    async def case(arrivals: Arrivals, stack: AsyncExitStack) -> None:
        client, one = body(arrivals, stack)
        client.send(b"x", more=False)
        await one.receive()
        waiting = asyncio.create_task(one.receive())
        await asyncio.sleep(0.3)
        client.sent.put_nowait({"type": "http.disconnect"})
        assert (await waiting)["type"] == "http.disconnect"

    run(case)


def test_leaving_in_mid_body_is_said() -> None:
    async def case(arrivals: Arrivals, stack: AsyncExitStack) -> None:
        client, one = body(arrivals, stack)
        client.sent.put_nowait({"type": "http.disconnect"})
        with pytest.raises(ClientDisconnect):
            await one.receive()

    run(case)


def test_the_silent_make_room_for_the_next() -> None:
    """Of the address that has most of them, the latest; where none is late, the newcomer is refused."""

    async def case(arrivals: Arrivals, stack: AsyncExitStack) -> None:
        crowd = [body(arrivals, stack, host) for host in ("10.0.0.1", "10.0.0.1", "10.0.0.2")]
        waiting = []
        for client, one in crowd:
            client.send(b"x")
            await one.receive()
            waiting.append(asyncio.create_task(one.receive()))
        third, of_the_same = body(arrivals, stack, "10.0.0.1")
        third.send(b"x")
        with pytest.raises(TooManyBodies):  # half of four places, and nobody is late yet
            await of_the_same.receive()
        await asyncio.sleep(0.1)
        third.send(b"y")
        assert (await of_the_same.receive())["body"] == b"y"
        assert isinstance(await _raised(waiting[0]), BodyStalled)
        assert not waiting[1].done()
        assert not waiting[2].done()
        for task in waiting:
            task.cancel()

    run(case)


async def _raised(task: asyncio.Task[Any]) -> BaseException | None:
    await asyncio.wait([task])
    return task.exception()


def test_memory_is_counted_over_all() -> None:
    async def case(arrivals: Arrivals, stack: AsyncExitStack) -> None:
        first, one = body(arrivals, stack, kept=True)
        second, two = body(arrivals, stack, "10.0.0.2", kept=True)
        stream, three = body(arrivals, stack, "10.0.0.3")
        for client, some, size in ((first, one, 600), (second, two, 300), (stream, three, 10_000)):
            client.send(b"x" * size)
            await some.receive()
        second.send(b"x" * 200)
        with pytest.raises(TooManyBodies):
            await two.receive()
        first.send(b"", more=False)
        await one.receive()
        second.send(b"x" * 500)
        await two.receive()

    run(case)


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8::1", "20010db800000000"),
        ("2001:db8::ffff:1", "20010db800000000"),
        ("2001:db8:0:1::1", "20010db800000001"),
        ("fe80::1%eth0", "fe80000000000000"),
        ("", ""),
        ("testclient", "testclient"),
    ],
)
def test_one_customer_is_one_address(host: str, name: str) -> None:
    assert neighbourhood(host) == name


def test_tokens_come_back_at_their_rate() -> None:
    bucket = Bucket(rate=10, burst=5, now=100.0)
    assert [bucket.take(1, 100.0) for _ in range(7)] == [0, 0, 0, 0, 0, 0.1, 0.2]
    assert bucket.take(1, 100.2) == pytest.approx(0.1)
    assert bucket.take(5, 200.0) == 0
    assert bucket.take(1, 200.0) == pytest.approx(0.1)
