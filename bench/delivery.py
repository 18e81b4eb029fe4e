"""Delivery against a bare Telethon loop: same server, same concurrency, one run.

Throughput: 27 channels, one send at a time to each, at 0 and 20 ms latency. Crash-safe delivery claims and
records every post in the database; the bare loop only sends. Lateness: 27 posts of one item due at a moment
while 10,000 more are planned behind it.
"""

import argparse
import asyncio
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from telethon import TelegramClient
from telethon.sessions import StringSession
from telethon.tl import functions, types

from bench.figures import Figure, print_figure
from publisher.core.editions import Edition, Message
from publisher.core.richtext import Entity, Mark, RichText
from tests.delivery.city import City, running_city
from tests.sandbox_process import Bot

CHANNELS = 27
TEXT = "Слово города " * 38
EDITION = Edition(
    messages=(
        Message(
            text=RichText(
                text=TEXT.strip(),
                entities=(
                    Entity(mark=Mark.BOLD, offset=0, length=5),
                    Entity(mark=Mark.ITALIC, offset=13, length=5),
                ),
            )
        ),
    )
)


def bare_loop(bot: Bot, handles: Sequence[str], each: int) -> None:
    """What anybody would write: a client, one loop per channel. In a process of its own, as a worker is."""
    asyncio.run(_bare(bot, handles, each))


async def _bare(bot: Bot, handles: Sequence[str], each: int) -> None:
    client = TelegramClient(StringSession(bot.session), bot.api_id, bot.api_hash, receive_updates=False)
    await client.connect()
    peers = [await client.get_input_entity(handle) for handle in handles]
    entities = [types.MessageEntityBold(0, 5), types.MessageEntityItalic(13, 5)]

    async def lane(peer: Any, number: int) -> None:
        for turn in range(each):
            random_id = int(time.time_ns()) + number * each + turn
            await client(
                functions.messages.SendMessageRequest(peer, TEXT, random_id=random_id, entities=entities)
            )

    await asyncio.gather(*(lane(peer, number) for number, peer in enumerate(peers)))
    await client.disconnect()


def sends(city: City, since: int) -> list[float]:
    """When each send reached the server."""
    return [e["at"] for e in city.sandbox.requests(since) if e["method"] == "messages.sendMessage"]


def last_number(city: City) -> int:
    """Where the server's log stands."""
    log = city.sandbox.requests()
    return int(log[-1]["n"]) if log else 0


def rate(moments: Sequence[float]) -> float:
    """Posts a second between the first and the last."""
    return (len(moments) - 1) / (moments[-1] - moments[0])


def measure_bare(city: City, operations: int) -> float:
    """Posts a second of the bare loop."""
    since = last_number(city)
    process = multiprocessing.get_context("spawn").Process(
        target=bare_loop, args=(city.bot, city.handles, operations // CHANNELS)
    )
    process.start()
    process.join()
    return rate(sends(city, since))


def measure_ours(city: City, operations: int) -> float:
    """Posts a second of a worker that finds them all due when it starts."""
    since = last_number(city)
    city.plan_many(operations, datetime.now(UTC), EDITION)
    worker = city.start_worker()
    city.wait_until_settled(600)
    city.stop_worker(worker)
    return rate(sends(city, since))


def throughput(folder: Path, operations: int, rounds: int) -> None:
    """Print the ratio at each latency, with its spread over the rounds."""
    for latency, reach in ((0, 0.6), (20, 0.9)):
        with running_city(folder / f"latency-{latency}", channels=CHANNELS, in_flight=CHANNELS) as city:
            settle(city)
            city.sandbox.set_latency(latency)
            ratios, bares, ours = [], [], []
            for _ in range(rounds):
                bares.append(measure_bare(city, operations))
                ours.append(measure_ours(city, operations))
                ratios.append(ours[-1] / bares[-1])
            spread = f"{min(ratios):.2f} to {max(ratios):.2f}"
            rates = f"{statistics.median(ours):.0f}/s against {statistics.median(bares):.0f}/s"
            print_figure(
                Figure(
                    name=f"throughput at {latency} ms", value=statistics.median(ratios), unit="x bare",
                    noise=f"{spread}; {rates}", reach=reach,
                )
            )  # fmt: skip


def lateness(folder: Path, planned: int) -> None:
    """Print how late scheduled posts are with so many more planned."""
    with running_city(folder / "lateness", channels=CHANNELS) as city:
        settle(city)
        worker = city.start_worker()
        city.plan_many(planned, datetime.now(UTC) + timedelta(days=1), EDITION)
        late: list[float] = []
        for _ in range(5):
            since = last_number(city)
            due = datetime.now(UTC) + timedelta(seconds=3)
            city.plan_many(CHANNELS, due, EDITION)
            while len(found := sends(city, since)) < CHANNELS:
                time.sleep(0.05)
            late += [moment - due.timestamp() for moment in found]
        city.stop_worker(worker)
        late.sort()
        p99 = late[int(len(late) * 0.99) - 1]
        print_figure(
            Figure(
                name=f"lateness, {planned} planned", value=p99 * 1000, unit="ms p99",
                noise=f"median {statistics.median(late) * 1000:.0f} ms", reach=250, at_most=True,
            )
        )  # fmt: skip


def settle(city: City) -> None:
    """Let a worker sign in and find the channels, so that only delivery is measured."""
    worker = city.start_worker()
    city.plan("Начало")
    city.wait_until_settled()
    city.stop_worker(worker)


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--operations", type=int, default=2700)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--planned", type=int, default=10_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        throughput(Path(folder), options.operations, options.rounds)
        lateness(Path(folder), options.planned)


if __name__ == "__main__":
    main()
