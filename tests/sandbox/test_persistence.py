"""What the sandbox has answered, it remembers."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from publisher.sandbox.world import World
from tests.sandbox.clients import picture, speaking
from tests.sandbox_process import Bot, SandboxProcess, start_sandbox

pytestmark = pytest.mark.anyio


def again(sandbox: SandboxProcess, *, kill: bool) -> SandboxProcess:
    """The same sandbox in a new process, on the same ports."""
    sandbox.stop(kill=kill)
    return start_sandbox(sandbox.data, port=sandbox.http_port, telegram_port=sandbox.telegram_port)


def kept(sandbox: SandboxProcess, handle: str) -> list[dict[str, Any]]:
    """A channel's posts without the counts, which go on."""
    counts = {"views", "forwards", "reactions"}
    return [
        {k: v for k, v in post.items() if k not in counts} for post in sandbox.posts(handle, deleted=True)
    ]


@pytest.mark.parametrize("kill", [False, True], ids=["stopped", "killed"])
async def test_posts_files_bots_and_sessions_outlive_the_process(tmp_path: Path, kill: bool) -> None:
    sandbox = start_sandbox(tmp_path)
    try:
        bot = sandbox.add_bot()
        async with speaking(sandbox, "gorod", bot) as speaker:
            first = await speaker.say("Один раз 👍", random_id=1)
            photo = await speaker.store(picture())
            await speaker.ask(speaker.album([photo, photo], text="Альбом"))
            gone = await speaker.say("Удалено рукой")
            sandbox.change_post("gorod", gone, "delete")
        before = kept(sandbox, "gorod")
        sandbox = again(sandbox, kill=kill)
        assert kept(sandbox, "gorod") == before
        async with speaking(sandbox, "gorod", bot) as speaker:
            assert await speaker.say("Один раз 👍", random_id=1) == first
            assert await speaker.say("Следующая") > gone
            await speaker.ask(speaker.photo(photo))
    finally:
        sandbox.stop()


async def test_every_answered_send_outlives_a_kill_amid_many(tmp_path: Path) -> None:
    sandbox = start_sandbox(tmp_path)
    bot = sandbox.add_bot()
    answered: list[int] = []
    try:
        async with speaking(sandbox, "gorod", bot) as speaker:

            async def lane(first: int) -> None:
                for number in range(first, first + 200):
                    await speaker.say(f"Новость {number}", random_id=number)
                    answered.append(number)
                    if len(answered) == 150:
                        sandbox.process.kill()

            lanes = [lane(1000 * place) for place in range(1, 11)]
            await asyncio.gather(*lanes, return_exceptions=True)
        sandbox.stop(kill=True)
        sandbox = start_sandbox(tmp_path)
        texts = {post["text"] for post in sandbox.posts("gorod")}
        assert len(answered) >= 150
        assert {f"Новость {number}" for number in answered} <= texts
    finally:
        sandbox.stop()


async def test_a_removed_channel_stays_away_and_its_number_is_not_given_again(tmp_path: Path) -> None:
    sandbox = start_sandbox(tmp_path)
    try:
        bot: Bot = sandbox.add_bot()
        for handle in ("first_one", "second_one"):
            async with speaking(sandbox, handle, bot) as speaker:
                await speaker.say("Было")
        sandbox.remove_channel("first_one")
        sandbox = again(sandbox, kill=True)
        sandbox.add_channels(["third_one"], bot)
        assert {name: len(posts) for name, posts in sandbox.all_posts().items()} == {
            "second_one": 1, "third_one": 0,
        }  # fmt: skip
    finally:
        sandbox.stop()


def test_a_write_that_failed_is_made_up_for(tmp_path: Path) -> None:
    world = World(tmp_path, 1)
    world.add_channel("gorod", "Город")
    other = World(tmp_path, 1)
    world._db.execute("PRAGMA busy_timeout = 0")
    other._db.execute("BEGIN IMMEDIATE")
    with pytest.raises(Exception, match="locked"):
        world.flush()
    other._db.rollback()
    other.close()
    world.close()
    assert list(World(tmp_path, 1).handles) == ["gorod"]


def test_the_same_seed_makes_the_same_bots_and_numbers(tmp_path: Path) -> None:
    made = []
    for name in ("one", "two"):
        world = World(tmp_path / name, 7)
        bot = world.add_bot("Бот")
        channel = world.add_channel("gorod", "Город", subscribers=5)
        numbers = [world.next_post_id(channel) for _ in range(30)]
        made.append(json.dumps([bot.token, bot.api_hash, channel.id, world.access_hash(1, 2), numbers]))
        world.close()
    assert made[0] == made[1]
